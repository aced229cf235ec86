package source_test

import (
	"slices"
	"testing"

	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
)

func TestOperationsOnNumberedPictures(t *testing.T) {
	plain, err := source.Open(t.Context(), source.Config{Path: source.Digits, Validation: 0.1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	first := plain.Train.Row(0)
	l := operation.List{
		{Kind: operation.Drop, Samples: []string{"0", "1", "10005"}},
		{Kind: operation.Rename, From: "9", To: "nine"},
		{Kind: operation.Rename, From: "8", To: "0"},
		{Kind: operation.Relabel, Samples: []string{"10000"}, To: "nine"},
	}
	set, err := source.Open(t.Context(), source.Config{Path: source.Digits, Validation: 0.1, Seed: 1, Operations: l})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"0", "1", "2", "3", "4", "5", "6", "7", "nine"}; !slices.Equal(set.Classes, want) {
		t.Errorf("classes %q", set.Classes)
	}
	if n := set.Train.Len() + set.Validation.Len(); n != 9998 || set.Test.Len() != 1999 {
		t.Errorf("%d and %d pictures are left", n, set.Test.Len())
	}
	if set.Test.Row(0) != 10000 || set.Classes[set.Test.Class(0)] != "nine" || set.Test.Row(5) != 10006 {
		t.Errorf("test pictures: row %d is %q, then %d", set.Test.Row(0), set.Classes[set.Test.Class(0)], set.Test.Row(5))
	}
	if set.Fingerprint == plain.Fingerprint || len(set.Notes) != 1 {
		t.Errorf("fingerprint %s, notes %q", set.Fingerprint, set.Notes)
	}
	if first != plain.Train.Row(0) || len(plain.Classes) != 10 {
		t.Error("the set without changes changed")
	}
}
