package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"athanor/inference/model"
	"athanor/inference/remote"
	"athanor/inference/serve/oip"
	view "athanor/ui/serve"
	"athanor/ui/widgets"
)

func isPicture(path string) bool {
	return slices.Contains(pictureNames(), strings.ToLower(filepath.Ext(path)))
}

// example shows code for a served model, and what it reads on the page that asks.
func (p *servePart) example(name string) {
	path := p.names.path(name)
	if path == "" {
		p.view.SetSample(view.Sample{})
		return
	}
	async(p.s, func(context.Context) (view.Sample, error) {
		info, err := describeFile(path)
		return sampleOf(name, info), err
	}, func(s view.Sample, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.view.SetSample(s)
		p.view.Try.SetExample(s.Task == string(model.Image), exampleText(p.s.book.T("serve.try.text"), s))
	})
}

func sampleOf(name string, info model.Info) view.Sample {
	s := view.Sample{Model: name, Task: string(info.Task)}
	for _, in := range info.Inputs {
		port := view.Port{Name: in.Name, Type: oip.TypeName(in.Type)}
		for _, d := range in.Shape {
			port.Shape = append(port.Shape, max(d.Size(), 1))
		}
		s.Inputs = append(s.Inputs, port)
	}
	if len(s.Inputs) > 0 {
		s.Column = strings.TrimSuffix(s.Inputs[0].Name, " (column)")
	}
	if len(info.Outputs) > 0 {
		s.Output = info.Outputs[0].Name
	}
	return s
}

// exampleText is what a person may change and send.
func exampleText(text string, s view.Sample) string {
	switch model.Task(s.Task) {
	case model.Text:
		return text
	case model.Table:
		row := map[string]string{}
		for _, in := range s.Inputs {
			value := "1"
			if in.Type == "BYTES" {
				value = ""
			}
			row[strings.TrimSuffix(in.Name, " (column)")] = value
		}
		raw, _ := json.MarshalIndent(row, "", "  ") // texts can always be written
		return string(raw)
	}
	return strings.ReplaceAll(s.Body(), ",…", "")
}

// client speaks to the running service as any program would.
func (r *running) client(key string) (*remote.Client, error) {
	return remote.New(r.url, remote.Options{Key: key, Fingerprint: r.fingerprint})
}

// ask asks the running service over the network; a newer question cancels it.
func (p *servePart) ask(q view.Question) {
	if p.asking != nil {
		p.asking()
	}
	live := p.live
	if live == nil {
		return
	}
	p.asking = async(p.s, func(ctx context.Context) (view.Answer, error) {
		c, err := live.client(q.Key)
		if err != nil {
			return view.Answer{}, err
		}
		defer c.Close()
		return askService(ctx, c, q)
	}, func(a view.Answer, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.view.Try.Apply(a)
	})
}

func askService(ctx context.Context, c *remote.Client, q view.Question) (view.Answer, error) {
	m, err := c.Open(ctx, q.Model, "")
	if err != nil {
		return view.Answer{}, err
	}
	defer m.Close()
	began := time.Now()
	var list []model.Prediction
	switch m.Info().Task {
	case model.Image:
		picture, err := readPicture(q.Picture)
		if err != nil {
			return view.Answer{}, err
		}
		began = time.Now()
		list, err = m.Images(ctx, picture)
		if err != nil {
			return view.Answer{}, err
		}
	case model.Text:
		list, err = m.Texts(ctx, q.Text)
	case model.Table:
		var row map[string]string
		if err := json.Unmarshal([]byte(q.Text), &row); err != nil {
			return view.Answer{}, fmt.Errorf("the table row is no JSON of texts by column: %w", err)
		}
		list, err = m.Rows(ctx, row)
	default:
		raw, err := c.Raw(ctx, q.Model, []byte(q.Text))
		return view.Answer{Head: millisText(time.Since(began)), Raw: indented(raw)}, err
	}
	if err != nil {
		return view.Answer{}, err
	}
	return classesOf(list[0], time.Since(began)), nil
}

func millisText(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

// indented is JSON that a person can read; whatever it is else stays as it is.
func indented(raw []byte) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return string(raw)
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return string(raw)
	}
	return string(text)
}

// classesOf is a prediction as the page shows it.
func classesOf(prediction model.Prediction, took time.Duration) view.Answer {
	top := prediction.Top(shownClasses)
	if len(top) == 0 {
		return view.Answer{Head: fmt.Sprintf("%.4g · %s", prediction.Value, millisText(took))}
	}
	a := view.Answer{Head: top[0].Label + " · " + millisText(took)}
	for i, c := range top {
		a.Levels = append(a.Levels, widgets.Level{Name: c.Label, Share: float64(c.Probability), Note: fmt.Sprintf("%.1f %%", 100*c.Probability), Lit: i == 0})
	}
	return a
}

// loadTest asks a model of this service, or of another, as hard as the form says.
func (p *servePart) loadTest(w view.LoadWish) {
	client, err := p.target(w)
	if err != nil {
		p.s.fail(err)
		return
	}
	began := time.Now()
	p.view.Load.ApplyBusy(0, w.Duration)
	done := make(chan struct{})
	go p.tellLoad(began, w.Duration, done)
	p.load = async(p.s, func(ctx context.Context) (remote.Measured, error) {
		defer close(done)
		defer client.Close()
		m, err := client.Open(ctx, w.Model, "")
		if err != nil {
			return remote.Measured{}, err
		}
		defer m.Close()
		return w.LoadTest.Model(ctx, m)
	}, func(m remote.Measured, err error) {
		p.load = nil
		p.view.Load.ApplyBusy(0, -1)
		if err == nil {
			p.view.Load.Apply(m)
			err = m.FirstErr
		}
		p.s.fail(err)
	})
	cancel := p.load
	p.load = func() {
		cancel()
		p.view.Load.ApplyBusy(0, -1)
	}
}

func (p *servePart) target(w view.LoadWish) (*remote.Client, error) {
	if w.Service == "" && p.live != nil {
		return p.live.client(w.Key)
	}
	return remote.New(w.Service, remote.Options{Key: w.Key})
}

// tellLoad tells how long a load test still takes.
func (p *servePart) tellLoad(began time.Time, whole time.Duration, done <-chan struct{}) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			share := time.Since(began).Seconds() / whole.Seconds()
			left := max(whole-time.Since(began), 0)
			p.s.post(func() {
				if p.load != nil {
					p.view.Load.ApplyBusy(min(share, 1), left)
				}
			})
		}
	}
}

// describeFile reads what a model says about itself; it may be called from any
// goroutine.
func describeFile(path string) (model.Info, error) {
	if remote.IsRef(path) {
		return describeRemote(path)
	}
	return model.DescribeFile(path)
}
