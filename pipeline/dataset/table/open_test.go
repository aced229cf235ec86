package table_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/inference/testenv"
	"athanor/pipeline/dataset/table"

	"github.com/parquet-go/parquet-go"
)

func save(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// readAll reads a whole table as strings.
func readAll(t testing.TB, path string, o table.Options) (table.Reader, table.Source, [][]string) {
	t.Helper()
	r, src, err := table.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	var rows [][]string
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return r, src, rows
		}
		if err != nil {
			t.Fatal(err)
		}
		if row.Number != len(rows) {
			t.Fatalf("row %d is numbered %d", len(rows), row.Number)
		}
		var cells []string
		for _, c := range row.Cells {
			cells = append(cells, c.String())
		}
		rows = append(rows, cells)
	}
}

func TestSharedTables(t *testing.T) {
	cases := []struct {
		file          []string
		header, quote bool
		separator     byte
		columns, rows int
	}{
		{[]string{"tabular", "seaborn_iris.csv"}, true, false, ',', 5, 150},
		{[]string{"tabular", "iris_noheader.csv"}, false, false, ',', 5, 150},
		{[]string{"tabular", "titanic_train.csv"}, true, true, ',', 12, 891},
		{[]string{"tabular", "seaborn_penguins.csv"}, true, false, ',', 7, 344},
		{[]string{"tabular", "winequality-red.csv"}, false, false, ',', 12, 1599},
		{[]string{"tabular", "california_housing.csv"}, true, false, ',', 10, 20640},
		{[]string{"tabular", "horse-colic.csv"}, false, false, ',', 28, 300},
		{[]string{"zh-sentiment", "online_shopping_10_cats.csv.gz"}, true, true, ',', 3, 62774},
		{[]string{"zh-sentiment", "ChnSentiCorp_htl_all.csv"}, true, true, ',', 2, 7766},
		{[]string{"en-sentiment", "sst2", "train.tsv"}, true, false, '\t', 2, 67349},
		{[]string{"en-sentiment", "sst2", "dev.tsv"}, true, false, '\t', 2, 872},
		{[]string{"en-sentiment", "sst2", "test.tsv"}, true, false, '\t', 2, 1821},
		{[]string{"en-sentiment", "amazon_alexa.tsv"}, true, true, '\t', 5, 3150},
	}
	for _, c := range cases {
		t.Run(c.file[len(c.file)-1], func(t *testing.T) {
			r, src, rows := readAll(t, testenv.SharedData(t, c.file...), table.Options{})
			d := src.Dialect
			if d.Header != c.header || d.Quote != c.quote || d.Separator != c.separator {
				t.Errorf("header %v, quote %v, separator %q; %q", d.Header, d.Quote, d.Separator, d.Reasons)
			}
			if len(r.Columns()) != c.columns || len(rows) != c.rows {
				t.Errorf("%d columns, %d rows; %v", len(r.Columns()), len(rows), r.Problems())
			}
		})
	}
}

func TestTitanicAgreesWithEncodingCSV(t *testing.T) {
	for _, file := range [][]string{{"tabular", "titanic_train.csv"}, {"zh-sentiment", "ChnSentiCorp_htl_all.csv"}} {
		path := testenv.SharedData(t, file...)
		_, _, rows := readAll(t, path, table.Options{})
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		want, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if !slices.Equal(row, want[i+1]) {
				t.Fatalf("row %d: %q, want %q", i, row, want[i+1])
			}
		}
	}
}

func TestQuotes(t *testing.T) {
	const text = "a,b\n\"x,1\",\"he said \"\"hi\"\"\"\r\n\"two\nlines\",z\n\"\",\"end\""
	_, _, rows := readAll(t, save(t, "q.csv", []byte(text)), table.Options{})
	want := [][]string{{"x,1", `he said "hi"`}, {"two\nlines", "z"}, {"", "end"}}
	if fmt.Sprint(rows) != fmt.Sprint(want) {
		t.Errorf("got %q", rows)
	}
}

func TestOpenQuoteIsACharacter(t *testing.T) {
	var b strings.Builder
	b.WriteString("a,b\n\"q\",1\n\"open,2\n")
	for i := range 200_000 {
		fmt.Fprintf(&b, "row %d,3\n", i)
	}
	yes := true
	r, _, rows := readAll(t, save(t, "q.csv", []byte(b.String())), table.Options{Quote: &yes})
	if len(rows) != 200_002 || rows[1][0] != `"open` {
		t.Errorf("%d rows, %q", len(rows), rows[1])
	}
	if p := r.Problems(); p.Count[table.OpenQuote] != 1 || p.Examples[0].Line != 3 {
		t.Errorf("problems %v", p)
	}
}

func TestWrongWidthIsCountedAndNamed(t *testing.T) {
	r, _, rows := readAll(t, save(t, "w.csv", []byte("a,b\n1,2\n3\n4,5,6\n\n7,8\n")), table.Options{})
	p := r.Problems()
	if len(rows) != 2 || p.Count[table.WrongWidth] != 2 || p.Examples[0].Line != 3 || p.Examples[1].Line != 4 {
		t.Errorf("%q, %v", rows, p)
	}
}

func TestCharsets(t *testing.T) {
	text := "文本,标签\n" + strings.Repeat("今天天气很好我们去公园,1\n房间很脏服务也差,0\n", 30)
	for _, c := range []table.Charset{table.UTF8, table.UTF8BOM, table.UTF16LE, table.UTF16BE, table.GB18030} {
		data, err := c.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		r, src, rows := readAll(t, save(t, "c.csv", data), table.Options{})
		if src.Dialect.Charset != c || len(rows) != 60 || rows[1][0] != "房间很脏服务也差" || r.Columns()[0] != "文本" {
			t.Errorf("%s: taken for %s, %d rows, columns %q", c, src.Dialect.Charset, len(rows), r.Columns())
		}
	}
	data, err := table.Latin1.Encode("name,n\ncafé,1\nnaïve,2\nZürich,3\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, src, rows := readAll(t, save(t, "l.csv", data), table.Options{}); src.Dialect.Charset != table.Latin1 || rows[2][0] != "Zürich" {
		t.Errorf("Latin: %s, %q", src.Dialect.Charset, rows)
	}
}

func TestGzipLineEndsAndNames(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprint(z, "a,a,\r\n1,2,3\r\n")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	header := true
	r, src, rows := readAll(t, save(t, "x.csv", b.Bytes()), table.Options{Header: &header})
	if !src.Gzip || len(rows) != 1 || rows[0][2] != "3" || !slices.Equal(r.Columns(), []string{"a", "a (2)", "column 3"}) {
		t.Errorf("%q %q", r.Columns(), rows)
	}
	_, _, rows = readAll(t, save(t, "mac.csv", []byte("x,y\r1,2\r3,4\r")), table.Options{})
	if len(rows) != 2 || rows[1][1] != "4" {
		t.Errorf("old line ends: %q", rows)
	}
}

func TestJSONLines(t *testing.T) {
	text := "{\"text\": \"a\\nb\", \"n\": 1.5, \"ok\": true}\n\nnot json\n{\"n\": null, \"text\": \"c\", \"list\": [1]}\n"
	r, src, rows := readAll(t, save(t, "x.jsonl", []byte(text)), table.Options{})
	want := [][]string{{"a\nb", "1.5", "true", ""}, {"c", "", "", "[1]"}}
	if src.Format != table.JSONLines || !slices.Equal(r.Columns(), []string{"text", "n", "ok", "list"}) || fmt.Sprint(rows) != fmt.Sprint(want) {
		t.Errorf("%v %q %q", src.Format, r.Columns(), rows)
	}
	if r.Problems().Count[table.BadRecord] != 1 {
		t.Errorf("problems %v", r.Problems())
	}
}

type record struct {
	Name  string   `parquet:"name"`
	Score *float64 `parquet:"score,optional"`
	Age   int32    `parquet:"age"`
	Tags  []string `parquet:"tags"`
}

func parquetFile(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[record](&b, parquet.MaxRowsPerRowGroup(1000))
	for i := range n {
		v := float64(i) / 2
		row := record{Name: fmt.Sprint("n", i), Score: &v, Age: int32(i), Tags: []string{"a", "b"}}
		if i%3 == 0 {
			row.Score = nil
		}
		if _, err := w.Write([]record{row}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParquet(t *testing.T) {
	r, src, rows := readAll(t, save(t, "x.bin", parquetFile(t, 2500)), table.Options{})
	if src.Format != table.Parquet || len(rows) != 2500 || !slices.Equal(r.Columns(), []string{"name", "score", "age"}) {
		t.Fatalf("%v %q, %d rows", src.Format, r.Columns(), len(rows))
	}
	if !slices.Equal(rows[2401], []string{"n2401", "1200.5", "2401"}) || rows[3][1] != "" {
		t.Errorf("%q %q", rows[2401], rows[3])
	}
	if r.Problems().Count[table.NestedValue] != 1 {
		t.Errorf("the list column was left out silently: %v", r.Problems())
	}
}

func TestRefuses(t *testing.T) {
	cases := map[string]struct {
		data []byte
		want error
	}{
		"empty":        {nil, table.ErrEmpty},
		"spaces":       {[]byte(" \n\n"), table.ErrEmpty},
		"binary":       {bytes.Repeat([]byte{1, 2, 3, 200, 4, 5}, 100), table.ErrFormat},
		"half parquet": {parquetFile(t, 10)[:60], table.ErrFormat},
		"half gzip":    {[]byte{0x1f, 0x8b, 8}, table.ErrFormat},
		"wide":         {[]byte(strings.Repeat("a,", table.MaxColumns+5) + "b\n"), table.ErrFormat},
	}
	for name, c := range cases {
		if r, _, err := table.Open(save(t, "x", c.data), table.Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				r.Close()
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("a,b\n1,\"x\"\"\n2\",3\n"))
	f.Add([]byte("\xff\xfea\x00,\x00b\x00\n\x00"))
	f.Add([]byte(`{"a":1}` + "\n" + `{"a":[1,{"b":2}]}`))
	f.Add(parquetFile(f, 3))
	f.Add([]byte("\"\n\"\"\r\n,;\t|"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "f")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		r, _, err := table.Open(path, table.Options{})
		if err != nil {
			return
		}
		defer r.Close()
		for range 10_000 {
			row, err := r.Read()
			if err != nil {
				return
			}
			if len(row.Cells) != len(r.Columns()) {
				t.Fatalf("%d cells, %d columns", len(row.Cells), len(r.Columns()))
			}
		}
	})
}
