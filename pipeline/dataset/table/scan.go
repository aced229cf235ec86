package table

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Scan opens the table at path and calls visit with every row, with progress in
// bytes now and then. It returns what was found and left out.
func Scan(ctx context.Context, path string, o Options, progress func(done, total int64), visit func(columns []string, row *Row) error) (Source, *Problems, error) {
	r, src, err := Open(path, o)
	if err != nil {
		return src, nil, err
	}
	defer r.Close()
	for i := 0; ; i++ {
		if i%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return src, r.Problems(), err
			}
			if progress != nil {
				progress(r.Offset(), src.Size)
			}
		}
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return src, r.Problems(), nil
		}
		if err != nil {
			return src, r.Problems(), fmt.Errorf("read table %s: %w; the rows before it can be had by cutting the file there", path, err)
		}
		if err := visit(r.Columns(), row); err != nil {
			return src, r.Problems(), err
		}
	}
}

// Profiles profiles every column of the table at path.
func Profiles(ctx context.Context, path string, o Options) ([]*Profile, Source, *Problems, error) {
	var out []*Profile
	src, problems, err := Scan(ctx, path, o, nil, func(columns []string, row *Row) error {
		if out == nil {
			out = newProfiles(columns)
		}
		for i, c := range row.Cells {
			out[i].Add(c)
		}
		return nil
	})
	if err == nil && out == nil {
		err = fmt.Errorf("read table %s: %w", path, ErrEmpty)
	}
	return out, src, problems, err
}

func newProfiles(columns []string) []*Profile {
	out := make([]*Profile, len(columns))
	for i, c := range columns {
		out[i] = NewProfile(c)
	}
	return out
}
