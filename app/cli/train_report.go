package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"athanor/app/training"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// reporter shows a run: a progress bar on a terminal, plain lines elsewhere,
// JSON lines when asked.
type reporter struct {
	out      io.Writer
	json     bool
	terminal bool
	dir      string
	err      error
}

func newReporter(out io.Writer, asJSON bool) *reporter {
	f, isFile := out.(*os.File)
	return &reporter{out: out, json: asJSON, terminal: !asJSON && isFile && term.IsTerminal(int(f.Fd()))}
}

func (r *reporter) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(r.out, format, args...); err != nil && r.err == nil {
		r.err = fmt.Errorf("print: %w", err)
	}
}

func (r *reporter) object(fields map[string]any) {
	for k, v := range fields {
		if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			fields[k] = nil // JSON has no such numbers
		}
	}
	text, err := json.Marshal(fields)
	if err != nil && r.err == nil {
		r.err = err
	}
	r.printf("%s\n", text)
}

func (r *reporter) prepared(set *dataset.Set, dir string) {
	r.dir = dir
	tested := 0
	if set.Test != nil {
		tested = set.Test.Len()
	}
	if r.json {
		r.object(map[string]any{
			"event": "start", "dir": dir, "train": set.Train.Len(), "validation": set.Validation.Len(), "test": tested,
			"classes": set.Classes, "fingerprint": set.Fingerprint,
		})
		return
	}
	r.printf("%s: %d training, %d validation and %d test samples, %d classes\n%s\n",
		set.Name, set.Train.Len(), set.Validation.Len(), tested, len(set.Classes), dir)
}

func (r *reporter) event(e train.Event) {
	switch e := e.(type) {
	case train.Progress:
		if r.terminal {
			r.printf("\r\x1b[K%s", bar(e))
		}
	case train.Epoch:
		r.epoch(e)
	case train.Mark:
		r.mark(e)
	case train.Log:
		r.log(e)
	}
}

// bar is one line: how far, loss, accuracy, speed and time left.
func bar(p train.Progress) string {
	const width = 24
	full := width * p.Step / max(p.Steps, 1)
	return fmt.Sprintf("epoch %d/%d [%s%s] loss %.4f  accuracy %.2f %%  %s samples/s  %s left",
		p.Epoch, p.Epochs, strings.Repeat("█", full), strings.Repeat("·", width-full), p.Loss, 100*p.Accuracy,
		thousands(p.SamplesPerSecond), roughly(p.Left))
}

func thousands(x float64) string {
	text := fmt.Sprintf("%.0f", x)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// roughly says a duration as people do.
func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()+0.5))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()+0.5))
	default:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
}

func (r *reporter) epoch(e train.Epoch) {
	if r.json {
		r.object(map[string]any{
			"event": "epoch", "epoch": e.Epoch, "epochs": e.Epochs, "step": e.Step, "train_loss": e.TrainLoss, "train_accuracy": e.TrainAccuracy,
			"val_loss": e.ValLoss, "val_accuracy": e.ValAccuracy, "val_r2": e.ValR2, "seconds": e.Seconds,
			"samples_per_second": e.SamplesPerSecond, "best": e.Best, "language": e.Language,
		})
		return
	}
	if r.terminal {
		r.printf("\r\x1b[K")
	}
	star := ""
	if e.Best {
		star = "  best"
	}
	if e.Language {
		r.printf("epoch %d/%d  learns the language, without labels: guesses cost %.4f  %.1f s\n", e.Epoch, e.Epochs, e.TrainLoss, e.Seconds)
		return
	}
	score := fmt.Sprintf("validation accuracy %.2f %%", 100*e.ValAccuracy)
	if e.Confusion == nil {
		score = fmt.Sprintf("validation R² %.4f", e.ValR2)
	}
	r.printf("epoch %d/%d  loss %.4f  validation loss %.4f  %s  %.1f s%s\n", e.Epoch, e.Epochs, e.TrainLoss, e.ValLoss, score, e.Seconds, star)
}

func (r *reporter) mark(m train.Mark) {
	if r.json {
		r.object(map[string]any{"event": "mark", "kind": m.Kind, "step": m.Step, "note": m.Note})
		return
	}
	if m.Kind != train.MarkStart {
		r.printf("%s at step %d %s\n", m.Kind, m.Step, m.Note)
	}
}

func (r *reporter) log(l train.Log) {
	if r.json {
		r.object(map[string]any{"event": "log", "level": l.Level, "text": l.Text})
		return
	}
	r.printf("%s\n", l.Text)
}

// failed ends the line a bar stands on and says how to go on.
func (r *reporter) failed(err error) error {
	if r.terminal {
		r.printf("\n")
	}
	if r.dir != "" && contextEnded(err) {
		return fmt.Errorf("stopped; go on with: athanor train --resume --out %s: %w", r.dir, err)
	}
	return err
}

func (r *reporter) done(o training.Outcome) error {
	if r.json {
		r.object(doneFields(o))
		return r.err
	}
	part := "validation"
	if o.Tested {
		part = "test"
	}
	if c := o.Classification; c != nil {
		r.printf("%s accuracy %.2f %% (95 %% interval %.2f to %.2f; always the largest class: %.2f)\n",
			part, 100*c.Accuracy, 100*c.Low, 100*c.High, 100*c.Majority)
	}
	if g := o.Regression; g != nil {
		r.printf("%s R² %.4f  MAE %.4g  RMSE %.4g\n", part, g.R2, g.MAE, g.RMSE)
	}
	e := o.Efficiency
	r.printf("%d epochs in %.1f s, %s samples/s; one answer in %.3f ms (99 %% within %.3f), %s a second in batches; %.2f MB; peak memory %d MB\n",
		o.Epochs, o.Seconds, thousands(o.SamplesPerSec), e.LatencyP50, e.LatencyP99, thousands(e.Throughput), float64(e.Size)/1e6, o.PeakRSS>>20)
	r.printf("model: %s\n", o.Model)
	return r.err
}

// beside shows a student's accuracy next to its teacher's.
func (r *reporter) beside(teacher float64, o training.Outcome) error {
	if o.Classification == nil {
		return r.err
	}
	if r.json {
		r.object(map[string]any{"event": "distilled", "teacher_accuracy": teacher, "student_accuracy": o.Classification.Accuracy, "parameters": o.Parameters})
		return r.err
	}
	r.printf("of the same samples the teacher is right on %.2f %%, the student of %s numbers on %.2f %%\n",
		100*teacher, thousands(float64(o.Parameters)), 100*o.Classification.Accuracy)
	return r.err
}

func doneFields(o training.Outcome) map[string]any {
	fields := map[string]any{
		"event": "done", "val_loss": o.ValLoss, "val_accuracy": o.ValAccuracy, "epochs": o.Epochs, "best_epoch": o.BestEpoch, "steps": o.Steps,
		"train_seconds": o.Seconds, "samples_per_second": o.SamplesPerSec, "peak_rss_bytes": o.PeakRSS, "parameters": o.Parameters,
		"latency_p50_ms": o.Efficiency.LatencyP50, "latency_p99_ms": o.Efficiency.LatencyP99, "throughput": o.Efficiency.Throughput,
		"size_bytes": o.Efficiency.Size, "parity": o.Parity, "model": o.Model, "dir": o.Dir, "stopped": o.Stopped,
	}
	prefix := "test_"
	if !o.Tested {
		prefix = "held_out_"
	}
	if c := o.Classification; c != nil {
		fields[prefix+"accuracy"], fields[prefix+"loss"] = c.Accuracy, c.Loss
	}
	if g := o.Regression; g != nil {
		fields[prefix+"r2"], fields[prefix+"mae"], fields[prefix+"rmse"] = g.R2, g.MAE, g.RMSE
	}
	return fields
}
