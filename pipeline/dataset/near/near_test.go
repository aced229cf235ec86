package near_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"athanor/pipeline/dataset/near"
)

func TestHashSpreads(t *testing.T) {
	seen := map[uint64]string{}
	for i := range 200_000 {
		s := fmt.Sprint("row ", i, strings.Repeat("x", i%40))
		h := near.Hash([]byte(s))
		if o, ok := seen[h]; ok {
			t.Fatalf("%q and %q collide", s, o)
		}
		seen[h] = s
	}
	if near.Hash([]byte{0}) == near.Hash([]byte{0, 0}) || near.Hash(nil) == near.Hash([]byte{0}) {
		t.Error("length does not count")
	}
}

func words(r *rand.Rand, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("w%04d", r.IntN(5000))
	}
	return out
}

func TestTextsFindsCopies(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	f := near.NewTexts(t.TempDir())
	defer f.Close()
	var texts []string
	for range 300 {
		w := words(r, 40)
		texts = append(texts, strings.Join(w, " "))
		w[r.IntN(40)] = "changed"
		texts = append(texts, strings.ToUpper(strings.Join(w, ", ")))
		texts = append(texts, strings.Join(words(r, 40), " "))
	}
	texts = append(texts, "short", "short", "", "", texts[0])
	for _, s := range texts {
		if err := f.Add([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	exact, similar, err := f.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if exact.Joined() != 2 || exact.Find(904) != 0 || exact.Find(901) != 900 {
		t.Errorf("%d exact copies", exact.Joined())
	}
	found := 0
	for i := range 300 {
		if similar.Find(3*i+1) == similar.Find(3*i) {
			found++
		}
		if similar.Find(3*i+2) != 3*i+2 {
			t.Errorf("text %d was joined to another", 3*i+2)
		}
	}
	if found < 285 {
		t.Errorf("%d of 300 near copies found", found)
	}
}

func TestBucketsSpill(t *testing.T) {
	gather := func(memory int) (out []string) {
		b := near.NewBuckets(t.TempDir(), memory)
		defer b.Close()
		r := rand.New(rand.NewPCG(3, 4))
		for row := range 5000 {
			if err := b.Add(near.Mix(7, uint64(r.IntN(3000))), row); err != nil {
				t.Fatal(err)
			}
		}
		err := b.Each(t.Context(), func(rows []int) error {
			out = append(out, fmt.Sprint(rows))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(out)
		return out
	}
	if small, large := gather(100), gather(0); !slices.Equal(small, large) || len(large) < 500 {
		t.Errorf("%d groups spilled, %d in memory", len(small), len(large))
	}
}

func TestPictures(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	f := near.NewPictures(t.TempDir())
	defer f.Close()
	const side = 64
	for i := range 200 {
		p := make([]byte, side*side)
		fx, fy, ph := 2+r.Float64()*12, 2+r.Float64()*12, r.Float64()*6
		for at := range p {
			x, y := float64(at%side)/side, float64(at/side)/side
			p[at] = byte(128 + 60*wave(fx*x+ph) + 60*wave(fy*y-ph) + 5*r.Float64())
		}
		look, ok := near.NewPerceptual(p, side, side)
		if err := f.Add(near.Hash(p), look, ok); err != nil {
			t.Fatal(err)
		}
		for at := range p {
			p[at] = byte(min(255, int(p[at])+6))
		}
		if look, ok = near.NewPerceptual(p, side, side); !ok {
			t.Fatalf("picture %d has no hash", i)
		}
		if err := f.Add(near.Hash(p), look, ok); err != nil {
			t.Fatal(err)
		}
	}
	exact, similar, err := f.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i := range 200 {
		if similar.Find(2*i) == similar.Find(2*i+1) {
			found++
		}
	}
	if exact.Joined() != 0 || found < 195 || similar.Joined() > 230 {
		t.Errorf("%d exact, %d of 200 pairs found, %d joined", exact.Joined(), found, similar.Joined())
	}
	if _, ok := near.NewPerceptual(make([]byte, side*side), side, side); ok {
		t.Error("an even picture got a hash")
	}
}

func wave(x float64) float64 {
	x -= float64(int(x))
	return 4*max(x-0.5, 0.5-x) - 1
}

func TestUnionGroups(t *testing.T) {
	var u near.Union
	u.Join(5, 3)
	u.Join(3, 1)
	u.Join(4, 2)
	group := u.Groups(7)
	var got []int
	for i := range 7 {
		got = append(got, group(i))
	}
	if !slices.Equal(got, []int{-1, 1, 2, 1, 2, 1, -1}) || u.Joined() != 3 {
		t.Errorf("groups %v", got)
	}
}

func BenchmarkPrint(b *testing.B) {
	text := []byte(strings.Join(words(rand.New(rand.NewPCG(1, 1)), 400), " "))
	b.SetBytes(int64(len(text)))
	var p near.Printer
	for b.Loop() {
		p.Print(text)
	}
}

func BenchmarkHash(b *testing.B) {
	text := make([]byte, 100)
	b.SetBytes(100)
	for b.Loop() {
		near.Hash(text)
	}
}
