package digits_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"math"
	"testing"

	"athanor/pipeline/dataset/digits"
)

func TestDrawIsRepeatable(t *testing.T) {
	a, err := digits.Draw(t.Context(), 5, 500)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := digits.Draw(t.Context(), 5, 500)
	other, _ := digits.Draw(t.Context(), 6, 500)
	if !bytes.Equal(a.Pixels, b.Pixels) || !bytes.Equal(a.Labels, b.Labels) {
		t.Error("one seed drew two sets")
	}
	if bytes.Equal(a.Pixels, other.Pixels) {
		t.Error("two seeds drew one set")
	}
	short, _ := digits.Draw(t.Context(), 5, 10)
	if !bytes.Equal(short.Pixels, a.Pixels[:10*784]) {
		t.Error("the first pictures depend on how many follow")
	}
}

func TestDigitsAreCentredInk(t *testing.T) {
	s, err := digits.Draw(t.Context(), 1, 2000)
	if err != nil {
		t.Fatal(err)
	}
	counts := make([]int, 10)
	seen := map[[32]byte]bool{}
	for i, l := range s.Labels {
		counts[l]++
		p := s.Pixels[i*784 : (i+1)*784]
		seen[sha256.Sum256(p)] = true
		checkPicture(t, i, p)
	}
	for d, n := range counts {
		if n != 200 {
			t.Errorf("digit %d: %d of 2000 pictures", d, n)
		}
	}
	if len(seen) != 2000 {
		t.Errorf("only %d different pictures of 2000", len(seen))
	}
}

func checkPicture(t *testing.T, i int, p []byte) {
	t.Helper()
	var sum, mx, my, bright float64
	for at, v := range p {
		sum += float64(v)
		mx += float64(v) * (float64(at%28) + 0.5)
		my += float64(v) * (float64(at/28) + 0.5)
		bright = math.Max(bright, float64(v))
	}
	if mean := sum / 784; mean < 5 || mean > 90 {
		t.Errorf("picture %d: mean %.1f", i, mean)
	}
	if bright < 180 {
		t.Errorf("picture %d: brightest pixel %v", i, bright)
	}
	if dx, dy := mx/sum-14, my/sum-14; math.Hypot(dx, dy) > 5 {
		t.Errorf("picture %d: centre of mass off by %.1f, %.1f", i, dx, dy)
	}
	for k := range 28 {
		if p[k] > 200 && p[k*28] > 200 {
			t.Errorf("picture %d: ink in the margin", i)
		}
	}
}

func TestEmbeddedIsFixed(t *testing.T) {
	train, test, err := digits.Embedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := digits.Draw(t.Context(), digits.Seed, digits.Train+digits.Test)
	if err != nil || !bytes.Equal(again.Pixels[:len(train.Pixels)], train.Pixels) {
		t.Errorf("drawn again, the set is another: %v", err)
	}
	if shared, _, err := digits.Embedded(t.Context()); err != nil || &shared.Pixels[0] != &train.Pixels[0] {
		t.Errorf("the data of a run take memory of their own beside those on screen: %v", err)
	}
	if len(train.Labels) != 10_000 || len(test.Labels) != 2_000 ||
		len(train.Pixels) != 10_000*784 || len(test.Pixels) != 2_000*784 {
		t.Errorf("%d train, %d test", len(train.Labels), len(test.Labels))
	}
}

func TestDrawStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := digits.Draw(ctx, 1, 100_000); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkDraw(b *testing.B) {
	for b.Loop() {
		if _, err := digits.Draw(b.Context(), digits.Seed, digits.Train+digits.Test); err != nil {
			b.Fatal(err)
		}
	}
}
