package augment_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"athanor/pipeline/dataset/augment"
)

// picture is a bright disc off the middle on a dark ground.
func picture(side, c int) []byte {
	p := make([]byte, side*side*c)
	for y := range side {
		for x := range side {
			v := byte(20)
			if math.Hypot(float64(x)-float64(side)*0.4, float64(y)-float64(side)*0.55) < float64(side)/4 {
				v = 220
			}
			for k := range c {
				p[(y*side+x)*c+k] = v - byte(10*k)
			}
		}
	}
	return p
}

func TestEachChangeIsSeededAndChanges(t *testing.T) {
	for _, name := range augment.Names() {
		a, err := augment.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []int{1, 3} {
			src := picture(32, c)
			was := bytes.Clone(src)
			shape := [3]int{32, 32, c}
			changed := 0
			for seed := range uint64(20) {
				one, two := make([]byte, len(src)), make([]byte, len(src))
				a.Apply(one, src, shape, seed)
				a.Apply(two, src, shape, seed)
				a.Blend(one, make([]byte, len(src)), shape, seed)
				a.Blend(two, make([]byte, len(src)), shape, seed)
				if !bytes.Equal(one, two) {
					t.Fatalf("%s: one seed, two pictures", name)
				}
				if !bytes.Equal(one, src) {
					changed++
				}
			}
			if !bytes.Equal(src, was) {
				t.Fatalf("%s wrote its source", name)
			}
			if changed < 5 && !(name == "color" && c == 1) {
				t.Errorf("%s: %d of 20 pictures of %d channels changed", name, changed, c)
			}
		}
	}
}

func TestFlipIsExact(t *testing.T) {
	a := &augment.Picture{Flip: true}
	src := picture(9, 3)
	seen := map[bool]int{}
	for seed := range uint64(50) {
		dst := make([]byte, len(src))
		a.Apply(dst, src, [3]int{9, 9, 3}, seed)
		if bytes.Equal(dst, src) {
			seen[false]++
			continue
		}
		for y := range 9 {
			for x := range 9 {
				if !bytes.Equal(dst[(y*9+x)*3:(y*9+x)*3+3], src[(y*9+8-x)*3:(y*9+8-x)*3+3]) {
					t.Fatalf("pixel %d,%d is not its mirror", x, y)
				}
			}
		}
		seen[true]++
	}
	if seen[true] < 12 || seen[false] < 12 {
		t.Errorf("flipped %d times of 50", seen[true])
	}
}

func TestShiftMovesTheMass(t *testing.T) {
	a := &augment.Picture{Shift: 0.2}
	src := picture(32, 1)
	spread := 0.0
	for seed := range uint64(100) {
		dst := make([]byte, len(src))
		a.Apply(dst, src, [3]int{32, 32, 1}, seed)
		d := centre(dst) - centre(src)
		spread = max(spread, math.Abs(d))
		if math.Abs(d) > 0.2*32+1 {
			t.Errorf("moved by %.1f pixels", d)
		}
	}
	if spread < 3 {
		t.Errorf("moved by %.1f pixels at most", spread)
	}
}

// TestShiftAloneKeepsPixels: where nothing else moves, pixels move as they are.
func TestShiftAloneKeepsPixels(t *testing.T) {
	const side = 9
	for _, channels := range []int{1, 3} {
		shape := [3]int{side, side, channels}
		src := make([]byte, side*side*channels)
		for i := range src {
			src[i] = byte(i)
		}
		places := map[[2]int]bool{}
		for seed := range uint64(60) {
			dst := make([]byte, len(src))
			(&augment.Picture{Shift: 0.2}).Apply(dst, src, shape, seed)
			dx, dy, ok := wholeShift(dst, src, shape, 2)
			if !ok {
				t.Fatalf("%d channels, seed %d: no whole shift with the border going on", channels, seed)
			}
			places[[2]int{dx, dy}] = true
		}
		if len(places) < 15 {
			t.Errorf("%d channels: only %d places", channels, len(places))
		}
	}
}

// wholeShift finds by how many pixels, most at most, src was moved to give dst.
func wholeShift(dst, src []byte, shape [3]int, most int) (dx, dy int, ok bool) {
	h, w, c := shape[0], shape[1], shape[2]
	for dy := -most; dy <= most; dy++ {
		for dx := -most; dx <= most; dx++ {
			same := true
			for i := range dst {
				y, x := min(max(i/(w*c)-dy, 0), h-1), min(max(i/c%w-dx, 0), w-1)
				same = same && dst[i] == src[(y*w+x)*c+i%c]
			}
			if same {
				return dx, dy, true
			}
		}
	}
	return 0, 0, false
}

func centre(p []byte) float64 {
	var sum, m float64
	for i, v := range p {
		if v > 100 {
			sum++
			m += float64(i % 32)
		}
	}
	return m / sum
}

func TestParse(t *testing.T) {
	for _, s := range []string{"flip,rotate=7.5,noise=0.1", "elastic=2,erase=0.5", "flip,flip-up-down"} {
		a, err := augment.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		b, err := augment.Parse(a.String())
		if err != nil || *a != *b {
			t.Errorf("%q became %q", s, a)
		}
	}
	for _, s := range []string{"spin", "rotate=x", "shift=-1", "scale=NaN", "crop=2", ",", "rotate=1e9"} {
		if _, err := augment.Parse(s); !errors.Is(err, augment.ErrUnknown) {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"", "none"} {
		if a, err := augment.Parse(s); a != nil || err != nil {
			t.Errorf("%q: %v %v", s, a, err)
		}
	}
}

func TestText(t *testing.T) {
	a, err := augment.ParseText("drop=0.2,swap=0.1,noise=0.1")
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for seed := range uint64(50) {
		ids := []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0}
		was := slices.Clone(ids)
		a.Corrupt(ids, seed)
		again := slices.Clone(was)
		a.Corrupt(again, seed)
		if !slices.Equal(ids, again) {
			t.Fatal("one seed, two texts")
		}
		if ids[0] == 0 || ids[10] != 0 {
			t.Errorf("padding moved: %v", ids)
		}
		if !slices.Equal(ids, was) {
			changed++
		}
	}
	if changed < 40 {
		t.Errorf("%d of 50 texts changed", changed)
	}
	lone := []int64{7, 0}
	(&augment.Text{Drop: 0.999}).Corrupt(lone, 3)
	if lone[0] != 7 {
		t.Errorf("the last token was dropped: %v", lone)
	}
	if _, err := augment.ParseText("rotate"); !errors.Is(err, augment.ErrUnknown) {
		t.Errorf("rotate for texts: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("flip,rotate=10")
	f.Add("photo")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := augment.Parse(s)
		if err != nil || a == nil {
			return
		}
		src := picture(6, 1)
		a.Apply(make([]byte, len(src)), src, [3]int{6, 6, 1}, 1)
	})
}

func BenchmarkDigits(b *testing.B) {
	a, err := augment.Parse("digits")
	if err != nil {
		b.Fatal(err)
	}
	src := picture(28, 1)
	dst := make([]byte, len(src))
	for i := 0; b.Loop(); i++ {
		a.Apply(dst, src, [3]int{28, 28, 1}, uint64(i))
	}
}

func TestSettingsSayAndTakeEveryStrength(t *testing.T) {
	var p augment.Picture
	for i, s := range p.Settings() {
		if s.Name != augment.Names()[i] || s.Value != 0 || s.Usual <= 0 {
			t.Errorf("setting %d is %+v", i, s)
		}
		p = p.With(s.Name, s.Usual)
	}
	back, err := augment.Parse(p.String())
	if err != nil || *back != p {
		t.Errorf("%q reads back as %+v, %v", p.String(), back, err)
	}
	for _, s := range p.Settings() {
		if s.Value != s.Usual {
			t.Errorf("%s is %v, want %v", s.Name, s.Value, s.Usual)
		}
	}
	if got := p.With("rotate", 1e9); got.Rotate != 180 {
		t.Errorf("a rotation of %v was taken", got.Rotate)
	}
}
