package main

import (
	"os"
	"path/filepath"
	"testing"

	"athanor/pipeline/dataset/health"
	"athanor/pipeline/dataset/source"
)

// benchmarkCheck checks a generated file, beside encoding/csv reading it.
func benchmarkCheck(b *testing.B, write func(path string, size int64, seed uint64) error) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "data.csv")
	if err := write(path, 100<<20, 1); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(info.Size())
		for b.Loop() {
			if _, err := health.Check(b.Context(), source.Config{Path: path, Cache: b.TempDir()}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-csv", func(b *testing.B) {
		b.SetBytes(info.Size())
		for b.Loop() {
			if err := readCSV(path); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCheckTable(b *testing.B)   { benchmarkCheck(b, makeTable) }
func BenchmarkCheckReviews(b *testing.B) { benchmarkCheck(b, makeReviews) }
