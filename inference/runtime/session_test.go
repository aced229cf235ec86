package runtime_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// model is a graph of the given nodes.
func model(t *testing.T, in, out []*onnx.ValueInfo, constants []*onnx.Tensor, nodes ...*onnx.Node) []byte {
	t.Helper()
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 18}}, Graph: &onnx.Graph{
		Name: "test", Nodes: nodes, Inputs: in, Outputs: out, Initializers: constants,
	}}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// identity passes a value of one type through; its shape is left open.
func identity(t *testing.T, kind onnx.DataType, shape ...onnx.Dim) []byte {
	t.Helper()
	return model(t, []*onnx.ValueInfo{onnx.TensorValue("x", kind, shape...)}, []*onnx.ValueInfo{{
		Name: "y", Type: &onnx.Type{Tensor: &onnx.TensorType{Elem: kind}},
	}}, nil, &onnx.Node{OpType: "Identity", Inputs: []string{"x"}, Outputs: []string{"y"}})
}

func open(t *testing.T, data []byte) *runtime.Session {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	s, err := runtime.NewSession(data, runtime.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestEveryElementType sends every bit of each type and rank through the
// runtime, into outputs that it allocates and into outputs that are given.
func TestEveryElementType(t *testing.T) {
	kinds := []onnx.DataType{
		onnx.Float, onnx.Double, onnx.Float16, onnx.BFloat16, onnx.Bool, onnx.Int8, onnx.Uint8, onnx.Int16, onnx.Uint16, onnx.Int32, onnx.Uint32, onnx.Int64, onnx.Uint64,
	}
	shapes := [][]int64{{}, {1}, {5}, {2, 3}, {2, 1, 3, 1}, {0, 3}}
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			for _, shape := range shapes {
				passThrough(t, kind, shape)
			}
		})
	}
}

func passThrough(t *testing.T, kind onnx.DataType, shape []int64) {
	t.Helper()
	s := open(t, identity(t, kind, onnx.Dims(shape...)...))
	x, err := runtime.NewZeros(kind, shape)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for i := range x.Bytes() {
		x.Bytes()[i] = byte(37*i + 1)
		if kind == onnx.Bool {
			x.Bytes()[i] = byte(i % 2)
		}
	}
	given, err := runtime.NewZeros(kind, shape)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range [][]*runtime.Tensor{{nil}, {given}} {
		if err := s.Run(context.Background(), []*runtime.Tensor{x}, out); err != nil {
			t.Fatalf("shape %v: %v", shape, err)
		}
		if out[0].Type() != kind || !slices.Equal(out[0].Shape(), shape) || !slices.Equal(out[0].Bytes(), x.Bytes()) {
			t.Errorf("shape %v came back as %v %v with %x, want %x", shape, out[0].Type(), out[0].Shape(), out[0].Bytes(), x.Bytes())
		}
		out[0].Close()
	}
}

func TestStrings(t *testing.T) {
	s := open(t, identity(t, onnx.String, onnx.Named("N")))
	for _, texts := range [][]string{{"a", "", "炼金炉", strings.Repeat("x", 10000)}, {"a\x00b", "\x00", "\xff\x00\xfe"}, {""}, {}} {
		x, err := runtime.NewStrings([]int64{int64(len(texts))}, texts)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]*runtime.Tensor, 1)
		if err := s.Run(context.Background(), []*runtime.Tensor{x}, out); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(out[0].Strings(), texts) {
			t.Errorf("%q came back as %q", texts, out[0].Strings())
		}
		x.Close()
		out[0].Close()
	}
}

func TestATensorOverMemory(t *testing.T) {
	s := open(t, identity(t, onnx.Int16, onnx.Named("N")))
	raw := runtime.Buffer(8)
	copy(raw, []byte{1, 0, 2, 0, 3, 0, 0xff, 0xff})
	for _, n := range []int{4, 2} {
		x, err := runtime.Over(onnx.Int16, []int64{int64(n)}, raw[:2*n])
		if err != nil {
			t.Fatal(err)
		}
		out := make([]*runtime.Tensor, 1)
		if err := s.Run(context.Background(), []*runtime.Tensor{x}, out); err != nil {
			t.Fatal(err)
		}
		if got := runtime.Data[int16](out[0]); !slices.Equal(got, []int16{1, 2, 3, -1}[:n]) {
			t.Errorf("got %v", got)
		}
		x.Close()
		out[0].Close()
	}
	for name, c := range map[string]struct {
		kind onnx.DataType
		raw  []byte
	}{"too long": {onnx.Int16, raw}, "too short": {onnx.Int16, raw[:2]}, "not aligned": {onnx.Int16, raw[2:6]}, "texts": {onnx.String, raw[:4]}} {
		if x, err := runtime.Over(c.kind, []int64{2}, c.raw); err == nil {
			x.Close()
			t.Errorf("%s: taken", name)
		}
	}
}

func TestScalarArithmetic(t *testing.T) {
	scalar := func(name string) *onnx.ValueInfo { return onnx.TensorValue(name, onnx.Float) }
	s := open(t, model(t, []*onnx.ValueInfo{scalar("x")}, []*onnx.ValueInfo{scalar("y")}, []*onnx.Tensor{onnx.FloatScalar("c", 3)},
		&onnx.Node{OpType: "Mul", Inputs: []string{"x", "c"}, Outputs: []string{"y"}}))
	x, err := runtime.NewTensor([]int64{}, []float32{14})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for want := float32(42); want < 50; want += 3 {
		out := make([]*runtime.Tensor, 1)
		if err := s.Run(context.Background(), []*runtime.Tensor{x}, out); err != nil {
			t.Fatal(err)
		}
		if got := runtime.Data[float32](out[0])[0]; got != want || len(out[0].Shape()) != 0 {
			t.Errorf("got %v of shape %v, want %v", got, out[0].Shape(), want)
		}
		out[0].Close()
		runtime.Data[float32](x)[0]++ // a scalar is rewritten like any tensor
	}
}

func TestPortsTellNamesTypesAndShapes(t *testing.T) {
	s := open(t, model(t,
		[]*onnx.ValueInfo{onnx.TensorValue("图像", onnx.Float, onnx.Named("N"), onnx.Fixed(3)), onnx.TensorValue("k", onnx.Int64)},
		[]*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, onnx.Named("N"), onnx.Fixed(3)), onnx.TensorValue("k2", onnx.Int64)}, nil,
		&onnx.Node{OpType: "Relu", Inputs: []string{"图像"}, Outputs: []string{"y"}},
		&onnx.Node{OpType: "Identity", Inputs: []string{"k"}, Outputs: []string{"k2"}}))
	in, out := s.Inputs(), s.Outputs()
	if len(in) != 2 || in[0].Name != "图像" || in[0].Type != onnx.Float || !slices.Equal(in[0].Shape, []int64{-1, 3}) {
		t.Errorf("inputs %v", in)
	}
	if len(out) != 2 || out[1].Name != "k2" || out[1].Type != onnx.Int64 || len(out[1].Shape) != 0 {
		t.Errorf("outputs %v", out)
	}
}

func TestRunRefusesMisuse(t *testing.T) {
	s := open(t, identity(t, onnx.Float, onnx.Fixed(2)))
	good, _ := runtime.NewTensor([]int64{2}, []float32{1, 2})
	defer good.Close()
	wide, _ := runtime.NewTensor([]int64{3}, []float32{1, 2, 3})
	defer wide.Close()
	double, _ := runtime.NewTensor([]int64{2}, []float64{1, 2})
	defer double.Close()
	closed, _ := runtime.NewTensor([]int64{2}, []float32{1, 2})
	closed.Close()
	closed.Close() // closing twice does nothing
	one := make([]*runtime.Tensor, 1)
	for name, c := range map[string]struct{ in, out []*runtime.Tensor }{
		"missing input": {[]*runtime.Tensor{nil}, one}, "closed input": {[]*runtime.Tensor{closed}, one},
		"too few inputs": {nil, one}, "too many outputs": {[]*runtime.Tensor{good}, make([]*runtime.Tensor, 2)},
		"wrong shape": {[]*runtime.Tensor{wide}, one}, "wrong type": {[]*runtime.Tensor{double}, one},
		"closed output": {[]*runtime.Tensor{good}, []*runtime.Tensor{closed}}, "wrong output shape": {[]*runtime.Tensor{good}, []*runtime.Tensor{wide}},
	} {
		if err := s.Run(context.Background(), c.in, c.out); err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.HasPrefix(name, "closed") && !errors.Is(err, runtime.ErrClosed) {
			t.Errorf("%s: %v is not ErrClosed", name, err)
		}
	}
	s.Close()
	if err := s.Run(context.Background(), []*runtime.Tensor{good}, one); !errors.Is(err, runtime.ErrClosed) {
		t.Errorf("a closed session ran: %v", err)
	}
}

func TestTensorsRefuseImpossibleShapes(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for _, shape := range [][]int64{{-1}, {math.MaxInt64, 2}, {1 << 31, 1 << 31}} {
		if _, err := runtime.NewZeros(onnx.Float, shape); err == nil {
			t.Errorf("shape %v was taken", shape)
		}
	}
	if _, err := runtime.NewTensor([]int64{2, 2}, []float32{1, 2, 3}); err == nil {
		t.Error("three elements filled a tensor of four")
	}
	if _, err := runtime.NewZeros(onnx.Complex64, []int64{1}); err == nil {
		t.Error("complex numbers were taken")
	}
}

func TestBrokenModelsAreRefused(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	valid := identity(t, onnx.Float, onnx.Fixed(2))
	for name, data := range map[string][]byte{"empty": {}, "text": []byte("no model"), "cut": valid[:len(valid)/2]} {
		if s, err := runtime.NewSession(data, runtime.Options{}); err == nil {
			s.Close()
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := runtime.OpenSession(filepath.Join(t.TempDir(), "absent.onnx"), runtime.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
	if _, err := runtime.NewSession(valid, runtime.Options{Device: "abacus"}); !errors.Is(err, runtime.ErrDevice) {
		t.Errorf("unknown device: %v", err)
	}
}

// counting loops a product until the runtime is told to stop.
func counting(t *testing.T, rounds int64) []byte {
	t.Helper()
	square := []onnx.Dim{onnx.Fixed(64), onnx.Fixed(64)}
	body := &onnx.Graph{
		Name:    "body",
		Inputs:  []*onnx.ValueInfo{onnx.TensorValue("i", onnx.Int64), onnx.TensorValue("go", onnx.Bool), onnx.TensorValue("a", onnx.Float, square...)},
		Outputs: []*onnx.ValueInfo{onnx.TensorValue("go2", onnx.Bool), onnx.TensorValue("b", onnx.Float, square...)},
		Nodes: []*onnx.Node{
			{OpType: "Identity", Inputs: []string{"go"}, Outputs: []string{"go2"}},
			{OpType: "MatMul", Inputs: []string{"a", "a"}, Outputs: []string{"b"}},
		},
	}
	return model(t, []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, square...)}, []*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, square...)},
		[]*onnx.Tensor{onnx.Int64Scalar("rounds", rounds), onnx.BoolTensor("yes", nil, []bool{true})},
		&onnx.Node{OpType: "Loop", Inputs: []string{"rounds", "yes", "x"}, Outputs: []string{"y"}, Attrs: []*onnx.Attribute{onnx.GraphAttr("body", body)}})
}

func TestCancelEndsARun(t *testing.T) {
	s := open(t, counting(t, math.MaxInt32))
	x, err := runtime.NewZeros(onnx.Float, []int64{64, 64})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := s.Run(ctx, []*runtime.Tensor{x}, make([]*runtime.Tensor, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a run without end returned %v", err)
	}
	if err := s.Run(ctx, []*runtime.Tensor{x}, make([]*runtime.Tensor, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a run with an ended context returned %v", err)
	}
}

// TestRunsFromSeveralGoroutines shares one session; some runs are cancelled.
func TestRunsFromSeveralGoroutines(t *testing.T) {
	s := open(t, counting(t, 20))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			x, err := runtime.NewZeros(onnx.Float, []int64{64, 64})
			if err != nil {
				t.Error(err)
				return
			}
			defer x.Close()
			for i := range 30 {
				ctx, cancel := context.WithCancel(context.Background())
				if i%3 == 0 {
					go cancel()
				}
				out := make([]*runtime.Tensor, 1)
				if err := s.Run(ctx, []*runtime.Tensor{x}, out); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				out[0].Close()
				cancel()
			}
		})
	}
	all.Wait()
}

// TestRealModels opens what others exported: a CNTK network and its float16 form.
func TestRealModels(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for _, name := range []string{"mnist.onnx", "mnist_float16.onnx"} {
		path := testenv.SharedData(t, "onnx-small", name)
		s, err := runtime.OpenSession(path, runtime.Options{})
		if err != nil {
			t.Fatal(err)
		}
		in := s.Inputs()[0]
		x, err := runtime.NewZeros(in.Type, in.Shape)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]*runtime.Tensor, 1)
		if err := s.Run(context.Background(), []*runtime.Tensor{x}, out); err != nil {
			t.Fatal(err)
		}
		scores, err := (&onnx.Tensor{Type: out[0].Type(), Dims: out[0].Shape(), Raw: out[0].Bytes()}).Float64s()
		if err != nil || len(scores) != 10 || slices.Max(scores) == slices.Min(scores) {
			t.Errorf("%s: scores %v, %v", name, scores, err)
		}
		x.Close()
		out[0].Close()
		s.Close()
	}
}
