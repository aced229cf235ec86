package train

import (
	"errors"
	"slices"
	"testing"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/feed"
)

func TestClassWeights(t *testing.T) {
	p := &feed.Pixels{Height: 1, Width: 1, Channels: 1, Data: make([]byte, 4), Labels: []int32{0, 1, 1, 1}}
	set := &dataset.Set{Classes: []string{"rare", "common"}, Train: feed.NewImages(p, []int32{0, 1, 2, 3}, nil, 1)}
	for text, want := range map[string][]float32{"": nil, "balanced": {2, 2. / 3}, "3, 0.5": {3, 0.5}} {
		if got, err := classWeights(text, set); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"1", "1,2,3", "1,-2", "1,NaN", "1,Inf", "1,,2", "heavy"} {
		if got, err := classWeights(text, set); !errors.Is(err, ErrRecipe) {
			t.Errorf("%q: %v (%v), want ErrRecipe", text, got, err)
		}
	}
}
