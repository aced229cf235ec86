package evaluation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"athanor/app/evaluation"
	"athanor/app/training"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/chart"
	"athanor/pipeline/evaluate"
	"athanor/pipeline/train"
)

// trained trains a small model on data and returns its file.
func trained(t *testing.T, r train.Recipe) string {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	r.Threads, r.Seed = 2, 3
	out, err := training.Run(t.Context(), training.Request{Recipe: r, Dir: t.TempDir()}, func(train.Event) {})
	if err != nil {
		t.Fatal(err)
	}
	return out.Model
}

// passengers writes a table in which the label follows from two columns.
func passengers(t *testing.T, rows int, extra ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("age,sex,town,survived\n")
	for i := range rows {
		age, sex := 10+(i*7)%60, []string{"male", "female"}[i%2]
		yes := sex == "female" && age > 20 || i%17 == 0
		fmt.Fprintf(&b, "%d,%s,%s,%v\n", age, sex, []string{"Bonn", "Köln", ""}[i%3], map[bool]string{true: "yes", false: "no"}[yes])
	}
	for _, line := range extra {
		b.WriteString(line + "\n")
	}
	file := filepath.Join(t.TempDir(), "passengers.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func tableRecipe(file string) train.Recipe {
	return train.Recipe{Task: "table", Data: train.Data{Path: file, Label: "survived", Validation: 0.3}, Model: train.Model{Name: "table-mlp"}, Train: train.Loop{Epochs: 30, Batch: 16}}
}

// One table through everything: metrics, slices, fairness, report.
func TestTable(t *testing.T) {
	var villages []string // each with one passenger
	for i := range 12 {
		villages = append(villages, fmt.Sprintf("30,male,Village %d,no", i))
	}
	file := trained(t, tableRecipe(passengers(t, 388, villages...)))
	out, err := evaluation.Run(t.Context(), evaluation.Request{Model: file, Part: "all"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := out.Classification
	if c == nil || c.Accuracy < 0.85 || out.Samples != 400 || c.Detail == nil || c.Detail.MacroAUC < 0.8 {
		t.Fatalf("%d samples, %+v", out.Samples, c)
	}
	by := map[string]evaluation.Grouping{}
	for _, g := range out.Slices {
		by[g.By] = g
	}
	if n := len(by["sex"].Slices); n != 2 {
		t.Errorf("sex has %d slices, want 2: %+v", n, by["sex"])
	}
	if n := len(by["age"].Slices); n != 4 {
		t.Errorf("age has %d quarters, want 4: %+v", n, by["age"])
	}
	if towns := by["town"].Slices; len(towns) != 4 || !slices.ContainsFunc(towns, func(s evaluate.Slice) bool { return s.Value == evaluation.Rare && s.Samples == 12 }) {
		t.Errorf("villages of one passenger are not joined: %+v", towns)
	}
	asked, err := evaluation.Run(t.Context(), evaluation.Request{Model: file, Part: "all", Slices: []string{"town"}, Quick: true}, nil)
	if err != nil || len(asked.Slices[0].Slices) != 15 {
		t.Errorf("asked for each town: %+v, %v", asked.Slices, err)
	}
	gap := 0.0
	for _, g := range out.Gaps {
		if g.By == "sex" {
			gap = max(gap, g.Gap)
		}
	}
	if gap < 0.5 {
		t.Errorf("sex decides, yet the widest gap is %v", gap)
	}
	if out.Baseline == nil || out.Baseline.Accuracy < 0.6 || out.Baseline.Accuracy > c.Accuracy+0.05 {
		t.Errorf("baseline %+v beside %v", out.Baseline, c.Accuracy)
	}
	if len(out.Robustness) == 0 || out.Robustness[1].After >= out.Robustness[1].Before {
		t.Errorf("empty cells do no harm: %+v", out.Robustness)
	}
	checkReport(t, &out)
	checkChinese(t, &out)
}

func checkReport(t *testing.T, out *evaluation.Outcome) {
	t.Helper()
	page := filepath.Join(t.TempDir(), "report.html")
	if err := out.WriteReport(t.Context(), page, "en"); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"http://", "https://", "src=\"/", "<script"} {
		if bytes.Contains(html, []byte(address)) {
			t.Errorf("the report reaches outside itself: %q", address)
		}
	}
	if !bytes.Contains(html, []byte("data:image/svg")) {
		t.Error("the report has no charts")
	}
	text, err := json.Marshal(out)
	if err != nil || !bytes.Contains(text, []byte(`"auc_macro"`)) {
		t.Errorf("JSON: %v, %.200s", err, text)
	}
}

// checkChinese looks for English between the tags of the Chinese report: two words
// side by side, or a heading that stayed as it is.
func checkChinese(t *testing.T, out *evaluation.Outcome) {
	t.Helper()
	page := filepath.Join(t.TempDir(), "report.html")
	if err := out.WriteReport(t.Context(), page, "zh_CN.UTF-8"); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(html), "</style>")
	text := strings.ReplaceAll(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, "\n"), out.Data, "")
	for _, m := range out.Worst {
		text = strings.ReplaceAll(text, m.Text, "")
	}
	for _, english := range regexp.MustCompile(`(?m)[A-Za-z]{2,} [a-z]{2,}.*$|^(accuracy|class|samples|value|training)$|%!`).FindAllString(text, -1) {
		t.Errorf("the Chinese report says %q", english)
	}
	for _, want := range []string{"数值", "切片，最差的在前", "受扰动的样本", "最严重的错误", "没有可读取的功耗计数器|千次推理", `lang="zh"`} {
		if !regexp.MustCompile(want).Match(html) {
			t.Errorf("the Chinese report does not say %q", want)
		}
	}
}

func TestValueWithoutSamples(t *testing.T) {
	file := trained(t, tableRecipe(passengers(t, 200)))
	out, err := evaluation.Run(t.Context(), evaluation.Request{Model: file, Slices: []string{"town=Paris"}, Quick: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out.Part != "validation" {
		t.Errorf("part %q: without a test part the validation part is measured", out.Part)
	}
	list := out.Slices[0].Slices
	if last := list[len(list)-1]; last.Value != "Paris" || last.Samples != 0 || last.Accuracy != 0 {
		t.Errorf("the empty slice is %+v", last)
	}
	if _, err := evaluation.Run(t.Context(), evaluation.Request{Model: file, Slices: []string{"colour"}, Quick: true}, nil); !errors.Is(err, evaluation.ErrMismatch) || !strings.Contains(err.Error(), "town") {
		t.Errorf("a column that is not there: %v", err)
	}
}

// A class the model never saw is counted, named, and left out of the numbers.
func TestUnseenClasses(t *testing.T) {
	file := trained(t, tableRecipe(passengers(t, 200)))
	other := passengers(t, 100, "30,male,Bonn,perhaps", "31,female,Bonn,perhaps")
	out, err := evaluation.Run(t.Context(), evaluation.Request{Model: file, Data: other, Quick: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out.Unseen["perhaps"] != 2 || out.Samples != 100 || len(out.Notes) == 0 || !strings.Contains(out.Notes[0].String(), "perhaps") {
		t.Errorf("unseen %v, %d samples, notes %q", out.Unseen, out.Samples, out.Notes)
	}
	all := filepath.Join(t.TempDir(), "other.csv")
	if err := os.WriteFile(all, []byte("age,sex,town,survived\n1,male,Bonn,left\n2,male,Bonn,right\n3,male,Köln,left\n4,male,Köln,right\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := evaluation.Run(t.Context(), evaluation.Request{Model: file, Data: all, Quick: true}, nil); !errors.Is(err, evaluation.ErrMismatch) {
		t.Errorf("only unseen classes: %v", err)
	}
}

// Texts are asked with the model's own tokenizer, whatever data they come from.
func TestTextsOfOtherData(t *testing.T) {
	write := func(name string, n, from int) string {
		var b strings.Builder
		b.WriteString("review,label\n")
		for i := from; i < from+n; i++ {
			// Words of its own keep each text from being a near duplicate of the others.
			own := rand.New(rand.NewPCG(1, uint64(i)))
			about := fmt.Sprintf("%x %x %x %x", own.Uint32(), own.Uint32(), own.Uint32(), own.Uint32())
			if i%2 == 0 {
				fmt.Fprintf(&b, "good and fine %s,positive\n", about)
			} else {
				fmt.Fprintf(&b, "bad and broken %s,negative\n", about)
			}
		}
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	r := train.Recipe{Task: "text", Data: train.Data{Path: write("a.csv", 300, 0), Label: "label", Text: "review"}, Model: train.Model{Name: "ngram"}, Train: train.Loop{Epochs: 6, Batch: 16}}
	r.Optimizer.LearningRate = 0.02
	file := trained(t, r)
	out, err := evaluation.Run(t.Context(), evaluation.Request{Model: file, Data: write("b.csv", 90, 1000)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out.Classification.Accuracy < 0.99 || out.Part != "all" {
		t.Errorf("accuracy %v of part %s", out.Classification.Accuracy, out.Part)
	}
	if out.Baseline == nil || out.Baseline.Accuracy < 0.9 {
		t.Errorf("baseline %+v", out.Baseline)
	}
	if len(out.Slices) != 2 || out.Slices[0].By != evaluation.Length || out.Slices[1].By != evaluation.Language {
		t.Errorf("slices %+v", out.Slices)
	}
}

func TestRegression(t *testing.T) {
	var b strings.Builder
	b.WriteString("size,rooms,price\n")
	for i := range 300 {
		size, rooms := 20+(i*13)%100, 1+i%5
		fmt.Fprintf(&b, "%d,%d,%.1f\n", size, rooms, float64(size)*2.5+float64(rooms)*10+float64(i%7)/10)
	}
	data := filepath.Join(t.TempDir(), "flats.csv")
	if err := os.WriteFile(data, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	file := trained(t, train.Recipe{Task: "table", Data: train.Data{Path: data, Label: "price"}, Model: train.Model{Name: "table-mlp"}, Train: train.Loop{Epochs: 60, Batch: 16}})
	out, err := evaluation.Run(t.Context(), evaluation.Request{Model: file, Part: "all"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := out.Regression
	if r == nil || r.R2 < 0.95 || r.Residuals == nil || r.MaxError <= r.MAE || r.MedianAE <= 0 {
		t.Fatalf("%+v", r)
	}
	if out.Baseline == nil || out.Baseline.R2 < 0.99 {
		t.Errorf("a line explains these prices, the baseline is %+v", out.Baseline)
	}
	if plots := out.Charts(chart.Light(), func(s string) string { return s }); plots.Residuals == nil || plots.Errors == nil || plots.ROC != nil {
		t.Errorf("charts %+v", plots)
	}
	checkChinese(t, &out)
}

// A calibrated copy answers with the same class and a smaller loss.
func TestCalibrate(t *testing.T) {
	r := train.Recipe{Task: "image", Data: train.Data{Path: "digits"}, Model: train.Model{Name: "mlp", Hidden: []int{32}}, Train: train.Loop{Epochs: 4, Batch: 64}}
	r.Optimizer.LabelSmoothing = 0.3 // makes the model unsure
	file := trained(t, r)
	to := filepath.Join(filepath.Dir(file), "calibrated.onnx")
	fitted, err := evaluation.Calibrate(t.Context(), evaluation.Request{Model: file}, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	if fitted.Value > 0.9 || fitted.LossAfter >= fitted.LossBefore || fitted.ErrorAfter >= fitted.ErrorBefore {
		t.Fatalf("an unsure model got %+v", fitted)
	}
	measure := func(path string) evaluation.Outcome {
		out, err := evaluation.Run(t.Context(), evaluation.Request{Model: path, Part: "validation", Quick: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	before, after := measure(file), measure(to)
	if before.Classification.Accuracy != after.Classification.Accuracy {
		t.Errorf("accuracy %v became %v", before.Classification.Accuracy, after.Classification.Accuracy)
	}
	if d := math.Abs(after.Classification.Loss - fitted.LossAfter); d > 1e-3 {
		t.Errorf("the copy's loss is %v, fitted were %v", after.Classification.Loss, fitted.LossAfter)
	}
	again, err := evaluation.Calibrate(t.Context(), evaluation.Request{Model: to}, to, nil)
	if err != nil || math.Abs(again.Value-1) > 0.02 {
		t.Errorf("a calibrated model got %+v, %v", again, err)
	}
}

func TestCancelled(t *testing.T) {
	file := trained(t, tableRecipe(passengers(t, 100)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := evaluation.Run(ctx, evaluation.Request{Model: file}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestForeignModelIsRefused(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	path := testenv.SharedData(t, "onnx-small", "mnist.onnx")
	if _, err := evaluation.Run(t.Context(), evaluation.Request{Model: path}, nil); !errors.Is(err, evaluation.ErrMismatch) {
		t.Errorf("a model that does not say how its samples are prepared: %v", err)
	}
	if _, err := evaluation.Run(t.Context(), evaluation.Request{Model: filepath.Join(t.TempDir(), "none.onnx")}, nil); err == nil {
		t.Error("a missing file was measured")
	}
}
