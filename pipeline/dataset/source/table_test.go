package source_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/inference/testenv"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/dataset/table"
)

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, c source.Config) *dataset.Set {
	t.Helper()
	set, err := source.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// features reads all samples of a feed as float32.
func features(t *testing.T, f dataset.Feed) [][]float32 {
	t.Helper()
	width := f.Columns()[0].Shape[0]
	raw := make([]byte, 4*width*f.Len())
	rows := make([]int, f.Len())
	for i := range rows {
		rows[i] = i
	}
	if err := f.Fill(t.Context(), [][]byte{raw}, -1, rows); err != nil {
		t.Fatal(err)
	}
	out := make([][]float32, f.Len())
	for i := range out {
		for k := range width {
			out[i] = append(out[i], math.Float32frombits(binary.LittleEndian.Uint32(raw[4*(i*width+k):])))
		}
	}
	return out
}

func TestOpenSharedTables(t *testing.T) {
	cases := []struct {
		file              string
		label             string
		train, validation int
		classes, width    int
	}{
		{"seaborn_iris.csv", "", 120, 30, 3, 4},
		{"iris_noheader.csv", "", 120, 30, 3, 4},
		{"titanic_train.csv", "", 713, 178, 2, 0},
		{"seaborn_penguins.csv", "", 275, 69, 3, 0},
		{"california_housing.csv", "", 16512, 4128, 0, 13},
		{"winequality-red.csv", "column 12:number", 1279, 320, 0, 11},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			set := open(t, source.Config{Path: testenv.SharedData(t, "tabular", c.file), Validation: 0.2, Seed: 1, Label: c.label})
			if set.Task != dataset.Table || len(set.Classes) != c.classes || set.Preprocess == nil {
				t.Errorf("%s with %d classes", set.Task, len(set.Classes))
			}
			if n, v := set.Train.Len(), set.Validation.Len(); n+v != c.train+c.validation || v < c.validation-3 || v > c.validation+3 {
				t.Errorf("%d to train, %d to validate", n, v)
			}
			rows := features(t, set.Train)
			if c.width > 0 && len(rows[0]) != c.width {
				t.Errorf("%d inputs", len(rows[0]))
			}
			for _, r := range rows {
				for _, v := range r {
					if !(v >= -8 && v <= 8) {
						t.Fatalf("input %v", v)
					}
				}
			}
		})
	}
}

func TestEqualRowsStayOnOneSide(t *testing.T) {
	var b strings.Builder
	b.WriteString("x,y,label\n")
	for i := range 400 {
		fmt.Fprintf(&b, "%d,%d,%d\n", i%100, i%100*7, i%2)
	}
	set := open(t, source.Config{Path: writeFile(t, filepath.Join(t.TempDir(), "x.csv"), b.String()), Validation: 0.25})
	seen := map[string]bool{}
	for _, r := range features(t, set.Train) {
		seen[fmt.Sprint(r)] = true
	}
	for _, r := range features(t, set.Validation) {
		if seen[fmt.Sprint(r)] {
			t.Fatalf("row %v is on both sides", r)
		}
	}
	if n := set.Validation.Len(); n < 90 || n > 110 {
		t.Errorf("%d held out of 400", n)
	}
}

func TestOpenReviews(t *testing.T) {
	set := open(t, source.Config{Path: testenv.SharedData(t, "zh-sentiment", "online_shopping_10_cats.csv.gz"), Validation: 0.1, TestSplit: 0.1, Seed: 1})
	if set.Task != dataset.Text || !slices.Equal(set.Classes, []string{"0", "1"}) {
		t.Fatalf("%s %q", set.Task, set.Classes)
	}
	n := set.Train.Len() + set.Validation.Len() + set.Test.Len()
	if n < 62_770 || n > 62_774 || set.Test.Len() < 6_200 {
		t.Errorf("%d + %d + %d samples; %q", set.Train.Len(), set.Validation.Len(), set.Test.Len(), set.Notes)
	}
	// The file is sorted by label: a split that does not shuffle would show.
	positive := 0
	for i := range set.Test.Len() {
		positive += set.Test.Class(i)
	}
	if share := float64(positive) / float64(set.Test.Len()); share < 0.49 || share > 0.52 {
		t.Errorf("%.3f of the test part is positive", share)
	}
	if c := set.Train.Columns()[0]; c.Name != "tokens" || c.Shape[0] != 64 {
		t.Errorf("column %+v", c)
	}
}

func TestOpenFolderOfParts(t *testing.T) {
	set := open(t, source.Config{Path: testenv.SharedData(t, "en-sentiment", "sst2"), Validation: 0.1})
	if set.Validation.Len() != 872 || set.Test.Len() != 1821 || set.Train.Len() != 67349 {
		t.Errorf("%d/%d/%d; %q", set.Train.Len(), set.Validation.Len(), set.Test.Len(), set.Notes)
	}
}

func TestEmptyTextsAreLeftOutAndSaid(t *testing.T) {
	set := open(t, source.Config{Path: testenv.SharedData(t, "en-sentiment", "amazon_alexa.tsv"), Validation: 0.2})
	if n := set.Train.Len() + set.Validation.Len(); n != 3150-79 {
		t.Errorf("%d samples", n)
	}
	if !slices.ContainsFunc(set.Notes, func(s string) bool { return strings.HasPrefix(s, "79 rows with an empty text") }) {
		t.Errorf("notes %q", set.Notes)
	}
}

func TestTimeAndGroupSplits(t *testing.T) {
	var b strings.Builder
	b.WriteString("day,who,x,label\n")
	for i := range 100 {
		fmt.Fprintf(&b, "2024-%02d-%02d,p%d,%d,%d\n", 1+i%100/28, 1+i%28, i%20, i*31%97, i%2)
	}
	path := writeFile(t, filepath.Join(t.TempDir(), "x.csv"), b.String())
	set := open(t, source.Config{Path: path, Time: "day", Validation: 0.2})
	for i := range set.Validation.Len() {
		if set.Validation.Row(i) < 80 {
			t.Errorf("row %d is not among the latest", set.Validation.Row(i))
		}
	}
	set = open(t, source.Config{Path: path, Group: "who", Validation: 0.2})
	people := map[int]bool{}
	for i := range set.Train.Len() {
		people[set.Train.Row(i)%20] = true
	}
	for i := range set.Validation.Len() {
		if people[set.Validation.Row(i)%20] {
			t.Fatalf("person %d is on both sides", set.Validation.Row(i)%20)
		}
	}
}

func TestOperationsAreReplayed(t *testing.T) {
	const text = "x,label\n1,cat\n2,Cat\n3,dog\n4,dog\n?,dog\n6,cow\n"
	path := writeFile(t, filepath.Join(t.TempDir(), "x.csv"), text)
	before := open(t, source.Config{Path: path, Validation: 0.4})
	l := operation.List{
		{Kind: operation.Rename, From: "Cat", To: "cat"},
		{Kind: operation.Drop, Samples: []string{"5"}},
		{Kind: operation.Relabel, Samples: []string{"0"}, To: "dog"},
		{Kind: operation.Fill, Column: "x", To: "5"},
	}
	set := open(t, source.Config{Path: path, Operations: l})
	if !slices.Equal(set.Classes, []string{"cat", "dog"}) || set.Train.Len() != 5 || set.Train.Class(0) != 1 || set.Train.Class(1) != 0 {
		t.Errorf("%q, %d samples", set.Classes, set.Train.Len())
	}
	if len(features(t, set.Train)[0]) != 1 {
		t.Error("the missing cell was not filled")
	}
	if before.Fingerprint == set.Fingerprint {
		t.Error("operations do not change the fingerprint")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != text {
		t.Errorf("the source was changed: %v", err)
	}
}

func TestOpenTableRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string { return writeFile(t, filepath.Join(dir, name), text) }
	var many strings.Builder
	many.WriteString("x,label\n")
	for i := range 10_500 {
		fmt.Fprintf(&many, "%d,c%d\n", i%7, i)
	}
	good := file("good.csv", "x,label\n1,a\n2,b\n3,a\n4,b\n")
	cases := map[string]struct {
		c    source.Config
		want error
	}{
		"one class":      {source.Config{Path: file("one.csv", "x,label\n1,a\n2,a\n")}, source.ErrOneClass},
		"no labels":      {source.Config{Path: file("none.csv", "x,label\n1,\n2,\n"), Label: "label"}, source.ErrEmpty},
		"header only":    {source.Config{Path: file("header.csv", "x,label\n")}, source.ErrTask},
		"many classes":   {source.Config{Path: file("many.csv", many.String())}, source.ErrClasses},
		"no such column": {source.Config{Path: good, Label: "y"}, table.ErrColumn},
		"no text":        {source.Config{Path: file("n.csv", "x,label\n1,0\n2,1\n"), Task: dataset.Text}, source.ErrTask},
		"picture task":   {source.Config{Path: good, Task: dataset.Image}, source.ErrTask},
		"bad operation":  {source.Config{Path: good, Operations: operation.List{{Kind: "x"}}}, operation.ErrInvalid},
		"text as number": {source.Config{Path: good, Label: "label:number"}, source.ErrTask},
	}
	for name, c := range cases {
		if _, err := source.Open(t.Context(), c.c); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMistypedTextsBecomeOtherTokensInTrainingOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reviews.csv")
	var text strings.Builder
	text.WriteString("label,review\n")
	for i := range 40 {
		fmt.Fprintf(&text, "%d,\"review%d of thing%d, bought%d and used%d for while%d\"\n", i%2, i*7919, i*31, i*17, i*13, i)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := source.Open(t.Context(), source.Config{Path: path, Validation: 0.2, Seed: 1, Augment: "noise=0.2", Text: "review"})
	if err != nil {
		t.Fatal(err)
	}
	wide := 8 * set.Train.Columns()[0].Shape[0]
	fill := func(f dataset.Feed, epoch int) []byte {
		t.Helper()
		b := make([]byte, wide)
		if err := f.Fill(t.Context(), [][]byte{b}, epoch, []int{3}); err != nil {
			t.Fatal(err)
		}
		return b
	}
	plain := fill(set.Train, -1)
	if bytes.Equal(plain, fill(set.Train, 0)) || bytes.Equal(fill(set.Train, 0), fill(set.Train, 1)) {
		t.Error("training texts are not mistyped anew every epoch")
	}
	if !bytes.Equal(fill(set.Train, 4), fill(set.Train, 4)) {
		t.Error("one epoch, two texts")
	}
	if !bytes.Equal(fill(set.Validation, 0), fill(set.Validation, 1)) {
		t.Error("validation texts are mistyped")
	}
}

// TestTemplateTextsAreDivided: texts of one template that differ in a word are
// near duplicates, and still no part of the split is left empty.
func TestTemplateTextsAreDivided(t *testing.T) {
	var b strings.Builder
	b.WriteString("text,label\n")
	for i := range 200 {
		verdict, label := "was a great help to everybody who came to see it on that long day", "good"
		if i%2 == 1 {
			verdict, label = "was of no use to anyone and broke before we had even seen it working", "bad"
		}
		fmt.Fprintf(&b, "The product with the number %d that we bought in the shop on the corner %s,%s\n", i, verdict, label)
	}
	path := filepath.Join(t.TempDir(), "template.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := source.Open(t.Context(), source.Config{Path: path, Task: dataset.Text, Text: "text", Label: "label", Validation: 0.2, Seed: 1, Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.Len() != 160 || set.Validation == nil || set.Validation.Len() != 40 {
		t.Fatalf("%d training and %v validation samples", set.Train.Len(), set.Validation)
	}
	if notes := strings.Join(set.Notes, "\n"); !strings.Contains(notes, "template") {
		t.Errorf("notes %q", notes)
	}
}
