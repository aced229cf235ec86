package train

import (
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
		one, _ := grad.ClassEntropy(c.Builder, g.Logits, g.Wanted, 0)
		mean := c.MulBy(c.ReduceMean(one, true, 0, 1), 1/float64(len(guesses)))
		loss = c.Add(loss, c.Mul(mean, parts[1]))
	}
	return loss
}

// allocateStage makes the inputs of a step that guesses.
func (s *stepper) allocateStage(n *network) (err error) {
	if !n.language() {
		return nil
	}
	if s.stage, err = runtime.NewZeros(onnx.Float, []int64{2}); err != nil {
		return err
	}
	ids := s.columns[0].Shape()
	s.places, err = runtime.NewZeros(onnx.Int64, []int64{ids[0] * ids[1] / 4})
	return err
}

// stageInputs are stage and places, each where the graph takes it.
func (s *stepper) stageInput() []*runtime.Tensor { return present(s.stage) }

func (s *stepper) placesInput() []*runtime.Tensor { return present(s.places) }

func present(t *runtime.Tensor) []*runtime.Tensor {
	if t == nil {
		return nil
	}
	return []*runtime.Tensor{t}
}

// drawPlaces draws the places of a step among those where a unit stands before
// another; they depend on the seed, the step and the batch only. Without labels the
// guesses are all that counts.
func (s *stepper) drawPlaces(seed uint64, step int, labels bool) {
	if s.stage == nil {
		return
	}
	copy(data(s.stage), []float32{0, 1})
	if labels {
		copy(data(s.stage), []float32{1, guessShare})
	}
	possible := pairs(runtime.Data[int64](s.columns[0]), int(s.columns[0].Shape()[1]))
	source := rand.New(rand.NewPCG(seed^0x706c6163, uint64(step)))
	places := runtime.Data[int64](s.places)
	clear(places)
	for i := range places {
		if len(possible) > 0 {
			places[i] = possible[source.IntN(len(possible))]
		}
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
