package explanation_test

import (
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/app/evaluation"
	"athanor/app/explanation"
	"athanor/app/training"
	"athanor/inference/attribution"
	"athanor/inference/model"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
)

func trained(t testing.TB, r train.Recipe) string {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	r.Threads, r.Seed = 2, 3
	out, err := training.Run(t.Context(), training.Request{Recipe: r, Dir: t.TempDir()}, func(train.Event) {})
	if err != nil {
		t.Fatal(err)
	}
	return out.Model
}

func opened(t testing.TB, path string) *explanation.Explainer {
	t.Helper()
	e, err := explanation.Open(path, model.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func digits(t testing.TB, e *explanation.Explainer, path string) *evaluation.Samples {
	t.Helper()
	s, err := evaluation.OpenSamples(t.Context(), e.Model, evaluation.Request{Model: path, Part: "validation"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pictureAt(t testing.TB, s *evaluation.Samples, i int) image.Image {
	t.Helper()
	img, err := s.Picture(t.Context(), i)
	if err != nil || img == nil {
		t.Fatal(img, err)
	}
	return img
}

// Attributions of pictures sum to the difference of outputs within 1 %, and lie
// on the ink.
func TestPicturesAreExplainedCompletely(t *testing.T) {
	for _, name := range []string{"mlp", "cnn"} {
		t.Run(name, func(t *testing.T) {
			r := train.Recipe{Task: "image", Data: train.Data{Path: "digits"}, Model: train.Model{Name: name}, Train: train.Loop{Epochs: 2, Batch: 64}}
			if name == "cnn" {
				r.Model.Channels, r.Train.Epochs = []int{8, 8}, 1
			} else {
				r.Model.Hidden = []int{32}
			}
			path := trained(t, r)
			e := opened(t, path)
			s := digits(t, e, path)
			for i := range 12 {
				img := pictureAt(t, s, i*7)
				why, err := attribution.Explain(t.Context(), e.Model, e.Graph, img, attribution.Integrated, -1)
				if err != nil {
					t.Fatal(err)
				}
				if off := why.Complete.Error(); off > attribution.Tolerance {
					t.Errorf("sample %d: off by %.2f %% after %d steps: %+v", i, 100*off, why.Complete.Steps, why.Complete)
				}
				sum := 0.0
				for k, v := range why.Values {
					sum += float64(v)
					if v != 0 && img.(*image.Gray).Pix[k] == 0 {
						t.Fatalf("black pixel %d has the attribution %v, though it is as in the baseline", k, v)
					}
				}
				if math.Abs(sum-why.Complete.Sum) > 1e-3*math.Abs(sum)+1e-3 {
					t.Errorf("pixels sum to %v, said was %v", sum, why.Complete.Sum)
				}
			}
			fastIsAsPlain(t, e, path, pictureAt(t, s, 2), name == "cnn")
			otherMethods(t, e, pictureAt(t, s, 1), name == "cnn")
			if name == "cnn" {
				mapsSaySomething(t, e, s)
			}
		})
	}
}

// What is opened uses operators of Athanor's own; the graph beside the model is
// plain ONNX for every device. Both tell the same.
func fastIsAsPlain(t *testing.T, e *explanation.Explainer, path string, img image.Image, maps bool) {
	t.Helper()
	plain, err := attribution.Open(path, model.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	methods := []attribution.Method{attribution.Integrated, attribution.Smooth}
	if maps {
		methods = append(methods, attribution.CAM)
	}
	for _, method := range methods {
		want, err := attribution.Explain(t.Context(), e.Model, plain, img, method, -1)
		if err != nil {
			t.Fatal(method, err)
		}
		got, err := attribution.Explain(t.Context(), e.Model, e.Graph, img, method, -1)
		if err != nil {
			t.Fatal(method, err)
		}
		largest := 0.0
		for _, v := range want.Values {
			largest = max(largest, math.Abs(float64(v)))
		}
		for i, v := range want.Values {
			if math.Abs(float64(v-got.Values[i])) > 1e-3*largest {
				t.Fatalf("%s: pixel %d has %v by own operators, %v by plain ones", method, i, got.Values[i], v)
			}
		}
	}
}

func otherMethods(t *testing.T, e *explanation.Explainer, img image.Image, maps bool) {
	t.Helper()
	for _, method := range []attribution.Method{attribution.Smooth, attribution.CAM, attribution.Occlusion} {
		why, err := attribution.Explain(t.Context(), e.Model, e.Graph, img, method, -1)
		if method == attribution.CAM && !maps {
			if !errors.Is(err, model.ErrInput) {
				t.Errorf("Grad-CAM without convolutions: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(method, err)
		}
		some := 0
		for _, v := range why.Values {
			if v != 0 {
				some++
			}
		}
		if len(why.Values) != 28*28 || some < 20 && method != attribution.CAM {
			t.Errorf("%s: %d of %d pixels have a value", method, some, len(why.Values))
		}
		if b := why.Heat(img, 280).Bounds(); b.Dx() != 280 || b.Dy() != 280 {
			t.Errorf("heat of %v", b)
		}
	}
	if _, err := attribution.Explain(t.Context(), e.Model, e.Graph, img, attribution.Integrated, 99); !errors.Is(err, model.ErrInput) {
		t.Errorf("class 99: %v", err)
	}
	if _, err := attribution.Explain(t.Context(), e.Model, e.Graph, img, "magic", 0); !errors.Is(err, model.ErrInput) {
		t.Errorf("an unknown method: %v", err)
	}
}

// Grad-CAM keeps only what speaks for a class, which may be nothing for one
// sample, but not for all.
func mapsSaySomething(t *testing.T, e *explanation.Explainer, s *evaluation.Samples) {
	t.Helper()
	some := 0
	for i := range 10 {
		why, err := attribution.Explain(t.Context(), e.Model, e.Graph, pictureAt(t, s, i), attribution.CAM, -1)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range why.Values {
			if v < 0 {
				t.Fatalf("Grad-CAM of %v", v)
			}
		}
		if slices.Max(why.Values) > 0 {
			some++
		}
	}
	if some < 9 {
		t.Errorf("Grad-CAM says something about %d of 10 samples", some)
	}
}

// The nearest training sample of a training sample is itself; most of the others
// share its class.
func TestNearest(t *testing.T) {
	path := trained(t, train.Recipe{Task: "image", Data: train.Data{Path: "digits"}, Model: train.Model{Name: "mlp", Hidden: []int{32}}, Train: train.Loop{Epochs: 2, Batch: 64}})
	e := opened(t, path)
	s := digits(t, e, path)
	same := 0
	for i := range 10 {
		sample, err := e.Model.EncodeImage(pictureAt(t, s, i*11))
		if err != nil {
			t.Fatal(err)
		}
		near, err := e.Nearest(t.Context(), sample, 3, nil)
		if err != nil || len(near) != 3 || near[0].Similarity < near[2].Similarity {
			t.Fatal(near, err)
		}
		if near[0].Label == s.Label(i*11, e.Model.Info().Labels) {
			same++
		}
	}
	if same < 8 {
		t.Errorf("the nearest has the same class for %d of 10", same)
	}
	train := e.Samples()
	sample, err := e.Model.EncodeImage(pictureAt(t, train, 17))
	if err != nil {
		t.Fatal(err)
	}
	near, err := e.Nearest(t.Context(), sample, 1, nil)
	if err != nil || near[0].Sample != 17 || near[0].Similarity < 0.9999 {
		t.Errorf("the nearest to sample 17 is %+v, %v", near, err)
	}
}

func people(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("age,sex,noise,survived\n")
	for i := range 300 {
		age, sex := 10+(i*7)%60, []string{"male", "female"}[i%2]
		fmt.Fprintf(&b, "%d,%s,%d,%v\n", age, sex, (i*31)%50, sex == "female")
	}
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRowsAreExplained(t *testing.T) {
	path := trained(t, train.Recipe{Task: "table", Data: train.Data{Path: people(t), Label: "survived"}, Model: train.Model{Name: "table-mlp"}, Train: train.Loop{Epochs: 30, Batch: 16}})
	e := opened(t, path)
	background, err := e.Background(t.Context())
	if err != nil || len(background) < 50 {
		t.Fatal(len(background), err)
	}
	row := attribution.Row{"age": "30", "sex": "male", "noise": "7"}
	columns, complete, err := attribution.Columns(t.Context(), e.Model, row, background, -1)
	if err != nil {
		t.Fatal(err)
	}
	if columns[0].Name != "sex" || columns[0].Share < 0.3 || complete.Error() > 1e-4 {
		t.Errorf("%+v, complete %+v", columns, complete)
	}
	change, ok, err := attribution.WhatWouldChange(t.Context(), e.Model, row, background, -1)
	if err != nil || !ok || len(change.Changes) != 1 || change.Changes[0].To != "female" {
		t.Errorf("what would change: %+v, %v, %v", change, ok, err)
	}
	row["sex"] = "female"
	if now, _ := e.Model.Rows(t.Context(), row); now[0].Top(1)[0].Index != change.Class {
		t.Errorf("the counterfactual is not answered with class %d: %+v", change.Class, now)
	}
	points, err := attribution.Dependence(t.Context(), e.Model, background, "sex", 1)
	if err != nil || len(points) != 2 || math.Abs(points[0].Output-points[1].Output) < 0.5 {
		t.Errorf("dependence %+v, %v", points, err)
	}
	if _, err := attribution.Dependence(t.Context(), e.Model, background, "colour", 1); !errors.Is(err, model.ErrInput) {
		t.Errorf("a column that is not there: %v", err)
	}
	if _, _, err := attribution.Columns(t.Context(), e.Model, row, nil, -1); !errors.Is(err, model.ErrInput) {
		t.Errorf("no background: %v", err)
	}
}

// A graph of an older model is made anew; the model's own file stays as it is.
func TestGraphOfAnotherModel(t *testing.T) {
	path := trained(t, train.Recipe{Task: "image", Data: train.Data{Path: "digits"}, Model: train.Model{Name: "mlp", Hidden: []int{8}}, Train: train.Loop{Epochs: 1, Batch: 64}})
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	opened(t, path)
	if err := os.WriteFile(attribution.Path(path), []byte("nothing"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := attribution.Open(path, model.Options{}); !errors.Is(err, attribution.ErrNoGraph) {
		t.Errorf("a damaged graph: %v", err)
	}
	e := opened(t, path)
	if e.Graph == nil {
		t.Error("the damaged graph was not made anew")
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Error("explaining changed the model")
	}
}

func TestTreesHaveNoGradients(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	path := testenv.SharedData(t, "onnx-small", "sklearn_randomforest.onnx")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "forest.onnx")
	if err := os.WriteFile(copied, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	if e := opened(t, copied); e.Graph != nil {
		t.Error("a forest has gradients")
	}
}

// BenchmarkIntegratedGradients explains one digit with 64 steps by the
// convolutional network of the digits' recipe.
func BenchmarkIntegratedGradients(b *testing.B) {
	path := trained(b, train.Recipe{Task: "image", Data: train.Data{Path: "digits"}, Model: train.Model{Name: "cnn"}, Train: train.Loop{Epochs: 1, Batch: 64}})
	e := opened(b, path)
	img := pictureAt(b, digits(b, e, path), 5)
	for b.Loop() {
		if _, err := attribution.Explain(b.Context(), e.Model, e.Graph, img, attribution.Integrated, 3); err != nil {
			b.Fatal(err)
		}
	}
}
