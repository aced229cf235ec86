// Package metrics keeps the measured values of a run: every step of every
// metric, in blocks that are appended crash-safely and read by memory map.
//
// A table is two files. NAME.blocks holds full blocks of rows, column by column,
// each with its checksums and a summary of every 256 rows. NAME.tail holds the
// rows since the last full block as small frames with checksums. docs/store.md
// describes every byte.
package metrics

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
)

const (
	fileMagic  = "ATHMETR1"
	blockMagic = 0x4b4c4241 // ABLK
	frameMagic = 0x4d524641 // AFRM

	pageSize     = 4096
	maxBlockRows = 4096
	minBlockRows = 16
	maxBlockSize = 1 << 20
	bucketRows   = 256
	maxColumns   = 1 << 16

	headerStart = 64 // where the header's JSON begins
	blockHead   = 32
	bucketHead  = 64
	summarySize = 48
	frameHead   = 40
	fixedParts  = 4 // step, time, active, epoch come before the metrics
)

// castagnoli is the checksum of every part.
func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// layout is where things lie in the files of a table.
type layout struct {
	names   []string
	rows    int // rows of a block
	bucket  int // rows of a bucket
	buckets int // buckets of a block
	start   int // offset of the first block
	head    int // bytes of a block before its columns
	size    int // bytes of a block
	offsets []int
}

// header is what the first bytes of a blocks file say, as JSON.
type header struct {
	Version int      `json:"version"`
	Rows    int      `json:"block_rows"`
	Columns []string `json:"columns"`
}

// newLayout places the columns.
func newLayout(h header) (layout, error) {
	if len(h.Columns) == 0 || len(h.Columns) > maxColumns {
		return layout{}, fmt.Errorf("%w: %d columns", ErrDamaged, len(h.Columns))
	}
	if h.Rows < minBlockRows || h.Rows > maxBlockRows || h.Rows&(h.Rows-1) != 0 {
		return layout{}, fmt.Errorf("%w: blocks of %d rows", ErrDamaged, h.Rows)
	}
	l := layout{names: h.Columns, rows: h.Rows, bucket: min(bucketRows, h.Rows)}
	l.buckets = l.rows / l.bucket
	parts := fixedParts + len(l.names)
	l.head = roundUp(blockHead+parts*4, 8)
	l.head += l.buckets*bucketHead + len(l.names)*l.buckets*summarySize
	at := l.head
	for p := range parts {
		l.offsets = append(l.offsets, at)
		at += l.partSize(p, l.rows)
	}
	l.size = roundUp(at, pageSize)
	text, err := json.Marshal(h)
	l.start = roundUp(headerStart+len(text), pageSize)
	return l, err
}

// partSize is the bytes that rows of a part take.
func (l layout) partSize(part, rows int) int {
	if part == fixedParts-1 {
		return rows * 4 // epoch
	}
	return rows * 8
}

func (l layout) rowSize() int { return 28 + 8*len(l.names) }

// part returns a part of a block.
func (l layout) part(block []byte, p int) []byte {
	return block[l.offsets[p] : l.offsets[p]+l.partSize(p, l.rows)]
}

// bucketAt is the offset of a bucket's positions in a block.
func (l layout) bucketAt(b int) int {
	return roundUp(blockHead+(fixedParts+len(l.names))*4, 8) + b*bucketHead
}

// summaryAt is the offset of a column's summary of a bucket in a block.
func (l layout) summaryAt(column, b int) int {
	return l.bucketAt(l.buckets) + (column*l.buckets+b)*summarySize
}

// blockOffset is where a block lies in the file.
func (l layout) blockOffset(i int) int64 { return int64(l.start) + int64(i)*int64(l.size) }

// blockRowsFor is how many rows a block of so many columns holds.
func blockRowsFor(columns int) int {
	rows := maxBlockRows
	for rows > minBlockRows && rows*(28+8*columns) > maxBlockSize {
		rows /= 2
	}
	return rows
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
