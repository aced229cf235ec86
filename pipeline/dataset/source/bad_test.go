package source_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/pipeline/dataset/source"
)

func TestTenThousandClassesAreTheMost(t *testing.T) {
	write := func(classes int) string {
		var b strings.Builder
		b.WriteString("x,label\n")
		for i := range 2 * classes {
			fmt.Fprintf(&b, "%d,class %d\n", i, i%classes)
		}
		return writeFile(t, filepath.Join(t.TempDir(), "many.csv"), b.String())
	}
	set, err := source.Open(t.Context(), source.Config{Path: write(source.MaxClasses), Label: "label", Validation: 0.2})
	if err != nil || len(set.Classes) != source.MaxClasses {
		t.Errorf("10,000 classes: %v", err)
	}
	if _, err := source.Open(t.Context(), source.Config{Path: write(source.MaxClasses + 1), Label: "label", Validation: 0.2}); !errors.Is(err, source.ErrClasses) {
		t.Errorf("10,001 classes: %v", err)
	}
}

func TestNamesInAnyScriptAndNULs(t *testing.T) {
	var b strings.Builder
	b.WriteString("größe,名前,метка\n")
	for i := range 60 {
		nul := ""
		if i == 5 {
			nul = "a\x00b"
		}
		fmt.Fprintf(&b, "%d,%s%d,%s\n", i%7, nul, i%3, []string{"قطة", "🐕", "猫 "}[i%3])
	}
	path := writeFile(t, filepath.Join(t.TempDir(), "数据 набор.csv"), b.String())
	set, err := source.Open(t.Context(), source.Config{Path: path, Label: "метка", Validation: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"قطة", "猫", "🐕"}; !slices.Equal(set.Classes, want) || set.Train.Len()+set.Validation.Len() != 60 {
		t.Errorf("classes %q, %d samples", set.Classes, set.Train.Len())
	}
}

func TestAFileThatShrinksWhileReadIsNotTrainedFrom(t *testing.T) {
	var b strings.Builder
	b.WriteString("x,label\n")
	for i := range 3000 {
		fmt.Fprintf(&b, "%d,%s\n", i%11, []string{"p", "q"}[i%2])
	}
	path := writeFile(t, filepath.Join(t.TempDir(), "live.csv"), b.String())
	passes, before := 0, -1
	_, err := source.Open(t.Context(), source.Config{Path: path, Label: "label", Validation: 0.2, Progress: func(done, _ int) {
		if done <= before {
			passes++ // it began again
		}
		before = done
		if passes == 3 {
			if err := os.Truncate(path, 4000); err != nil {
				t.Error(err)
			}
			passes++
		}
	}})
	if err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("after %d passes: %v", passes, err)
	}
}
