package training

import (
	"errors"
	"slices"
	"testing"
	"time"

	"athanor/inference/runtime"
	"athanor/pipeline/train"
)

func TestPrecisionIsLeftToTheTrialOnCardsOnly(t *testing.T) {
	all, none := func(string) bool { return true }, func(string) bool { return false }
	for name, c := range map[string]struct {
		recipe  train.Recipe
		devices []string
		half    func(string) bool
		want    []placed
	}{
		"auto":                  {train.Recipe{Device: "auto"}, []string{"cpu", "webgpu:0"}, all, []placed{{device: "cpu"}, {device: "webgpu:0"}, {device: "webgpu:0", precision: "float16"}}},
		"a card without it":     {train.Recipe{Device: "auto"}, []string{"cpu", "webgpu:0"}, none, []placed{{device: "cpu"}, {device: "webgpu:0"}}},
		"float32 by hand":       {train.Recipe{Device: "auto", Precision: "float32"}, []string{"cpu", "cuda:0"}, all, []placed{{device: "cpu", precision: "float32"}, {device: "cuda:0", precision: "float32"}}},
		"float16 by hand":       {train.Recipe{Device: "cuda:0", Precision: "float16"}, []string{"cuda:0"}, all, []placed{{device: "cuda:0", precision: "float16"}}},
		"a device by hand":      {train.Recipe{Device: "cuda:0"}, []string{"cuda:0"}, all, []placed{{device: "cuda:0"}}},
		"its precision tried":   {train.Recipe{Device: "cuda:0", Precision: "auto"}, []string{"cuda:0"}, all, []placed{{device: "cuda:0"}, {device: "cuda:0", precision: "float16"}}},
		"a network from a file": {train.Recipe{Device: "auto", Transfer: &train.Transfer{}}, []string{"cpu", "cuda:0"}, all, []placed{{device: "cpu"}}},
	} {
		if got := choices(c.recipe, c.devices, c.half); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestFasterIsTaken(t *testing.T) {
	list := []placed{{device: runtime.CPU}, {device: "cuda:0"}, {device: "cuda:0", precision: train.Float16}, {device: "cuda:1"}}
	times := map[placed]time.Duration{list[0]: 9, list[1]: 5, list[2]: 7}
	measure := func(p placed) (time.Duration, error) {
		if took, ok := times[p]; ok {
			return took, nil
		}
		return 0, errors.New("it failed")
	}
	got, err := fastest(t.Context(), list, measure)
	if err != nil || got.device != "cuda:0" || got.precision != "" || got.note == "" {
		t.Errorf("float16 that is slower: %+v, %v", got, err)
	}
	times[list[2]] = 3
	if got, _ := fastest(t.Context(), list, measure); got.precision != train.Float16 {
		t.Errorf("float16 that is faster: %+v", got)
	}
}
