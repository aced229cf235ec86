package operation_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/table"
)

func TestLabelsReplayInOrder(t *testing.T) {
	l := operation.List{
		{Kind: operation.Relabel, Samples: []string{"a.png", "b.png"}, To: "cat"},
		{Kind: operation.Rename, From: "cat", To: "pet"},
		{Kind: operation.Rename, From: "dog", To: "pet"},
		{Kind: operation.Drop, Samples: []string{"c.png"}},
		{Kind: operation.Relabel, Samples: []string{"b.png"}, To: "cat"},
	}
	p := l.Labels()
	for name, want := range map[string]string{"a.png": "pet", "b.png": "cat", "d.png": "pet"} {
		if got, keep := p.Apply(name, "dog"); got != want || !keep {
			t.Errorf("%s: %q, %v", name, got, keep)
		}
	}
	if _, keep := p.Apply("c.png", "dog"); keep {
		t.Error("a dropped sample is still there")
	}
	if got, _ := l[:0].Labels().Apply("a.png", "dog"); got != "dog" {
		t.Errorf("after undoing everything: %q", got)
	}
}

func TestCells(t *testing.T) {
	l := operation.List{
		{Kind: operation.Fill, Column: "age", To: "30"},
		{Kind: operation.Cap, Column: "fare", Low: new(float64(0)), High: new(float64(100))},
		{Kind: operation.Convert, Column: "sex", From: "M", To: "male"},
		{Kind: operation.Convert, Column: "sex", From: "unknown", To: ""},
		{Kind: operation.DropColumn, Column: "id"},
	}
	p, err := l.Cells([]string{"id", "age", "fare", "sex"})
	if err != nil {
		t.Fatal(err)
	}
	row := func(id, age, fare, sex string) (out []string) {
		cells := []table.Cell{{Text: []byte(id)}, {Text: []byte(age)}, {Text: []byte(fare)}, {Text: []byte(sex)}}
		p.Apply(cells)
		for _, c := range cells {
			out = append(out, c.String())
		}
		return out
	}
	if got := row("1", "?", "512.3", " M "); got[1] != "30" || got[2] != "100" || got[3] != "male" {
		t.Errorf("%q", got)
	}
	if got := row("1", "5", "-1", "unknown"); got[1] != "5" || got[2] != "0" || got[3] != "" {
		t.Errorf("%q", got)
	}
	if !p.Dropped(0) || p.Dropped(1) {
		t.Error("dropped columns")
	}
	if _, err := l.Cells([]string{"age"}); !errors.Is(err, operation.ErrInvalid) {
		t.Errorf("unknown column: %v", err)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "operations.json")
	if l, err := operation.Read(path); err != nil || len(l) != 0 {
		t.Errorf("no file: %v %v", l, err)
	}
	l := operation.List{{Kind: operation.Drop, Samples: []string{"17", "猫/1.png"}, Why: "duplicate"}}
	if err := l.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := operation.Read(path)
	if err != nil || got.String() != l.String() {
		t.Errorf("%v %v", got, err)
	}
	if err := os.WriteFile(path, []byte("[{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := operation.Read(path); !errors.Is(err, operation.ErrInvalid) {
		t.Errorf("damaged file: %v", err)
	}
}

func TestValidate(t *testing.T) {
	for _, o := range []operation.Operation{
		{Kind: "explode"},
		{Kind: operation.Drop},
		{Kind: operation.Relabel, Samples: []string{"1"}},
		{Kind: operation.Rename, From: "a"},
		{Kind: operation.Fill, Column: "a"},
		{Kind: operation.Cap, Column: "a"},
		{Kind: operation.Cap, Column: "a", Low: new(float64(2)), High: new(float64(1))},
	} {
		if err := (operation.List{o}).Validate(); !errors.Is(err, operation.ErrInvalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`[{"op":"drop","samples":["1"]},{"op":"cap","column":"x","low":1}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := operation.Parse(b)
		if err != nil {
			return
		}
		again, err := operation.Parse([]byte(l.String()))
		if err != nil && len(l) > 0 || len(again) != len(l) {
			t.Fatalf("%s does not survive storing: %v", l, err)
		}
	})
}
