package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"
	"time"

	"athanor/pipeline/train"
)

// MarkCut stands in the events where points were dropped because a resumed run
// computes them again: Step is the last one kept, Value the last one there was.
const MarkCut train.MarkKind = "cut"

// number is a float64 that JSON can hold: NaN and infinities become strings.
type number float64

// MarshalJSON writes the number, or its name in quotes.
func (n number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.AppendQuote(nil, text), nil
	}
	return []byte(text), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (n *number) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(bytes.Trim(b, `"`)), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("read number: %w", err)
	}
	*n = number(f)
	return nil
}

// line is one event as it stands in the file; only its own fields are set.
type line struct {
	Type          string    `json:"type"`
	Time          time.Time `json:"time,omitzero"`
	Step          int       `json:"step,omitempty"`
	Epoch         int       `json:"epoch,omitempty"`
	Epochs        int       `json:"epochs,omitempty"`
	TrainLoss     *number   `json:"train_loss,omitempty"`
	TrainAccuracy *number   `json:"train_accuracy,omitempty"`
	ValLoss       *number   `json:"val_loss,omitempty"`
	ValAccuracy   *number   `json:"val_accuracy,omitempty"`
	ValR2         *number   `json:"val_r2,omitempty"`
	Confusion     [][]int   `json:"confusion,omitempty"`
	Seconds       *number   `json:"seconds,omitempty"`
	Speed         *number   `json:"samples_per_second,omitempty"`
	Best          bool      `json:"best,omitempty"`
	Language      bool      `json:"language,omitempty"`
	Path          string    `json:"path,omitempty"`
	Kind          string    `json:"kind,omitempty"`
	Value         *number   `json:"value,omitempty"`
	Note          string    `json:"note,omitempty"`
	Level         string    `json:"level,omitempty"`
	Text          string    `json:"text,omitempty"`
}

func ref(f float64) *number { n := number(f); return &n }

func (n *number) value() float64 {
	if n == nil {
		return 0
	}
	return float64(*n)
}

// encodeEvent returns an event as a line; ok is false for events that are not kept.
func encodeEvent(e train.Event) (l line, ok bool) {
	switch e := e.(type) {
	case train.Epoch:
		return line{
			Type: "epoch", Step: e.Step, Epoch: e.Epoch, Epochs: e.Epochs,
			TrainLoss: ref(e.TrainLoss), TrainAccuracy: ref(e.TrainAccuracy),
			ValLoss: ref(e.ValLoss), ValAccuracy: ref(e.ValAccuracy), ValR2: ref(e.ValR2),
			Confusion: e.Confusion, Seconds: ref(e.Seconds), Speed: ref(e.SamplesPerSecond), Best: e.Best, Language: e.Language,
		}, true
	case train.Checkpoint:
		return line{Type: "checkpoint", Step: e.Step, Epoch: e.Epoch, Path: e.Path, Best: e.Best}, true
	case train.Mark:
		return line{Type: "mark", Kind: string(e.Kind), Step: e.Step, Time: e.Time, Value: ref(e.Value), Note: e.Note}, true
	case train.Log:
		return line{Type: "log", Time: e.Time, Level: e.Level, Text: e.Text}, true
	}
	return line{}, false
}

// decode returns the event of a line; ok is false for kinds this version does
// not know.
func (l line) decode() (e train.Event, ok bool) {
	switch l.Type {
	case "epoch":
		return train.Epoch{
			Epoch: l.Epoch, Epochs: l.Epochs, Step: l.Step,
			TrainLoss: l.TrainLoss.value(), TrainAccuracy: l.TrainAccuracy.value(),
			ValLoss: l.ValLoss.value(), ValAccuracy: l.ValAccuracy.value(), ValR2: l.ValR2.value(),
			Confusion: l.Confusion, Seconds: l.Seconds.value(), SamplesPerSecond: l.Speed.value(), Best: l.Best, Language: l.Language,
		}, true
	case "checkpoint":
		return train.Checkpoint{Step: l.Step, Epoch: l.Epoch, Path: l.Path, Best: l.Best}, true
	case "mark":
		return train.Mark{Kind: train.MarkKind(l.Kind), Step: l.Step, Time: l.Time, Value: l.Value.value(), Note: l.Note}, true
	case "log":
		return train.Log{Time: l.Time, Level: l.Level, Text: l.Text}, true
	}
	return nil, false
}

// maxEventLine bounds a line: the confusion matrix of a thousand classes.
const maxEventLine = 32 << 20

// readLines reads an events file. A torn last line, as a crash leaves it, is left
// out; keep is the length of the file without it. A broken line in the middle is
// passed over.
func readLines(path string) (lines []line, keep int64, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read events: %w", err)
	}
	if end := bytes.LastIndexByte(data, '\n'); end >= 0 {
		keep = int64(end + 1)
	}
	return parseLines(data[:keep]), keep, nil
}

func parseLines(data []byte) []line {
	var out []line
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, maxEventLine)
	for s.Scan() {
		var l line
		if json.Unmarshal(s.Bytes(), &l) == nil {
			out = append(out, l)
		}
	}
	return out
}

// ReadEvents returns the events of a run so far: epochs, checkpoints, marks and
// log lines, in order.
func ReadEvents(path string) ([]train.Event, error) {
	lines, _, err := readLines(path)
	if err != nil {
		return nil, err
	}
	events := make([]train.Event, 0, len(lines))
	for _, l := range lines {
		if e, ok := l.decode(); ok {
			events = append(events, e)
		}
	}
	return events, nil
}
