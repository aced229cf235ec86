package ui

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"athanor/app/store"
	"athanor/ui/shell"
)

// wrong keeps what was judged with its right class, in a data set of corrections
// of its own: the original data is never changed.
func (p *tryPart) wrong(class string) {
	dir := filepath.Join(p.s.opts.Paths.Data, "corrections", store.SafeName(filepath.Base(filepath.Dir(p.chosen))))
	picture, text, row := p.seen, p.said, p.row
	if picture == nil && text == "" && row == nil {
		return
	}
	async(p.s, func(context.Context) (string, error) {
		switch {
		case picture != nil:
			return dir, keepPicture(filepath.Join(dir, store.SafeName(class)), picture)
		case text != "":
			return dir, keepCells(filepath.Join(dir, "corrections.csv"), []string{"text", "label"}, []string{text, class})
		}
		names := slices.Sorted(maps.Keys(row))
		cells := make([]string, len(names))
		for i, n := range names {
			cells[i] = row[n]
		}
		return dir, keepCells(filepath.Join(dir, "corrections.csv"), append(names, "label"), append(cells, class))
	}, func(dir string, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.s.toasts.Show(shell.Good, p.s.book.T("try.corrected", class), dir, nil)
	})
}

func keepPicture(dir string, picture image.Image) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("keep correction: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return fmt.Errorf("keep correction: %w", err)
	}
	return store.WriteFile(filepath.Join(dir, time.Now().Format("20060102-150405.000")+".png"), b.Bytes())
}

// keepCells adds a line to a table, with a heading where it is new.
func keepCells(path string, heading, cells []string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep correction: %w", err)
	}
	_, missing := os.Stat(path)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("keep correction: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := csv.NewWriter(f)
	lines := [][]string{cells}
	if missing != nil {
		lines = [][]string{heading, cells}
	}
	return w.WriteAll(lines)
}
