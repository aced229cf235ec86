package table_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"athanor/pipeline/dataset/table"
)

type parquetRow struct {
	Name string   `parquet:"name,dict"`
	Text string   `parquet:"text"`
	Rate *float64 `parquet:"rate,optional"`
	Good bool     `parquet:"good"`
	List []int64  `parquet:"list,list"`
}

// parquetSample writes rows in groups and pages so small that every batch
// crosses several.
func parquetSample(t *testing.T, rows int) (path string, want []string) {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[parquetRow](&b, parquet.MaxRowsPerRowGroup(3000), parquet.PageBufferSize(512))
	for i := range rows {
		r := parquetRow{Name: fmt.Sprint("n", i%7), Text: strings.Repeat(fmt.Sprint(i, " "), 1+i%9), Good: i%2 == 0, List: []int64{1}}
		rate := ""
		if i%3 > 0 {
			v := float64(i) / 4
			r.Rate, rate = &v, fmt.Sprint(v)
		}
		if _, err := w.Write([]parquetRow{r}); err != nil {
			t.Fatal(err)
		}
		want = append(want, strings.Join([]string{r.Name, r.Text, rate, fmt.Sprint(r.Good)}, "|"))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "rows.parquet")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, want
}

// TestParquetAcrossPages: what a batch holds stays right when the library has
// gone on to other pages.
func TestParquetAcrossPages(t *testing.T) {
	path, want := parquetSample(t, 10_000)
	r, _, err := table.Open(path, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	last := int64(-1)
	for i := 0; ; i++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			if i != len(want) {
				t.Fatalf("%d rows of %d", i, len(want))
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var cells []string
		for _, c := range row.Cells {
			cells = append(cells, c.String())
		}
		if got := strings.Join(cells, "|"); got != want[i] || row.Number != i {
			t.Fatalf("row %d is number %d, %q, wanted %q", i, row.Number, got, want[i])
		}
		if r.Offset() < last {
			t.Fatalf("progress went back from %d to %d", last, r.Offset())
		}
		last = r.Offset()
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		t.Errorf("reading on after the end: %v", err)
	}
	if n := r.Problems().Count[table.NestedValue]; n != 1 {
		t.Errorf("%d columns of lists were said to be left out", n)
	}
}

// TestParquetClosedEarly: closing waits for what is read ahead.
func TestParquetClosedEarly(t *testing.T) {
	path, _ := parquetSample(t, 10_000)
	for rows := range 3 {
		r, _, err := table.Open(path, table.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range rows {
			if _, err := r.Read(); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestParquetDamagedPage: a page that lies is an error with the file's
// column, again and again, and never a crash.
func TestParquetDamagedPage(t *testing.T) {
	path, _ := parquetSample(t, 10_000)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := len(raw) / 8; at < len(raw)/4; at++ {
		raw[at] ^= 0x5a
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	r, _, err := table.Open(path, table.Options{})
	if err != nil {
		return // told at once
	}
	defer r.Close()
	for err == nil {
		_, err = r.Read()
	}
	if !errors.Is(err, table.ErrFormat) {
		t.Fatalf("a damaged page: %v", err)
	}
	if _, again := r.Read(); !errors.Is(again, table.ErrFormat) {
		t.Errorf("reading on: %v", again)
	}
}
