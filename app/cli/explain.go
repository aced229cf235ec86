package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"athanor/app/explanation"
	"athanor/app/store"
	"athanor/inference/attribution"
	"athanor/inference/model"
	"athanor/inference/vision"
)

// newExplain is the command `athanor explain`.
func newExplain() *cobra.Command {
	var e explainCommand
	command := &cobra.Command{
		Use:   "explain MODEL FILE",
		Short: "Say why a model answers as it does: pixels, words or columns",
		Long: "Say why a model answers as it does about a picture, a text file or the first row of a\n" +
			"CSV. --out writes a PNG for pictures and one HTML page for texts and rows.",
		Example: "  athanor explain run/model.onnx seven.png --out why.png --nearest 5\n" +
			"  athanor explain titanic/model.onnx passenger.csv --counterfactual --dependence Age",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return e.run(cmd, args[0], args[1]) },
	}
	flags := command.Flags()
	flags.StringVar(&e.out, "out", "", "file to write: .png for pictures, .html for texts and rows")
	flags.StringVar(&e.method, "method", string(attribution.Integrated), "for pictures: integrated, smooth, cam or occlusion")
	flags.StringVar(&e.class, "class", "", "explain this class instead of the answer")
	flags.IntVar(&e.nearest, "nearest", 0, "list so many training samples that are most alike to the model")
	flags.BoolVar(&e.counterfactual, "counterfactual", false, "for rows: say what would change the answer")
	flags.StringVar(&e.dependence, "dependence", "", "for rows: the mean output for each value of this column")
	flags.BoolVar(&e.json, "json", false, "print one JSON object")
	return command
}

type explainCommand struct {
	out, method, class, dependence string
	nearest                        int
	counterfactual, json           bool
	e                              *explanation.Explainer
	said                           explained
}

// explained is what the command prints with --json.
type explained struct {
	Answer         string                      `json:"answer"`
	Probability    float64                     `json:"probability,omitempty"`
	Class          string                      `json:"explained_class,omitempty"`
	Method         string                      `json:"method"`
	Complete       *attribution.Completeness   `json:"completeness,omitempty"`
	Words          []attribution.Word          `json:"words,omitempty"`
	Columns        []attribution.Column        `json:"columns,omitempty"`
	Counterfactual *attribution.Counterfactual `json:"counterfactual,omitempty"`
	Dependence     []attribution.Point         `json:"dependence,omitempty"`
	Nearest        []explanation.Neighbour     `json:"nearest,omitempty"`
}

func (c *explainCommand) run(cmd *cobra.Command, path, file string) (err error) {
	if c.e, err = explanation.Open(path, model.Options{}); err != nil {
		return err
	}
	defer c.e.Close()
	ctx := cmd.Context()
	switch c.e.Model.Info().Task {
	case model.Image:
		err = c.picture(ctx, file)
	case model.Text:
		err = c.text(ctx, file)
	case model.Table:
		err = c.row(ctx, file)
	default:
		return fmt.Errorf("%w: import it first", model.ErrForeign)
	}
	if err != nil {
		return err
	}
	if c.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(c.said)
	}
	return c.show(cmd.OutOrStdout())
}

// answered keeps the answer and says which class is explained.
func (c *explainCommand) answered(p model.Prediction) (int, error) {
	labels := c.e.Model.Info().Labels
	top := p.Top(1)
	if len(top) == 0 {
		c.said.Answer = fmt.Sprintf("%.5g", p.Value)
		return 0, nil
	}
	c.said.Answer, c.said.Probability, c.said.Class = top[0].Label, float64(top[0].Probability), top[0].Label
	if c.class == "" {
		return top[0].Index, nil
	}
	c.said.Class = c.class
	if k := slices.Index(labels, c.class); k >= 0 {
		return k, nil
	}
	return 0, fmt.Errorf("%w: there is no class %q; choose one of %s", model.ErrInput, c.class, strings.Join(labels, ", "))
}

func (c *explainCommand) picture(ctx context.Context, file string) error {
	img, err := vision.ReadPicture(file)
	if err != nil {
		return err
	}
	answer, err := c.e.Model.Images(ctx, img)
	if err != nil {
		return err
	}
	class, err := c.answered(answer[0])
	if err != nil {
		return err
	}
	why, err := attribution.Explain(ctx, c.e.Model, c.e.Graph, img, attribution.Method(c.method), class)
	if err != nil {
		return err
	}
	c.said.Method = c.method
	if why.Method == attribution.Integrated {
		c.said.Complete = &why.Complete
	}
	if err := c.alike(ctx, func() ([]model.Sample, error) { return c.e.Model.EncodeImage(img) }); err != nil {
		return err
	}
	if c.out == "" {
		return nil
	}
	if err := c.ends(".png"); err != nil {
		return err
	}
	return writePNG(c.out, why.Heat(img, 560))
}

func (c *explainCommand) ends(with string) error {
	if filepath.Ext(c.out) != with {
		return fmt.Errorf("write %s: such an explanation is written as %s; name a file that ends so", c.out, with)
	}
	return nil
}

func writePNG(path string, img image.Image) error {
	var b strings.Builder
	if err := png.Encode(&b, img); err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	return store.WriteFile(path, []byte(b.String()))
}

func (c *explainCommand) text(ctx context.Context, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	s := strings.TrimSpace(string(raw[:min(len(raw), maxText)]))
	answer, err := c.e.Model.Texts(ctx, s)
	if err != nil {
		return err
	}
	class, err := c.answered(answer[0])
	if err != nil {
		return err
	}
	words, complete, err := attribution.Words(ctx, c.e.Model, c.e.Graph, s, class)
	if err != nil {
		return err
	}
	c.said.Method, c.said.Words, c.said.Complete = string(attribution.Integrated), words, &complete
	if err := c.alike(ctx, func() ([]model.Sample, error) { return c.e.Model.EncodeText(s) }); err != nil {
		return err
	}
	return c.page(explanation.Page{Words: words, Source: s, Complete: complete})
}

func (c *explainCommand) page(p explanation.Page) error {
	if c.out == "" {
		return nil
	}
	if err := c.ends(".html"); err != nil {
		return err
	}
	p.Title, p.Answer = "Why", c.said.Answer
	return p.Write(c.out)
}

func (c *explainCommand) row(ctx context.Context, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := tableRows(f)
	if err != nil {
		return err
	}
	answer, err := c.e.Model.Rows(ctx, rows[0])
	if err != nil {
		return err
	}
	class, err := c.answered(answer[0])
	if err != nil {
		return err
	}
	background, err := c.e.Background(ctx)
	if err != nil {
		return err
	}
	columns, complete, err := attribution.Columns(ctx, c.e.Model, rows[0], background, class)
	if err != nil {
		return err
	}
	c.said.Method, c.said.Columns, c.said.Complete = "shapley", columns, &complete
	if err := c.more(ctx, rows[0], background, class); err != nil {
		return err
	}
	if err := c.alike(ctx, func() ([]model.Sample, error) { return c.e.Model.EncodeRow(rows[0]) }); err != nil {
		return err
	}
	return c.page(explanation.Page{Columns: columns, Complete: complete})
}

func (c *explainCommand) more(ctx context.Context, row attribution.Row, background []attribution.Row, class int) error {
	if c.counterfactual {
		cf, ok, err := attribution.WhatWouldChange(ctx, c.e.Model, row, background, -1)
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("no change of up to three columns gives another answer; leave out --counterfactual")
		}
		c.said.Counterfactual = &cf
	}
	if c.dependence != "" {
		points, err := attribution.Dependence(ctx, c.e.Model, background, c.dependence, class)
		if err != nil {
			return err
		}
		c.said.Dependence = points
	}
	return nil
}

func (c *explainCommand) alike(ctx context.Context, encode func() ([]model.Sample, error)) error {
	if c.nearest <= 0 {
		return nil
	}
	sample, err := encode()
	if err != nil {
		return err
	}
	c.said.Nearest, err = c.e.Nearest(ctx, sample, c.nearest, nil)
	return err
}

func (c *explainCommand) show(w io.Writer) error {
	p, s := printer{w: w}, c.said
	if s.Class == "" {
		p.line("%s", s.Answer)
	} else {
		p.line("%s %.2f %%, explained: %s by %s", s.Answer, 100*s.Probability, s.Class, s.Method)
	}
	if k := s.Complete; k != nil {
		p.line("sum %.4f of %.4f − %.4f (off by %.2f %%, %d steps)", k.Sum, k.Output, k.Baseline, 100*k.Error(), k.Steps)
	}
	for _, w := range s.Words {
		p.line("%+8.4f  %s", w.Share, w.Text)
	}
	for _, col := range s.Columns {
		p.line("%+8.4f  %s = %s", col.Share, col.Name, col.Value)
	}
	if cf := s.Counterfactual; cf != nil {
		p.line("it would be %s (%.2f %%) with:", c.e.Model.Info().Labels[cf.Class], 100*cf.Probability)
		for _, ch := range cf.Changes {
			p.line("  %s %s instead of %s", ch.Column, ch.To, ch.From)
		}
	}
	for _, d := range s.Dependence {
		p.line("%s = %s: %.4f", c.dependence, d.Value, d.Output)
	}
	for _, n := range s.Nearest {
		p.line("alike %.4f  %s  %s  %s", n.Similarity, n.Name, n.Label, n.Text)
	}
	if c.out != "" {
		p.line("written: %s", c.out)
	}
	return p.err
}
