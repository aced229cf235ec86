package ui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/app/training"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
)

// TestARowIsExplained: the screen shows what the most telling column does to the
// answer, and what another one does when it is chosen.
func TestARowIsExplained(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	s, q, dir := studio(t)
	recipe := train.Recipe{
		Task: "table", Data: train.Data{Path: people(t), Label: "survived"}, Model: train.Model{Name: "table-mlp"},
		Train: train.Loop{Epochs: 30, Batch: 16}, Threads: 2, Seed: 3,
	}
	if _, err := training.Run(t.Context(), training.Request{Recipe: recipe, Dir: filepath.Join(dir, "runs", "people")}, func(train.Event) {}); err != nil {
		t.Fatal(err)
	}
	s.Go("try")
	q.Until(t, 20*time.Second, func() bool { return s.ModelToTry() != "" })
	s.TryRow(map[string]string{"age": "30", "sex": "male", "noise": "7"})
	q.Until(t, 20*time.Second, func() bool { return s.TryVerdict() == "false" })
	shows := func(column string, values int) func() bool {
		return func() bool {
			c, n := s.EffectToTry()
			return c == column && n == values
		}
	}
	s.AskWhy(true)
	q.Until(t, 20*time.Second, shows("sex", 2))
	s.ChooseEffect("age")
	q.Until(t, 20*time.Second, shows("age", 20))
	s.AskWhy(false)
	if s.Errors() != 0 {
		t.Errorf("%d errors were shown", s.Errors())
	}
}

// people is a table whose answer is in one of its columns alone.
func people(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("age,sex,noise,survived\n")
	for i := range 300 {
		sex := []string{"male", "female"}[i%2]
		fmt.Fprintf(&b, "%d,%s,%d,%v\n", 10+(i*7)%60, sex, (i*31)%50, sex == "female")
	}
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
