package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"athanor/inference/testenv"
	"athanor/pipeline/train"
)

func TestReadEventsKeepsEpochsAndTheEnd(t *testing.T) {
	in := strings.NewReader(`noise
{"event":"epoch","epoch":1,"samples_per_second":10}
{"event":"epoch","epoch":2,"samples_per_second":100}
{"event":"epoch","epoch":3,"samples_per_second":300}
{"event":"done","test_accuracy":0.98,"samples_per_second":7}
`)
	o, err := readEvents(in)
	if err != nil {
		t.Fatal(err)
	}
	if got := o.samplesPerSecond(); got != 200 || o.done.TestAccuracy != 0.98 {
		t.Errorf("%v samples/s, accuracy %v; want 200 without the first epoch, and 0.98", got, o.done.TestAccuracy)
	}
}

func TestSpeedIsThatOfTheWholeEpoch(t *testing.T) {
	o, err := readEvents(strings.NewReader(`{"event":"start","train":1000}
{"event":"epoch","epoch":1,"seconds":9,"samples_per_second":1}
{"event":"epoch","epoch":2,"seconds":2,"samples_per_second":1}
{"event":"done"}`))
	if got := o.samplesPerSecond(); err != nil || got != 500 {
		t.Errorf("%v samples/s, error %v; want 500", got, err)
	}
}

func TestRunWithoutAnEndIsAnError(t *testing.T) {
	if _, err := readEvents(strings.NewReader(`{"event":"epoch","epoch":1}`)); err == nil {
		t.Error("want an error")
	}
}

func TestRatiosAreTakenWithinARoundToTheFasterRival(t *testing.T) {
	l := laps{athanor: {100, 100, 50}, kerasXLA: {10, 50, 10}, kerasOff: {20, 25, 5}}
	got := l.against(kerasXLA, kerasOff)
	want := []float64{5, 2, 5}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("round %d: %v, want %v", i+1, got[i], want[i])
		}
	}
	if row := ratioRow(race{model: "mlp"}, "Keras", got, 5); row[6] != "reached" || row[4] != "2.00× to 5.00×" {
		t.Errorf("row %q", row)
	}
}

func TestReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "RESULTS.md")
	err := writeReport(path, table{head: []string{"machine", ""}}, []section{
		{title: "Speed", text: "How.", tables: []table{{head: []string{"a", "b"}, rows: [][]string{{"1", thousands(1234567)}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again := []section{{title: "Start", text: "New."}, {title: "Speed", when: "Later.", text: "How."}}
	if err := writeReport(path, table{head: []string{"machine", ""}}, again); err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "\n## Speed\n\nLater.\n\nHow.\n\n## Start\n\nNew.\n"; !strings.HasSuffix(string(second), want) || strings.Contains(string(second), "1,234,567") {
		t.Errorf("the second report is\n%s\nwant at its end\n%s", second, want)
	}
	for _, want := range []string{"## Speed\n\nHow.\n\n| a | b |\n| --- | --- |\n| 1 | 1,234,567 |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestSmallNumbers(t *testing.T) {
	if median(nil) != 0 || median([]float64{3, 1, 2}) != 2 || median([]float64{1, 2}) != 1.5 {
		t.Error("median is wrong")
	}
	if got := thousands(999) + thousands(1000); got != "9991,000" {
		t.Errorf("thousands gave %s", got)
	}
}

func TestKernelGraphHoldsEveryProductOfAStep(t *testing.T) {
	g := kernelGraph(8, cnnProducts(8), cnnConvolutions())
	model, err := g.Model()
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, n := range model.Graph.Nodes {
		count[n.OpType]++
	}
	if count["Gemm"] != 13 || count["Conv"] != 2 || count["ConvTranspose"] != 1 {
		t.Errorf("operators %v", count)
	}
	alone, err := openProducts(t.Context(), kernelGraph(8, mlpProducts(8), nil), 1)
	testenv.NeedNative(t, err)
	defer alone.close()
	p := &pacer{products: func() error { return alone.run(t.Context()) }, now: time.Now}
	seconds, err := p.repeat(time.Millisecond)
	if err != nil || seconds <= 0 || seconds > 1 {
		t.Errorf("one run takes %v s (%v)", seconds, err)
	}
}

// TestPacerTimesStepsAndProductsInTurn: what an epoch's end costs counts for
// neither, and a round has one stretch of each.
func TestPacerTimesStepsAndProductsInTurn(t *testing.T) {
	now, ran, ended := time.Unix(0, 0), 0, false
	p := &pacer{rounds: 2, enough: func() { ended = true }, now: func() time.Time { return now }, products: func() error {
		ran++
		now = now.Add(2 * time.Millisecond)
		return nil
	}}
	for range 3 {
		p.observe(train.Metric{}) // before the first epoch's end nothing is timed
	}
	if ran != 0 {
		t.Error("products ran before the first epoch's end")
	}
	for i := 0; !ended && i < 1000; i++ {
		if i%50 == 0 {
			now = now.Add(time.Second)
			p.observe(train.Epoch{})
		}
		now = now.Add(5 * time.Millisecond)
		p.observe(train.Metric{})
	}
	if want := []float64{2.5, 2.5}; !slices.Equal(p.ratios(), want) {
		t.Errorf("ratios %v, want %v", p.ratios(), want)
	}
}
