package metrics

import "errors"

// ErrDamaged says that a file is not a table or that a part of it fails its
// checksum.
var ErrDamaged = errors.New("metrics file is damaged")

// ErrClosed is returned by a table that was closed.
var ErrClosed = errors.New("metrics table is closed")

// ErrColumns says that a table exists with other columns than asked for.
var ErrColumns = errors.New("metrics table has other columns")
