package source

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/table"
)

// part is one file of a table and what it is for.
type part struct {
	path string
	side folder.Side
}

// tableParts returns the files of a table: the file itself, or in a folder the
// only table, or those named for a part. Nothing when there is no table.
func tableParts(path string, info fs.FileInfo) []part {
	if !info.IsDir() {
		if isTable(path) {
			return []part{{path, folder.Whole}}
		}
		return nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil
	}
	var named, others []part
	for _, e := range entries {
		file := filepath.Join(path, e.Name())
		if !e.Type().IsRegular() || !tableName(e.Name()) || !isTable(file) {
			continue
		}
		if s := folder.SideOf(e.Name()); s != folder.Whole {
			named = append(named, part{file, s})
		} else {
			others = append(others, part{file, folder.Whole})
		}
	}
	slices.SortStableFunc(named, func(a, b part) int { return cmp.Compare(a.side, b.side) })
	if len(named) > 0 && named[0].side == folder.Train {
		return named
	}
	if len(named) == 0 && len(others) == 1 {
		return others
	}
	return nil
}

// tableName filters what a folder holds beside tables: notes and licences.
func tableName(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	switch filepath.Ext(name) {
	case ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".tab", ".data", ".txt":
		return !strings.HasPrefix(name, "readme") && !strings.HasPrefix(name, "license") && !strings.HasPrefix(name, ".")
	}
	return false
}

// isTable tells whether a file reads as a table of two columns or more.
func isTable(path string) bool {
	r, _, err := table.Open(path, table.Options{})
	if err != nil {
		return false
	}
	defer r.Close()
	return len(r.Columns()) > 1
}
