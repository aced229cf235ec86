package optim_test

import (
	"math"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/graph"
	"athanor/pipeline/optim"
)

// size is the number of parameters in these tests.
const size = 5

// stepper runs a rule's graph on the real runtime.
type stepper struct {
	t       *testing.T
	session *runtime.Session
	cfg     optim.Config
	params  []float32
	slots   [][]float32
	step    int
	norm    float32
}

func newStepper(t *testing.T, cfg optim.Config, params []float32) *stepper {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	b := graph.New("update")
	s := optim.State{Params: b.Input("params", onnx.Float, size), Grads: []*graph.Value{b.Input("grads", onnx.Float, size)}}
	for _, name := range []string{"slot0", "slot1"}[:cfg.Slots()] {
		s.Slots = append(s.Slots, b.Input(name, onnx.Float, size))
	}
	s.Hyper = b.Input("hyper", onnx.Float, optim.Hypers)
	s.Decay = b.Const(onnx.Float, nil, 1, 1, 1, 0, 0) // the last two are biases
	next, slots, norm := cfg.Update(b, s)
	b.Output("params.next", next)
	for i, slot := range slots {
		b.Output([]string{"slot0.next", "slot1.next"}[i], slot)
	}
	b.Output("norm", norm)
	m, err := b.Model()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	session, err := runtime.NewSession(raw, runtime.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	st := &stepper{t: t, session: session, cfg: cfg, params: params}
	for range cfg.Slots() {
		st.slots = append(st.slots, make([]float32, size))
	}
	return st
}

func (s *stepper) update(grads []float32, rate float64) {
	s.t.Helper()
	s.step++
	hyper := make([]float32, optim.Hypers)
	s.cfg.Hyper(hyper, s.step, rate)
	var in []*runtime.Tensor
	for _, values := range append(append([][]float32{s.params, grads}, s.slots...), hyper) {
		x, err := runtime.NewTensor([]int64{int64(len(values))}, values)
		if err != nil {
			s.t.Fatal(err)
		}
		defer x.Close()
		in = append(in, x)
	}
	out := make([]*runtime.Tensor, len(s.session.Outputs()))
	if err := s.session.Run(s.t.Context(), in, out); err != nil {
		s.t.Fatal(err)
	}
	take := func(i int) []float32 {
		defer out[i].Close()
		return append([]float32(nil), runtime.Data[float32](out[i])...)
	}
	s.params = take(0)
	for i := range s.slots {
		s.slots[i] = take(1 + i)
	}
	s.norm = take(len(out) - 1)[0]
}

// reference is the same rules in float64 as their papers write them.
type reference struct {
	cfg    optim.Config
	params []float64
	m, v   []float64
	step   int
}

func (r *reference) update(grads []float32, rate float64) {
	r.step++
	c := r.cfg
	g := make([]float64, size)
	norm := 0.0
	for i := range g {
		g[i] = float64(grads[i])
		norm += g[i] * g[i]
	}
	if norm = math.Sqrt(norm); c.Clip > 0 && norm > c.Clip {
		for i := range g {
			g[i] *= c.Clip / norm
		}
	}
	for i := range g {
		decays := i < 3
		if decays && c.WeightDecay > 0 && c.Name != "adamw" {
			g[i] += c.WeightDecay * r.params[i]
		}
		if decays && c.Name == "adamw" {
			r.params[i] *= 1 - rate*c.WeightDecay
		}
		r.params[i] -= rate * r.direction(i, g[i])
	}
}

func (r *reference) direction(i int, g float64) float64 {
	c := r.cfg
	switch c.Name {
	case "momentum":
		r.m[i] = c.Momentum*r.m[i] + g
		return r.m[i]
	case "nesterov":
		r.m[i] = c.Momentum*r.m[i] + g
		return c.Momentum*r.m[i] + g
	case "adam", "adamw":
		r.m[i] = c.Beta1*r.m[i] + (1-c.Beta1)*g
		r.v[i] = c.Beta2*r.v[i] + (1-c.Beta2)*g*g
		m := r.m[i] / (1 - math.Pow(c.Beta1, float64(r.step)))
		v := r.v[i] / (1 - math.Pow(c.Beta2, float64(r.step)))
		return m / (math.Sqrt(v) + c.Epsilon)
	}
	return g
}

func TestRulesFollowTheirPapers(t *testing.T) {
	for name, cfg := range map[string]optim.Config{
		"sgd":          {Name: "sgd"},
		"sgd decay":    {Name: "sgd", WeightDecay: 0.1},
		"sgd clip":     {Name: "sgd", Clip: 0.5},
		"momentum":     {Name: "momentum", Momentum: 0.9},
		"nesterov":     {Name: "nesterov", Momentum: 0.9, WeightDecay: 0.01},
		"adam":         {Name: "adam", Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8},
		"adam clip":    {Name: "adam", Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-3, Clip: 1},
		"adamw":        {Name: "adamw", Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, WeightDecay: 0.1},
		"adam epsilon": {Name: "adam", Beta1: 0.8, Beta2: 0.95, Epsilon: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			start := []float32{1, -2, 0.5, 3, -0.25}
			s := newStepper(t, cfg, start)
			r := &reference{cfg: cfg, m: make([]float64, size), v: make([]float64, size)}
			for _, p := range start {
				r.params = append(r.params, float64(p))
			}
			for step := range 25 {
				grads := make([]float32, size)
				for i := range grads {
					grads[i] = float32(math.Sin(float64(7*step+3*i))) * float32(i+1) / 2
				}
				rate := 0.1 / float64(step+1)
				s.update(grads, rate)
				r.update(grads, rate)
				for i, want := range r.params {
					if got := float64(s.params[i]); math.Abs(got-want) > 2e-5*(1+math.Abs(want)) {
						t.Fatalf("step %d, parameter %d: %v, the paper says %v", step+1, i, got, want)
					}
				}
			}
		})
	}
}

func TestNormIsBeforeClipping(t *testing.T) {
	s := newStepper(t, optim.Config{Name: "sgd", Clip: 0.1}, make([]float32, size))
	s.update([]float32{3, 4, 0, 0, 0}, 1)
	if math.Abs(float64(s.norm)-5) > 1e-5 {
		t.Errorf("norm %v, want 5", s.norm)
	}
	if got := math.Hypot(float64(s.params[0]), float64(s.params[1])); math.Abs(got-0.1) > 1e-6 {
		t.Errorf("the clipped step has length %v, want 0.1", got)
	}
}

func TestSchedules(t *testing.T) {
	at := func(s optim.Schedule, p optim.Position) float64 { return s.At(p) }
	for _, c := range []struct {
		name string
		s    optim.Schedule
		p    optim.Position
		want float64
	}{
		{"constant", optim.Schedule{Name: "constant"}, optim.Position{Step: 90, Steps: 100}, 1},
		{"cosine begins at one", optim.Schedule{Name: "cosine"}, optim.Position{Step: 0, Steps: 100}, 1},
		{"cosine half way", optim.Schedule{Name: "cosine"}, optim.Position{Step: 50, Steps: 100}, 0.5},
		{"cosine ends at zero", optim.Schedule{Name: "cosine"}, optim.Position{Step: 100, Steps: 100}, 0},
		{"cosine with a floor", optim.Schedule{Name: "cosine", Minimum: 0.2}, optim.Position{Step: 100, Steps: 100}, 0.2},
		{"warm-up", optim.Schedule{Name: "cosine", WarmUp: 10}, optim.Position{Step: 4, Steps: 100}, 0.5},
		{"cosine behind warm-up", optim.Schedule{Name: "cosine", WarmUp: 10}, optim.Position{Step: 55, Steps: 100}, 0.5},
		{"step", optim.Schedule{Name: "step", Every: 3, Factor: 0.1}, optim.Position{Epoch: 6}, 0.01},
		{"plateau", optim.Schedule{Name: "plateau", Every: 2, Factor: 0.5}, optim.Position{Drops: 2}, 0.25},
	} {
		if got := at(c.s, c.p); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: factor %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPlateauDropsAfterItsPatience(t *testing.T) {
	var p optim.Plateau
	for i, loss := range []float64{1, 0.9, 0.95, 0.91, 0.8, 0.85, 0.86} {
		p = p.Observe(loss, 2)
		want := []int{0, 0, 0, 1, 1, 1, 2}[i]
		if p.Drops != want {
			t.Errorf("epoch %d: %d drops, want %d", i+1, p.Drops, want)
		}
	}
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	for _, c := range []optim.Config{{Name: "adma"}, {Name: "adam", Beta1: 1}, {Name: "sgd", WeightDecay: -1}, {Name: "momentum", Momentum: 1.5}} {
		if c.Check() == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
	for _, s := range []optim.Schedule{{Name: "cos"}, {Name: "step"}, {Name: "plateau", Every: 1, Factor: 2}, {Name: "cosine", Minimum: 2}, {Name: "constant", WarmUp: -1}} {
		if s.Check() == nil {
			t.Errorf("%+v was accepted", s)
		}
	}
}
