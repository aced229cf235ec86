package evaluation

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/pipeline/evaluate"
)

// worstShown is how many mistakes an outcome lists.
const worstShown = 60

// Mistake is a sample the model got wrong, or a value it missed.
type Mistake struct {
	Sample     int     `json:"sample"` // among the samples measured
	Name       string  `json:"name"`   // the file or the row's number
	Label      string  `json:"label"`
	Predicted  string  `json:"predicted"`
	Confidence float64 `json:"confidence,omitempty"`
	Loss       float64 `json:"loss"` // −log of the true class's probability, or the absolute error
	Text       string  `json:"text,omitempty"`
}

// mistakes lists the worst answers, the highest loss first.
func (o *Outcome) mistakes(limit int) []Mistake {
	losses := o.Losses()
	var out []Mistake
	for _, i := range evaluate.Worst(losses, len(losses)) {
		if len(out) == limit {
			break
		}
		if m := o.Mistake(i); m.Predicted != m.Label {
			out = append(out, m)
		}
	}
	return out
}

// Losses is one number a sample: −log of the true class's probability, or the
// absolute error.
func (o *Outcome) Losses() []float32 {
	out := make([]float32, o.samples.Len())
	p := o.Predictions()
	for i := range out {
		if p == nil {
			out[i] = float32(math.Abs(float64(o.asked.scores[i]) - float64(o.samples.Targets[i])))
			continue
		}
		out[i] = -float32(math.Log(max(float64(p.Scores[i*p.Classes+p.Labels[i]]), 1e-12)))
	}
	return out
}

// Confidences is the probability of each sample's answer; nil for a regression.
func (o *Outcome) Confidences() []float32 {
	p := o.Predictions()
	if p == nil {
		return nil
	}
	out := make([]float32, o.samples.Len())
	for i := range out {
		out[i] = p.Scores[i*p.Classes+p.Predicted(i)]
	}
	return out
}

// Mistake describes the answer for sample i, right or wrong.
func (o *Outcome) Mistake(i int) Mistake {
	m := Mistake{Sample: i, Name: o.samples.Name(i), Text: cut(o.samples.Text(i), 200)}
	p := o.Predictions()
	if p == nil {
		m.Label, m.Predicted = evaluate.Short(float64(o.samples.Targets[i]), 5), evaluate.Short(float64(o.asked.scores[i]), 5)
		m.Loss = math.Abs(float64(o.asked.scores[i]) - float64(o.samples.Targets[i]))
		return m
	}
	best := p.Predicted(i)
	m.Label, m.Predicted = o.labels[p.Labels[i]], o.labels[best]
	m.Confidence = float64(p.Scores[i*p.Classes+best])
	m.Loss = -math.Log(max(float64(p.Scores[i*p.Classes+p.Labels[i]]), 1e-12))
	return m
}

func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// Picture is sample i as the model gets it; nil where samples are no pictures.
func (s *Samples) Picture(ctx context.Context, i int) (image.Image, error) {
	columns := s.at[i].feed.Columns()
	if len(columns) != 1 || columns[0].Type != onnx.Uint8 || len(columns[0].Shape) != 3 {
		return nil, nil
	}
	h, w, c := columns[0].Shape[0], columns[0].Shape[1], columns[0].Shape[2]
	pix := make([]byte, h*w*c)
	if err := s.at[i].feed.Fill(ctx, [][]byte{pix}, -1, []int{s.at[i].row}); err != nil {
		return nil, fmt.Errorf("read sample: %w", err)
	}
	return picture(pix, h, w, c), nil
}

func picture(pix []byte, h, w, c int) image.Image {
	if c == 1 {
		return &image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, h)}
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(out.Pix[4*i:4*i+3], pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}

// brightness is the quarter of each picture's mean.
func (s *Samples) brightness(ctx context.Context) ([]string, error) {
	numbers := make([]float64, s.Len())
	b := baselineRun{s: s, column: s.at[0].feed.Columns()[0]}
	err := s.visit(ctx, func(i int, raw []byte) {
		sum := 0
		for _, v := range raw {
			sum += int(v)
		}
		numbers[i] = math.Round(float64(sum)/float64(b.width())*10) / 10
	})
	return evaluate.Quarters(numbers), err
}

// visit gives every sample's bytes.
func (s *Samples) visit(ctx context.Context, visit func(i int, raw []byte)) error {
	rows := make([]int, s.Len())
	for i := range rows {
		rows[i] = i
	}
	for len(rows) > 0 {
		n, from := s.sameFeed(rows), rows[0]
		local := make([]int, n)
		for i := range n {
			local[i] = s.at[rows[i]].row
		}
		if err := read(ctx, s.at[from].feed, local, func(k int, raw []byte) { visit(from+k, raw) }); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// Label is sample i's true class, or its value.
func (s *Samples) Label(i int, labels []string) string {
	if s.Labels == nil {
		return evaluate.Short(float64(s.Targets[i]), 5)
	}
	return labels[s.Labels[i]]
}

// Encode prepares sample i for a model as its users do.
func (s *Samples) Encode(ctx context.Context, m *model.Model, i int) ([]model.Sample, error) {
	switch m.Info().Task {
	case model.Text:
		return m.EncodeText(s.raw.TextOf(s.Number(i)))
	case model.Table:
		return m.EncodeRow(s.Row(i))
	}
	img, err := s.Picture(ctx, i)
	if err != nil || img == nil {
		return nil, errors.Join(err, ErrMismatch)
	}
	return m.EncodeImage(img)
}
