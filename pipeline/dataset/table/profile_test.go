package table_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"athanor/inference/testenv"
	"athanor/pipeline/dataset/table"
)

func profiles(t *testing.T, path string) map[string]*table.Profile {
	t.Helper()
	all, _, _, err := table.Profiles(t.Context(), path, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*table.Profile{}
	for _, p := range all {
		out[p.Name] = p
	}
	return out
}

func TestMissingCellsOfSharedTables(t *testing.T) {
	sum := func(file string) (missing int, marks map[string]int) {
		marks = map[string]int{}
		for _, p := range profiles(t, testenv.SharedData(t, "tabular", file)) {
			missing += p.Missing
			for m, n := range p.Marks {
				marks[m] += n
			}
		}
		return missing, marks
	}
	if _, marks := sum("horse-colic.csv"); marks["?"] != 1605 {
		t.Errorf("horse-colic: %v", marks)
	}
	if n, _ := sum("california_housing.csv"); n != 207 {
		t.Errorf("california housing: %d missing", n)
	}
	if n, _ := sum("seaborn_penguins.csv"); n != 19 {
		t.Errorf("penguins: %d missing", n)
	}
	reviews := profiles(t, testenv.SharedData(t, "zh-sentiment", "ChnSentiCorp_htl_all.csv"))
	if n := reviews["review"].Marks[""]; n != 1 {
		t.Errorf("ChnSentiCorp: %d empty reviews", n)
	}
	alexa := profiles(t, testenv.SharedData(t, "en-sentiment", "amazon_alexa.tsv"))
	if n := alexa["verified_reviews"].Marks[""]; n != 79 {
		t.Errorf("amazon_alexa: %d empty reviews", n)
	}
	if d := alexa["date"]; d.Dates != 3150 {
		t.Errorf("amazon_alexa: %d dates", d.Dates)
	}
}

func TestProfileNumbers(t *testing.T) {
	p := table.NewProfile("x")
	for _, s := range []string{"1", " 2 ", "3.5", "-4e1", "x", "", "0x10", "1,5", "inf"} {
		p.Add(table.Cell{Text: []byte(s)})
	}
	if p.Numbers != 4 || p.Texts != 4 || p.Missing != 1 || p.Spaced != 1 || p.Min != -40 || p.Max != 3.5 {
		t.Errorf("%+v", p)
	}
	if m := p.Quantile(0.5); m != 1.5 {
		t.Errorf("median %v", m)
	}
	if math.Abs(p.Mean()-(-33.5/4)) > 1e-12 {
		t.Errorf("mean %v", p.Mean())
	}
}

func TestDistinctBeyondTheLimit(t *testing.T) {
	p := table.NewProfile("x")
	for i := range 60_000 {
		p.Add(table.Cell{Text: fmt.Appendf(nil, "value %d", i%30_000)})
	}
	if d := p.Distinct(); d < 28_500 || d > 31_500 || len(p.Values()) > table.MaxValues {
		t.Errorf("%d different values estimated, 30000 are there", d)
	}
}

func schema(t *testing.T, path string, w table.Wish) table.Schema {
	t.Helper()
	all, _, _, err := table.Profiles(t.Context(), path, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := table.Guess(all, w)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGuessSharedSchemas(t *testing.T) {
	cases := []struct {
		file        []string
		wish        table.Wish
		label, text string
		regression  bool
		roles       map[string]table.Role
	}{
		{[]string{"tabular", "seaborn_iris.csv"}, table.Wish{}, "species", "", false, map[string]table.Role{"sepal_length": table.Number}},
		{[]string{"tabular", "iris_noheader.csv"}, table.Wish{}, "column 5", "", false, nil},
		{[]string{"tabular", "titanic_train.csv"}, table.Wish{}, "Survived", "", false, map[string]table.Role{
			"PassengerId": table.Identifier, "Name": table.Identifier, "Sex": table.Category, "Age": table.Number, "Cabin": table.Category,
		}},
		{[]string{"tabular", "california_housing.csv"}, table.Wish{}, "median_house_value", "", true, map[string]table.Role{"ocean_proximity": table.Category}},
		{[]string{"tabular", "winequality-red.csv"}, table.Wish{}, "column 12", "", false, nil},
		{[]string{"tabular", "winequality-red.csv"}, table.Wish{Label: "column 12:number"}, "column 12", "", true, nil},
		{[]string{"zh-sentiment", "online_shopping_10_cats.csv.gz"}, table.Wish{}, "label", "review", false, map[string]table.Role{"cat": table.Category}},
		{[]string{"en-sentiment", "amazon_alexa.tsv"}, table.Wish{}, "feedback", "verified_reviews", false, map[string]table.Role{"date": table.Date}},
		{[]string{"en-sentiment", "sst2", "train.tsv"}, table.Wish{}, "label", "sentence", false, nil},
	}
	for _, c := range cases {
		t.Run(c.file[len(c.file)-1], func(t *testing.T) {
			s := schema(t, testenv.SharedData(t, c.file...), c.wish)
			if got := s.Columns[s.Label].Name; got != c.label || s.Regression != c.regression {
				t.Errorf("label %q, regression %v", got, s.Regression)
			}
			text := ""
			if s.Text >= 0 {
				text = s.Columns[s.Text].Name
			}
			if text != c.text {
				t.Errorf("text %q; %v", text, s.Columns)
			}
			for _, col := range s.Columns {
				if want, ok := c.roles[col.Name]; ok && col.Role != want || col.Reason == "" {
					t.Errorf("%s: %s because %s", col.Name, col.Role, col.Reason)
				}
			}
		})
	}
}

func TestGuessRefusesUnknownColumns(t *testing.T) {
	all, _, _, err := table.Profiles(t.Context(), save(t, "x.csv", []byte("a,b\n1,2\n3,4\n")), table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []table.Wish{{Label: "c"}, {Text: "c"}, {Group: "c"}, {Time: "c"}} {
		if _, err := table.Guess(all, w); !errors.Is(err, table.ErrColumn) || !strings.Contains(err.Error(), `"a"`) {
			t.Errorf("%+v: %v", w, err)
		}
	}
}
