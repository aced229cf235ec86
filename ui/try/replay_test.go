package try_test

import (
	"image"
	"testing"

	"athanor/app/training"
	"athanor/inference/model"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset/idx"
	"athanor/pipeline/train"
	"athanor/ui/try"
)

// replayed is how many written digits are drawn again, and wanted how many of
// them have to be recognised.
const (
	replayed = 50
	wanted   = 45
)

// Digits that people wrote, traced into the paths of a pen and drawn again with
// the sketch's brush, are recognised by a model trained on MNIST: the sketch
// makes of strokes what the model learnt.
func TestReplayedStrokesAreRecognised(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	data := testenv.SharedData(t, "mnist")
	out, err := training.Run(t.Context(), training.Request{Dir: t.TempDir(), Recipe: train.Recipe{
		Task: "image", Seed: 1, Threads: 2, Data: train.Data{Path: data}, Model: train.Model{Name: "mlp"}, Train: train.Loop{Epochs: 1, Batch: 128},
	}}, func(train.Event) {})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Open(out.Model, model.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	_, held, err := idx.Find(data)
	if err != nil {
		t.Fatal(err)
	}
	digits, err := idx.Load(held, 10)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i := range replayed {
		ink := image.NewGray(image.Rect(0, 0, 280, 280))
		for _, path := range trace(thin(digits.Pixels[i*784 : (i+1)*784])) {
			for k := range path {
				from := path[max(k-1, 0)]
				try.Line(ink, pen(from.X), pen(from.Y), pen(path[k].X), pen(path[k].Y))
			}
		}
		answer, err := m.Images(t.Context(), try.Centre(ink))
		if err != nil {
			t.Fatal(err)
		}
		if answer[0].Top(1)[0].Index == int(digits.Labels[i]) {
			right++
		}
	}
	t.Logf("%d of %d replayed digits recognised", right, replayed)
	if right < wanted {
		t.Errorf("%d of %d, wanted %d", right, replayed, wanted)
	}
}

// pen is where a pixel's middle lies on the sheet.
func pen(v int) float32 { return float32(v)*10 + 5 }

// thin reduces ink to lines one pixel wide (Zhang and Suen 1984).
func thin(pix []byte) map[image.Point]bool {
	ink := map[image.Point]bool{}
	for i, v := range pix {
		if v > 110 {
			ink[image.Pt(i%28, i/28)] = true
		}
	}
	for changed := true; changed; {
		changed = false
		for pass := range 2 {
			var gone []image.Point
			for p := range ink {
				if removable(ink, p, pass) {
					gone = append(gone, p)
				}
			}
			for _, p := range gone {
				delete(ink, p)
				changed = true
			}
		}
	}
	return ink
}

// around are the eight neighbours, clockwise from above.
func around(p image.Point) [8]image.Point {
	var out [8]image.Point
	for i, d := range [8]image.Point{{0, -1}, {1, -1}, {1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}} {
		out[i] = p.Add(d)
	}
	return out
}

func removable(ink map[image.Point]bool, p image.Point, pass int) bool {
	n := around(p)
	count, turns := 0, 0
	for i, q := range n {
		if ink[q] {
			count++
		} else if ink[n[(i+1)%8]] {
			turns++
		}
	}
	up, right, down, left := ink[n[0]], ink[n[2]], ink[n[4]], ink[n[6]]
	if pass == 1 {
		up, right, down, left = down, left, up, right
	}
	return count >= 2 && count <= 6 && turns == 1 && !(up && right && down) && !(right && down && left)
}

// trace walks along the lines, ends first, and lifts the pen where a line ends.
func trace(ink map[image.Point]bool) [][]image.Point {
	var paths [][]image.Point
	for len(ink) > 0 {
		at := start(ink)
		path := []image.Point{at}
		delete(ink, at)
		for {
			next, ok := follow(ink, path)
			if !ok {
				break
			}
			delete(ink, next)
			path = append(path, next)
		}
		paths = append(paths, path)
	}
	return paths
}

// start is an end of a line, or where there is none the first point.
func start(ink map[image.Point]bool) image.Point {
	best, fewest := image.Point{}, 9
	for y := range 28 {
		for x := range 28 {
			p := image.Pt(x, y)
			if !ink[p] {
				continue
			}
			n := 0
			for _, q := range around(p) {
				if ink[q] {
					n++
				}
			}
			if n < fewest {
				best, fewest = p, n
			}
		}
	}
	return best
}

// follow goes on as straight as possible.
func follow(ink map[image.Point]bool, path []image.Point) (image.Point, bool) {
	at := path[len(path)-1]
	before := at.Sub(path[max(len(path)-4, 0)])
	best, straight, found := image.Point{}, -1<<30, false
	for _, q := range around(at) {
		if d := q.Sub(at); ink[q] && d.X*before.X+d.Y*before.Y > straight {
			best, straight, found = q, d.X*before.X+d.Y*before.Y, true
		}
	}
	return best, found
}
