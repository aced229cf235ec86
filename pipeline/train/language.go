package train

import (
	"errors"
	"math/rand/v2"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
)

// A network that reads texts in order may learn their language before what they are
// labelled with: in the first epochs it only guesses what stands next to places drawn
// anew for each step, and later that goes on beside the labels, so that it does not
// forget (Dai and Le, "Semi-supervised Sequence Learning", 2015).

// guessShare is what the guesses count beside the labels.
const guessShare = 0.2

// language tells whether the network guesses.
func (n *network) language() bool { return n.recipe.Model.Language > 0 }

// declareStage declares what labels and guesses count in a step, [2].
func (n *network) declareStage(b *graph.Builder) *graph.Value {
	if !n.language() {
		return nil
	}
	return b.Input("stage", onnx.Float, 2)
}

// guessing is the loss with the guesses' part: labels count stage[0], the mean of the
// guesses stage[1].
func (n *network) guessing(c *nn.Context, loss, stage *graph.Value) *graph.Value {
	guesses := c.Guesses()
	if stage == nil || len(guesses) == 0 {
		return loss
	}
	parts := c.Split(stage, 0, 1, 1)
	loss = c.Mul(loss, parts[0])
	for _, g := range guesses {
		first := c.Const(onnx.Int64, g.Logits.Shape[:1], make([]float64, g.Logits.Shape[0])...)
		one, _ := grad.ClassEntropy(c.Builder, g.Logits, first, 0)
		mean := c.MulBy(c.ReduceMean(one, true, 0, 1), 1/float64(len(guesses)))
		loss = c.Add(loss, c.Mul(mean, parts[1]))
	}
	return loss
}

// guessInputs are what a step that guesses takes besides: what labels and guesses
// count, the places it guesses for, and the units it guesses against. All are nil in
// other steps.
type guessInputs struct{ stage, places, others *runtime.Tensor }

func newGuessInputs(n *network, ids *runtime.Tensor) (g guessInputs, err error) {
	if !n.language() {
		return g, nil
	}
	shape := ids.Shape()
	tensors := make([]*runtime.Tensor, 3)
	for i, size := range []int64{2, int64(nn.GuessPlaces(int(shape[0] * shape[1]))), nn.OtherUnits} {
		kind := onnx.Int64
		if i == 0 {
			kind = onnx.Float
		}
		t, e := runtime.NewZeros(kind, []int64{size})
		tensors[i], err = t, errors.Join(err, e)
	}
	return guessInputs{tensors[0], tensors[1], tensors[2]}, err
}

// first and rest are the inputs in the graph's order, in front of the parameters and
// behind them.
func (g guessInputs) first() []*runtime.Tensor {
	if g.stage == nil {
		return nil
	}
	return []*runtime.Tensor{g.stage}
}

func (g guessInputs) rest() []*runtime.Tensor {
	if g.stage == nil {
		return nil
	}
	return []*runtime.Tensor{g.places, g.others}
}

// draw draws the places of a step among those where a unit stands before another, and
// the units to guess against as often as they occur; both depend on the seed, the step
// and the batch's ids only. Without labels the guesses are all that counts.
func (g guessInputs) draw(ids *runtime.Tensor, seed uint64, step int, labels bool) {
	if g.stage == nil {
		return
	}
	copy(data(g.stage), []float32{0, 1})
	if labels {
		copy(data(g.stage), []float32{1, guessShare})
	}
	units := runtime.Data[int64](ids)
	possible := pairs(units, int(ids.Shape()[1]))
	source := rand.New(rand.NewPCG(seed^0x706c6163, uint64(step)))
	places, others := runtime.Data[int64](g.places), runtime.Data[int64](g.others)
	clear(places)
	clear(others)
	if len(possible) == 0 {
		return
	}
	for i := range places {
		places[i] = possible[source.IntN(len(possible))]
	}
	for i := range others {
		others[i] = units[possible[source.IntN(len(possible))]]
	}
}

// pairs are the places in rows of ids where a unit stands and another behind it.
func pairs(ids []int64, length int) (places []int64) {
	for i := range ids[:len(ids)-1] {
		if ids[i] != 0 && ids[i+1] != 0 && (i+1)%length != 0 {
			places = append(places, int64(i))
		}
	}
	return places
}
