package datasets_test

import (
	"os"
	"path/filepath"
	"testing"

	"athanor/app/datasets"
	"athanor/pipeline/dataset/table"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLookShowsColumnsAndFollowsChoices(t *testing.T) {
	text := "id;size;weather;label\n"
	for i := range 40 {
		text += []string{"a", "b", "c"}[i%3] + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ";" +
			[]string{"1.5", "2.25", "7"}[i%3] + ";" + []string{"sun", "rain"}[i%2] + ";" + []string{"yes", "no"}[i%2] + "\n"
	}
	path := write(t, "days.csv", text)
	g, ok, err := datasets.Look(t.Context(), path, datasets.Choices{})
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	if len(g.Columns) != 4 || len(g.Rows) != 40 || g.Rows[0][1] != "1.5" || g.Dialect.Separator != ';' || !g.Dialect.Header {
		t.Errorf("%d columns, %d rows, %q, dialect %+v", len(g.Columns), len(g.Rows), g.Rows[0], g.Dialect)
	}
	if g.Schema.Label != 3 {
		t.Errorf("the label is column %d, want 3", g.Schema.Label)
	}
	c := datasets.Choices{}.WithUse("weather", datasets.AsLabel).WithUse("size", datasets.Use(table.Empty))
	if g, _, err = datasets.Look(t.Context(), path, c); err != nil {
		t.Fatal(err)
	}
	if g.Schema.Label != 2 || g.Schema.Columns[1].Role != table.Empty {
		t.Errorf("label %d, size is %s", g.Schema.Label, g.Schema.Columns[1].Role)
	}
	if c.UseOf("weather") != datasets.AsLabel || c.UseOf("size") != datasets.Use(table.Empty) || c.UseOf("id") != datasets.AsGuess {
		t.Errorf("uses are %q %q %q", c.UseOf("weather"), c.UseOf("size"), c.UseOf("id"))
	}
	if back := c.WithUse("weather", datasets.AsGuess).WithUse("size", datasets.AsGuess); back.Label != "" || back.Roles != nil {
		t.Errorf("taken back leaves %+v", back)
	}
}

func TestLookTellsTroubleAndWhatIsNoTable(t *testing.T) {
	path := write(t, "a.csv", "x,y\n1,a\n2,b\n")
	g, ok, err := datasets.Look(t.Context(), path, datasets.Choices{Label: "gone"})
	if err != nil || !ok || g.Trouble == nil {
		t.Errorf("a label that is not there: ok %v, trouble %v, error %v", ok, g.Trouble, err)
	}
	if _, ok, err := datasets.Look(t.Context(), "digits", datasets.Choices{}); ok || err != nil {
		t.Errorf("digits are a table: %v, %v", ok, err)
	}
	if _, _, err := datasets.Look(t.Context(), path, datasets.Choices{Separator: "abc"}); err == nil {
		t.Error("a separator of three characters was taken")
	}
	if _, _, err := datasets.Look(t.Context(), filepath.Join(t.TempDir(), "no.csv"), datasets.Choices{}); err == nil {
		t.Error("a file that is not there was read")
	}
}
