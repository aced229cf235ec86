package health_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/inference/testenv"
	"athanor/pipeline/dataset/health"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/dataset/table"
)

func check(t *testing.T, c source.Config) *health.Report {
	t.Helper()
	c.Cache = t.TempDir()
	r, err := health.Check(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		for _, language := range []string{"en", "zh"} {
			if m := f.Message(language); m == "" || strings.Contains(m, "{") || f.Title(language) == string(f.Kind) {
				t.Errorf("%s in %s: %q", f.Kind, language, m)
			}
		}
		if err := f.Fix.Validate(); err != nil {
			t.Errorf("%s: %v", f.Kind, err)
		}
	}
	return r
}

func write(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSharedData(t *testing.T) {
	cases := []struct {
		file    []string
		kind    health.Kind
		count   int
		samples int
	}{
		{[]string{"image-folder", "hymenoptera"}, health.WrongType, 1, 91},
		{[]string{"en-sentiment", "amazon_alexa.tsv"}, health.Duplicates, 849, 3150},
		{[]string{"en-sentiment", "amazon_alexa.tsv"}, health.EmptyText, 79, 3150},
		{[]string{"tabular", "california_housing.csv"}, health.Missing, 207, 20640},
		{[]string{"tabular", "horse-colic.csv"}, health.Missing, 1605, 300},
		{[]string{"tabular", "seaborn_penguins.csv"}, health.Missing, 19, 344},
		{[]string{"zh-sentiment", "ChnSentiCorp_htl_all.csv"}, health.EmptyText, 1, 7766},
		{[]string{"zh-sentiment", "online_shopping_10_cats.csv.gz"}, health.Sorted, 20, 62774},
		{[]string{"tabular", "seaborn_iris.csv"}, health.Sorted, 3, 150},
		{[]string{"tabular", "iris_noheader.csv"}, health.Duplicates, 3, 150},
		{[]string{"tabular", "titanic_train.csv"}, health.Identifying, 3, 891},
	}
	reports := map[string]*health.Report{}
	for _, c := range cases {
		path := testenv.SharedData(t, c.file...)
		if reports[path] == nil {
			reports[path] = check(t, source.Config{Path: path})
		}
		r := reports[path]
		if r.Samples != c.samples || r.Count(c.kind) != c.count {
			t.Errorf("%s: %d samples, %s %d, want %d and %d", c.file, r.Samples, c.kind, r.Count(c.kind), c.samples, c.count)
			for _, f := range r.Findings {
				t.Log(f.Message("en"))
			}
		}
	}
	gif := reports[testenv.SharedData(t, "image-folder", "hymenoptera")].Find(health.WrongType)[0]
	if !slices.Equal(gif.Samples, []string{"train/ants/imageNotFound.gif"}) || len(gif.Fix) != 1 {
		t.Errorf("the stray GIF: %+v", gif)
	}
}

func TestFixesMend(t *testing.T) {
	path := testenv.SharedData(t, "en-sentiment", "amazon_alexa.tsv")
	before := check(t, source.Config{Path: path})
	after := check(t, source.Config{Path: path, Operations: before.Fixes(health.Warning)})
	for _, k := range []health.Kind{health.Duplicates, health.EmptyText, health.Conflict} {
		if before.Count(k) == 0 && k != health.Conflict || after.Count(k) != 0 {
			t.Errorf("%s: %d before, %d after its fix", k, before.Count(k), after.Count(k))
		}
	}
	housing := testenv.SharedData(t, "tabular", "california_housing.csv")
	first := check(t, source.Config{Path: housing})
	if second := check(t, source.Config{Path: housing, Operations: first.Fixes(health.Note)}); second.Count(health.Missing) != 0 || second.Count(health.Outliers) >= first.Count(health.Outliers) {
		t.Errorf("missing %d, outliers %d of %d", second.Count(health.Missing), second.Count(health.Outliers), first.Count(health.Outliers))
	}
}

func drawing(t *testing.T, w, h, seed int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			u, v := float64(x)/float64(w), float64(y)/float64(h)
			s := math.Sin(u*float64(3+seed%11)+float64(seed)) + math.Cos(v*float64(2+seed%7)-float64(seed*seed%13))
			m.Set(x, y, color.RGBA{uint8(128 + 60*s), uint8(128 + 50*s), uint8(128 - 40*s), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPictureFolder(t *testing.T) {
	root := t.TempDir()
	for i := range 30 {
		write(t, filepath.Join(root, "train", []string{"a", "b"}[i%2], fmt.Sprintf("%02d.png", i)), drawing(t, 60, 50, i))
	}
	write(t, filepath.Join(root, "train", "a", "copy.png"), drawing(t, 60, 50, 0))
	write(t, filepath.Join(root, "train", "b", "other-label.png"), drawing(t, 60, 50, 2))
	write(t, filepath.Join(root, "test", "b", "leak.png"), drawing(t, 60, 50, 3))
	write(t, filepath.Join(root, "train", "a", "half.png"), drawing(t, 60, 50, 4)[:900])
	write(t, filepath.Join(root, "train", "a", "zero.png"), nil)
	write(t, filepath.Join(root, "train", "b", "notes.txt"), []byte("not a picture at all"))
	write(t, filepath.Join(root, "train", "b", "large.png"), drawing(t, 300, 200, 77))
	var b bytes.Buffer
	if err := gif.Encode(&b, image.NewPaletted(image.Rect(0, 0, 9, 9), color.Palette{color.Black, color.White}), nil); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "train", "b", "stray.gif"), b.Bytes())
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "train", "b", "link.png")); err != nil {
		t.Log(err)
	}
	r := check(t, source.Config{Path: root})
	for kind, want := range map[health.Kind]int{
		health.Duplicates: 3, health.Conflict: 1, health.Leak: 1, health.Unreadable: 1, health.EmptyFile: 1, health.WrongType: 2,
		health.PassedOver: 1, health.MixedSizes: 3, health.MixedModes: 1,
	} {
		if got := r.Count(kind); got != want {
			t.Errorf("%s: %d, want %d: %+v", kind, got, want, r.Find(kind))
		}
	}
	after := check(t, source.Config{Path: root, Operations: r.Fixes(health.Warning)})
	for _, f := range after.Findings {
		if f.Severity == health.Bad {
			t.Errorf("after all fixes: %s", f.Message("en"))
		}
	}
}

// TestHugePicture gives a PNG whose header claims four billion pixels.
func TestHugePicture(t *testing.T) {
	root := t.TempDir()
	for i := range 4 {
		write(t, filepath.Join(root, []string{"a", "b"}[i%2], fmt.Sprint(i)), drawing(t, 20, 20, i))
	}
	huge := drawing(t, 20, 20, 9)
	binary.BigEndian.PutUint32(huge[16:], 65535)
	binary.BigEndian.PutUint32(huge[20:], 65535)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	write(t, filepath.Join(root, "a", "huge.png"), huge)
	r := check(t, source.Config{Path: root})
	if f := r.Find(health.Unreadable); len(f) != 1 || f[0].Count != 1 || !strings.Contains(f[0].Detail, "large") {
		t.Errorf("%+v", r.Findings)
	}
	set, err := source.Open(t.Context(), source.Config{Path: root, Size: 8, Cache: t.TempDir()})
	if err != nil || set.Train.Len() != 4 {
		t.Errorf("%v", err)
	}
}

func TestTableFindings(t *testing.T) {
	var b strings.Builder
	b.WriteString("id,x,same,kind,mix,label\n")
	for i := range 200 {
		x, mix, label := fmt.Sprint(i%97), fmt.Sprint(i), []string{"yes", "no", "no ", "Yes"}[i%4]
		switch i {
		case 5:
			x = "1000000"
		case 7, 8:
			x = "NA"
		case 11:
			mix = "oops"
		case 13:
			label = ""
		}
		fmt.Fprintf(&b, "u%d,%s,k,%s,%s,%s\n", i*7, x, []string{"p", "q"}[i%2], mix, label)
	}
	b.WriteString("short,row\n")
	path := write(t, filepath.Join(t.TempDir(), "x.csv"), []byte(b.String()))
	r := check(t, source.Config{Path: path})
	for kind, want := range map[health.Kind]int{
		health.Outliers: 1, health.Missing: 2, health.MixedTypes: 1, health.MissingLabel: 1, health.Constant: 1, health.Identifying: 1,
		health.BadRows: 1, health.Spelling: 50, health.Spaces: 50,
	} {
		if got := r.Count(kind); got != want {
			t.Errorf("%s: %d, want %d: %+v", kind, got, want, r.Find(kind))
		}
	}
	set, err := source.Open(t.Context(), source.Config{Path: path, Operations: r.Fixes(health.Note), Validation: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Classes) != 2 || set.Train.Len()+set.Validation.Len() != 199 {
		t.Errorf("after the fixes: %q, %d samples", set.Classes, set.Train.Len())
	}
}

func TestTextFoldersAndIDX(t *testing.T) {
	root := t.TempDir()
	long := "this is a long review of a thing that was bought in the spring, used every day, dropped twice, repaired once, " +
		"lent to a neighbour who never gave it back, bought again for half the price and given away "
	for i := range 12 {
		write(t, filepath.Join(root, []string{"good", "bad"}[i%2], fmt.Sprint(i, ".txt")), fmt.Appendf(nil, "%d %s", i*i*7919, strings.Repeat(fmt.Sprint("w", i, " "), 20)))
	}
	write(t, filepath.Join(root, "good", "n1.txt"), []byte(long+"yesterday"))
	write(t, filepath.Join(root, "good", "n2.txt"), []byte(strings.ToUpper(long)+"today!"))
	write(t, filepath.Join(root, "bad", "blank.txt"), []byte("  \n"))
	r := check(t, source.Config{Path: root})
	if r.Count(health.NearDuplicates) != 1 || r.Count(health.EmptyText) != 1 || r.Task != "text" {
		t.Errorf("%+v", r.Findings)
	}
	mnist := testenv.SharedData(t, "mnist")
	if r = check(t, source.Config{Path: mnist}); r.Samples != 70_000 || len(r.Classes) != 10 || r.Count(health.Leak) != 0 {
		t.Errorf("MNIST: %d samples, %+v", r.Samples, r.Findings)
	}
	if r = check(t, source.Config{Path: source.Digits}); r.Samples != 12_000 || r.Count(health.Duplicates) != 0 {
		t.Errorf("digits: %+v", r.Findings)
	}
}

func FuzzCheckPicture(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x16Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00"))
	f.Add([]byte("GIF89a"))
	root := f.TempDir()
	for _, c := range []string{"a", "b"} {
		if err := os.MkdirAll(filepath.Join(root, c), 0o755); err != nil {
			f.Fatal(err)
		}
	}
	var png1 bytes.Buffer
	if err := png.Encode(&png1, image.NewGray(image.Rect(0, 0, 12, 12))); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, d := range map[string][]byte{"a/1": png1.Bytes(), "b/1": data} {
			if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), d, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if r, err := health.Check(t.Context(), source.Config{Path: root, Cache: root}); err == nil && r.Samples != 2 {
			t.Fatalf("%d samples", r.Samples)
		}
	})
}

// FuzzCheckTable holds what the check learns on all processors to what one reader
// tells of the same file.
func FuzzCheckTable(f *testing.F) {
	f.Add([]byte("x,label\n1,a\n\"2\n\"\"\",b\n,a\n"))
	f.Add([]byte("text\tlabel\nsome words that are long enough for a sketch\t1\n\t0\n"))
	f.Add([]byte(`{"a":1,"b":"x"}` + "\n" + `{"a":null,"b":[1]}`))
	f.Add([]byte("a;b\r\n\x00;\xff\r\n1;2;3\r\n"))
	path, cache := filepath.Join(f.TempDir(), "f"), f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		write(t, path, data)
		r, err := health.Check(t.Context(), source.Config{Path: path, Cache: cache})
		if err != nil || r.Kind != string(source.Table) {
			return
		}
		profiles, _, problems, err := table.Profiles(t.Context(), path, table.Options{})
		if err != nil {
			t.Fatalf("it was checked and cannot be read: %v", err)
		}
		if r.Samples != profiles[0].Rows {
			t.Fatalf("%d samples, %d rows", r.Samples, profiles[0].Rows)
		}
		left, damaged := 0, 0
		for _, n := range problems.Count {
			left += n
		}
		for _, p := range profiles {
			damaged += p.Damaged
		}
		if r.Count(health.BadRows) != left || r.Count(health.Damaged) != damaged {
			t.Fatalf("%d rows left out and %d cells damaged, want %d and %d", r.Count(health.BadRows), r.Count(health.Damaged), left, damaged)
		}
	})
}

func TestAFileThatChangesWhileReadIsNamed(t *testing.T) {
	root := t.TempDir()
	for i := range 600 {
		write(t, filepath.Join(root, []string{"a", "b"}[i%2], fmt.Sprintf("%03d.txt", i)), fmt.Appendf(nil, "text number %d of many", i*i))
	}
	grown := false
	r, err := health.Check(t.Context(), source.Config{Path: root, Cache: t.TempDir(), Progress: func(int, int) {
		if !grown {
			grown = true
			write(t, filepath.Join(root, "b", "599.txt"), []byte("a text that has become another one, and longer, meanwhile"))
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Find(health.Changed); len(f) != 1 || !slices.Equal(f[0].Samples, []string{"b/599.txt"}) {
		t.Errorf("%+v", f)
	}
}

func TestDroppedRowsCountNowhere(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "x.csv"), []byte("x,y,label\n"+strings.Repeat("1,2,a\n3,4,b\n", 30)+"?,9,a\n5,a\x00b,b\n"))
	before := check(t, source.Config{Path: path})
	if before.Count(health.Missing) != 1 || before.Count(health.Damaged) != 1 || before.Samples != 62 {
		t.Fatalf("%d samples, %+v", before.Samples, before.Findings)
	}
	drop := operation.List{{Kind: operation.Drop, Samples: []string{"60", "61"}}}
	after := check(t, source.Config{Path: path, Operations: drop})
	if after.Count(health.Missing) != 0 || after.Count(health.Damaged) != 0 || after.Samples != 60 {
		t.Errorf("%d samples, %+v", after.Samples, after.Findings)
	}
}

// TestTemplatesAreFound: texts of one template are said to be.
func TestTemplatesAreFound(t *testing.T) {
	var b strings.Builder
	b.WriteString("text,label\n")
	for i := range 60 {
		if i%3 == 0 {
			fmt.Fprintf(&b, "%s,bad\n", strings.Repeat(fmt.Sprintf("word%d ", i*7919), 12))
			continue
		}
		fmt.Fprintf(&b, "The product with the number %d that we bought in the shop on the corner was a great help to everybody who saw it on that day,good\n", i)
	}
	path := filepath.Join(t.TempDir(), "template.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := health.Check(t.Context(), source.Config{Path: path, Text: "text", Label: "label", Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	found := r.Find(health.Alike)
	if len(found) != 1 || found[0].Column != "good" || found[0].Count <= 20 || found[0].Of != 40 {
		t.Fatalf("found %+v", found)
	}
	if en, zh := found[0].Message("en"), found[0].Message("zh"); !strings.Contains(en, " of 40 samples of class good") || !strings.Contains(zh, "40 个样本中有") {
		t.Errorf("%q, %q", en, zh)
	}
}
