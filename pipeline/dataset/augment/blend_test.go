package augment_test

import (
	"bytes"
	"math"
	"testing"

	"athanor/pipeline/dataset/augment"
)

func TestSharesAreThoseOfThePicture(t *testing.T) {
	shape := [3]int{20, 30, 3}
	white, black := bytes.Repeat([]byte{255}, 1800), make([]byte, 1800)
	for _, list := range []string{"mix-up=0.4", "cut-mix=1", "mix-up,cut-mix"} {
		p, err := augment.Parse(list)
		if err != nil {
			t.Fatal(err)
		}
		if !p.Blends() {
			t.Fatalf("%s does not blend", list)
		}
		mean, mixed := 0.0, 0
		for seed := range uint64(400) {
			dst := bytes.Clone(white)
			p.Blend(dst, black, shape, seed)
			sum := 0
			for _, v := range dst {
				sum += int(v)
			}
			share := float64(p.Share(seed, shape))
			if got := float64(sum) / (255 * 1800); math.Abs(got-share) > 0.005 {
				t.Fatalf("%s, seed %d: %.4f of the picture is left, the label says %.4f", list, seed, got, share)
			}
			mean += share / 400
			if share < 1 {
				mixed++
			}
		}
		if mixed < 150 || mean < 0.4 || mean > 0.8 {
			t.Errorf("%s: %d of 400 are mixed, %.2f on average", list, mixed, mean)
		}
	}
	if p, err := augment.Parse("flip"); err != nil || p.Blends() || p.Share(1, shape) != 1 {
		t.Errorf("flip blends: %v", err)
	}
}

func TestMistypeChangesFewCharactersTheSameWayForASeed(t *testing.T) {
	a, err := augment.ParseText("noise=0.1")
	if err != nil || !a.Mistypes() {
		t.Fatalf("%+v, %v", a, err)
	}
	const text = "the service was slow, but 味道很好 and the room was clean"
	different := 0
	for seed := range uint64(100) {
		got := a.Mistype(text, seed)
		if got != a.Mistype(text, seed) {
			t.Fatal("one seed, two texts")
		}
		if got != text {
			different++
		}
		if d := len([]rune(got)) - len([]rune(text)); d < -20 || d > 20 {
			t.Errorf("%d characters more: %q", d, got)
		}
	}
	if different < 90 {
		t.Errorf("%d of 100 texts were changed", different)
	}
	if a.Mistype("", 1) != "" {
		t.Error("nothing became something")
	}
}
