// Package digits draws handwritten digits, so that the studio can teach at once
// and offline. Nothing in it was taken from, or tuned on, anybody's pictures:
// each digit is a few pen strokes in several ways of writing, drawn with random
// shape, slant, width, position, wobble and grain.
package digits

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// The embedded set: fixed, so that every run on it can be compared.
const (
	// Seed is the seed of the embedded set.
	Seed = 20120523
	// Train is its number of training pictures.
	Train = 10_000
	// Test is its number of test pictures.
	Test = 2_000
)

// Set is n drawn digits.
type Set struct {
	Pixels []byte // [n,28,28], 0 background, 255 ink
	Labels []byte // [n], 0 to 9, each digit as often as the others (±1), shuffled
}

// Embedded returns the embedded training and test sets. They are drawn once and
// shared by all callers (9 MB), who must not change them.
func Embedded(ctx context.Context) (train, test *Set, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	all, err := embedded()
	if err != nil {
		return nil, nil, err
	}
	const border = Train * Side * Side
	train = &Set{Pixels: all.Pixels[:border:border], Labels: all.Labels[:Train:Train]}
	test = &Set{Pixels: all.Pixels[border:], Labels: all.Labels[Train:]}
	return train, test, nil
}

// embedded draws both sets. That takes a quarter of a second, and is not cancelled
// for one caller: another may wait for them.
//
//nolint:gochecknoglobals // a lazily computed constant
var embedded = sync.OnceValues(func() (*Set, error) { return Draw(context.Background(), Seed, Train+Test) })

// Draw draws n digits on all cores. Picture i depends on seed, i and its label
// alone, so the result is the same on any machine with any number of cores.
func Draw(ctx context.Context, seed uint64, n int) (*Set, error) {
	s := &Set{Pixels: make([]byte, n*Side*Side), Labels: labels(seed, n)}
	workers := min(runtime.GOMAXPROCS(0), max(1, n/64))
	g, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		g.Go(func() error { return s.part(ctx, seed, n*w/workers, n*(w+1)/workers) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Set) part(ctx context.Context, seed uint64, from, to int) error {
	ways := glyphs()
	var c canvas
	for i := from; i < to; i++ {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		c.draw(s.Pixels[i*Side*Side:(i+1)*Side*Side], pick(ways[s.Labels[i]], r), r)
	}
	return nil
}

// labels gives each block of ten pictures every digit once, in random order.
func labels(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1<<63))
	out := make([]byte, 0, n+10)
	for len(out) < n {
		for _, d := range r.Perm(10) {
			out = append(out, byte(d))
		}
	}
	return out[:n]
}

// pick chooses a way of writing by weight.
func pick(ways []glyph, r *rand.Rand) glyph {
	var sum float64
	for _, g := range ways {
		sum += g.weight
	}
	at := sum * r.Float64()
	for _, g := range ways {
		if at -= g.weight; at < 0 {
			return g
		}
	}
	return ways[len(ways)-1]
}
