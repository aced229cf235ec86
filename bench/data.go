package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	datatable "athanor/pipeline/dataset/table"

	"athanor/pipeline/dataset/health"
	"athanor/pipeline/dataset/source"
)

// data measures how fast data sets come in, beside what does no more than read
// the same bytes.
func data(ctx context.Context, b *bench) (section, error) {
	s := section{
		title: "Bringing data in",
		text: "Generated data, read from the page cache; each ratio is taken in one round with both sides one after the other, the median of the rounds is shown. " +
			"\"Check\" is the whole of `athanor data check`: types, missing cells, outliers, duplicates, near-duplicates, labels, balance.",
	}
	t := table{head: []string{"what", "ours", "the other", "ratio (median)", "wanted", ""}}
	for _, m := range []func(context.Context, *bench) ([]string, error){dataCSV, dataReviews, dataParquet, dataPictures} {
		row, err := m(ctx, b)
		if err != nil {
			return s, err
		}
		t.rows = append(t.rows, row)
	}
	s.tables = []table{t}
	return s, nil
}

// compare times two functions in turn, b.rounds times.
func (b *bench) compare(ours, other func() error) (a, o, ratio float64, err error) {
	var as, os, ratios []float64
	for range b.rounds {
		x, err := timed(ours)
		if err != nil {
			return 0, 0, 0, err
		}
		y, err := timed(other)
		if err != nil {
			return 0, 0, 0, err
		}
		as, os, ratios = append(as, x), append(os, y), append(ratios, x/y)
	}
	return median(as), median(os), median(ratios), nil
}

func timed(f func() error) (float64, error) {
	start := time.Now()
	err := f()
	return time.Since(start).Seconds(), err
}

// makeTable writes about size bytes of a table with numbers, categories, a date
// and now and then a missing cell.
func makeTable(path string, size int64, seed uint64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	b.WriteString("id,age,income,city,joined,score,visits,plan,label\n")
	cities := []string{"Paris", "北京", "Berlin", "Nairobi", "Lima", "Osaka"}
	var wrote int64
	for i := 0; wrote < size && err == nil; i++ {
		age := strconv.Itoa(18 + r.IntN(70))
		if r.IntN(50) == 0 {
			age = ""
		}
		fmt.Fprintf(&b, "u%07d,%s,%.2f,%s,2024-%02d-%02d,%.5f,%d,%s,%d\n", i, age, math.Exp(10+r.NormFloat64()), cities[r.IntN(len(cities))],
			1+r.IntN(12), 1+r.IntN(28), r.NormFloat64(), r.IntN(1000), []string{"free", "basic", "pro"}[r.IntN(3)], r.IntN(2))
		if b.Len() > 1<<20 {
			var n int64
			n, err = b.WriteTo(f)
			wrote += n
		}
	}
	_, last := b.WriteTo(f)
	return errors.Join(err, last, f.Close())
}

// makeReviews writes about size bytes of labelled texts.
func makeReviews(path string, size int64, seed uint64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(seed, 2))
	words := make([]string, 5000)
	for i := range words {
		words[i] = strings.Repeat(string(rune('a'+r.IntN(26))), 1+r.IntN(3)) + strconv.FormatInt(int64(i), 36)
	}
	var b bytes.Buffer
	b.WriteString("label,review\n")
	var wrote int64
	for wrote < size && err == nil {
		fmt.Fprintf(&b, "%d,\"", r.IntN(2))
		for range 10 + r.IntN(40) {
			b.WriteString(words[min(r.IntN(len(words)), r.IntN(len(words)))])
			b.WriteByte(' ')
		}
		b.WriteString("\"\n")
		if b.Len() > 1<<20 {
			var n int64
			n, err = b.WriteTo(f)
			wrote += n
		}
	}
	_, last := b.WriteTo(f)
	return errors.Join(err, last, f.Close())
}

const tableBytes = 100 << 20

func dataCSV(ctx context.Context, b *bench) ([]string, error) {
	path := filepath.Join(b.work, "table.csv")
	if err := makeTable(path, tableBytes, 1); err != nil {
		return nil, err
	}
	return b.againstCSV(ctx, "check of a 100 MB table, beside encoding/csv reading it", path)
}

func dataReviews(ctx context.Context, b *bench) ([]string, error) {
	path := filepath.Join(b.work, "reviews.csv")
	if err := makeReviews(path, tableBytes, 1); err != nil {
		return nil, err
	}
	return b.againstCSV(ctx, "check of 100 MB of reviews (near-duplicates by MinHash), beside encoding/csv", path)
}

func (b *bench) againstCSV(ctx context.Context, what, path string) ([]string, error) {
	defer os.Remove(path)
	samples := 0
	a, o, ratio, err := b.compare(func() error {
		r, err := health.Check(ctx, source.Config{Path: path, Cache: b.work})
		if err == nil {
			samples = r.Samples
		}
		return err
	}, func() error { return readCSV(path) })
	if err != nil {
		return nil, err
	}
	return []string{
		what, fmt.Sprintf("%.2f s, %.0f samples/s", a, float64(samples)/a), fmt.Sprintf("%.2f s", o), fmt.Sprintf("%.2f", ratio), "≤ 3.5", verdict(ratio <= 3.5),
	}, nil
}

// readCSV reads a file with Go's own package and does nothing with it.
func readCSV(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	for {
		if _, err := r.Read(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

type parquetRow struct {
	Name  string   `parquet:"name,dict"`
	Text  string   `parquet:"text"`
	A     float64  `parquet:"a"`
	B     float64  `parquet:"b"`
	Count int64    `parquet:"count"`
	Rate  *float64 `parquet:"rate,optional"`
}

func makeParquet(path string, rows int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := parquet.NewGenericWriter[parquetRow](f, parquet.MaxRowsPerRowGroup(100_000), parquet.Compression(&parquet.Snappy))
	r := rand.New(rand.NewPCG(1, 3))
	batch := make([]parquetRow, 1000)
	for i := 0; i < rows && err == nil; i += len(batch) {
		for k := range batch {
			v := r.Float64()
			batch[k] = parquetRow{Name: "group " + strconv.Itoa(r.IntN(100)), Text: "row number " + strconv.Itoa(i+k), A: r.NormFloat64(), B: v, Count: int64(k), Rate: &v}
			if k%7 == 0 {
				batch[k].Rate = nil
			}
		}
		_, err = w.Write(batch)
	}
	return errors.Join(err, w.Close(), f.Close())
}

func dataParquet(_ context.Context, b *bench) ([]string, error) {
	path := filepath.Join(b.work, "table.parquet")
	if err := makeParquet(path, 2_000_000); err != nil {
		return nil, err
	}
	defer os.Remove(path)
	a, o, ratio, err := b.compare(func() error { return readTable(path) }, func() error { return readParquet(path) })
	if err != nil {
		return nil, err
	}
	return []string{
		"2,000,000 rows of Parquet, beside the library's own rows", fmt.Sprintf("%.2f s", a), fmt.Sprintf("%.2f s", o),
		fmt.Sprintf("%.2f", ratio), "≤ 1.2", verdict(ratio <= 1.2),
	}, nil
}

func readTable(path string) error {
	r, _, err := datatable.Open(path, datatable.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		if _, err := r.Read(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// readParquet reads a file's rows with the library alone.
func readParquet(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := parquet.NewReader(f)
	defer r.Close()
	rows := make([]parquet.Row, 1024)
	for {
		if _, err := r.ReadRows(rows); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

const (
	jpegs    = 1000
	jpegSide = 64
)

// makeJPEGs writes photographs-like pictures of 640×480 into two class folders.
func makeJPEGs(root string, n int) error {
	for i := range n {
		dir := filepath.Join(root, []string{"a", "b"}[i%2])
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		m := image.NewRGBA(image.Rect(0, 0, 640, 480))
		r := rand.New(rand.NewPCG(uint64(i), 4))
		fx, fy := 1+9*r.Float64(), 1+9*r.Float64()
		for at := 0; at < len(m.Pix); at += 4 {
			x, y := float64(at/4%640)/640, float64(at/4/640)/480
			v := 128 + 80*math.Sin(fx*x+float64(i))*math.Cos(fy*y) + 20*r.Float64()
			c := color.RGBA{uint8(v), uint8(255 * x), uint8(255 - v), 255}
			m.Pix[at], m.Pix[at+1], m.Pix[at+2], m.Pix[at+3] = c.R, c.G, c.B, 255
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.jpg", i)), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// dataPictures opens a folder of JPEGs beside OpenCV from Python doing the
// decoding and resizing alone.
func dataPictures(ctx context.Context, b *bench) ([]string, error) {
	root := filepath.Join(b.work, "pictures")
	if err := makeJPEGs(root, jpegs); err != nil {
		return nil, err
	}
	defer os.RemoveAll(root)
	what := fmt.Sprintf("%d JPEGs of 640×480 to %d×%d, ready to train (hashes, duplicates, split), beside cv2.imread + cv2.resize on %d threads", jpegs, jpegSide, jpegSide, b.threads)
	python := filepath.Join(b.root, "bench", "peers", "data", ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		return []string{what, "not measured", "run bench/peers/data/setup", "", "≤ 1", "–"}, nil
	}
	var ours, others, ratios []float64
	for range b.rounds {
		a, err := timed(func() error {
			_, err := source.Open(ctx, source.Config{Path: root, Size: jpegSide, Cache: b.work})
			return err
		})
		if err != nil {
			return nil, err
		}
		o, err := b.decodeInPython(ctx, python, root)
		if err != nil {
			return nil, err
		}
		ours, others, ratios = append(ours, a), append(others, o), append(ratios, a/o)
	}
	a, o, ratio := median(ours), median(others), median(ratios)
	return []string{
		what, fmt.Sprintf("%.2f s, %.0f pictures/s", a, jpegs/a), fmt.Sprintf("%.2f s, its start not counted", o), fmt.Sprintf("%.2f", ratio), "≤ 1", verdict(ratio <= 1),
	}, nil
}

// decodeInPython returns the seconds OpenCV takes from Python.
func (b *bench) decodeInPython(ctx context.Context, python, root string) (float64, error) {
	script := filepath.Join(b.root, "bench", "peers", "data", "decode.py")
	out, err := exec.CommandContext(ctx, python, script, root, strconv.Itoa(jpegSide), strconv.Itoa(b.threads)).Output()
	if err != nil {
		return 0, fmt.Errorf("decode with OpenCV from Python: %w", err)
	}
	seconds, _, _ := strings.Cut(string(out), " ")
	return strconv.ParseFloat(seconds, 64)
}
