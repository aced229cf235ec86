package cli

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"athanor/inference/model"
	"athanor/inference/vision"
)

// newPredict is the command `athanor predict`.
func newPredict() *cobra.Command {
	var asJSON bool
	var top int
	var r remoteFlags
	var on string
	command := &cobra.Command{
		Use:   "predict MODEL FILE...",
		Short: "Ask a model about pictures, texts or table rows",
		Long: "Ask a model about files: pictures for image models, text files (one text each) for\n" +
			"text models, CSV files with a header for table models. - reads standard input.",
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := modelOptions(cmd, 0, on)
			if err != nil {
				return err
			}
			m, done, err := r.open(cmd.Context(), args[0], options)
			if err != nil {
				return err
			}
			defer done()
			p := predictor{model: m, top: top, json: asJSON, printer: printer{w: cmd.OutOrStdout()}}
			return p.files(cmd.Context(), cmd.InOrStdin(), args[1:])
		},
	}
	r.register(command)
	deviceFlag(command, &on)
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each sample")
	command.Flags().IntVar(&top, "top", 3, "how many classes to show")
	return command
}

type predictor struct {
	printer
	model *model.Model
	top   int
	json  bool
}

// files asks about each file; one that cannot be read does not stop the others.
func (p *predictor) files(ctx context.Context, stdin io.Reader, paths []string) error {
	var failed []error
	for _, path := range paths {
		if err := p.file(ctx, stdin, path); err != nil {
			if ctx.Err() != nil {
				return err
			}
			failed = append(failed, fmt.Errorf("%s: %w", path, err))
		}
	}
	return errors.Join(append(failed, p.err)...)
}

func (p *predictor) file(ctx context.Context, stdin io.Reader, path string) error {
	r := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		r = f
	}
	answers, err := p.ask(ctx, r)
	if err != nil {
		return err
	}
	for i, a := range answers {
		p.show(path, i, a)
	}
	return nil
}

// maxText is the longest text that is read from a file, in bytes.
const maxText = 16 << 20

func (p *predictor) ask(ctx context.Context, r io.Reader) ([]model.Prediction, error) {
	switch p.model.Info().Task {
	case model.Text:
		text, err := io.ReadAll(io.LimitReader(r, maxText))
		if err != nil {
			return nil, err
		}
		return p.model.Texts(ctx, string(text))
	case model.Table:
		rows, err := tableRows(r)
		if err != nil {
			return nil, err
		}
		return p.model.Rows(ctx, rows...)
	default:
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("read picture: %w", err)
		}
		picture, err := vision.Decode(data)
		if err != nil {
			return nil, fmt.Errorf("read picture: %w", err)
		}
		return p.model.Images(ctx, picture)
	}
}

// tableRows reads a CSV with a header as cells by column name.
func tableRows(r io.Reader) ([]map[string]string, error) {
	lines, err := csv.NewReader(r).ReadAll()
	if err != nil || len(lines) < 2 {
		return nil, errors.Join(errors.New("a CSV with a header and at least one row is needed"), err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// said is one answer as JSON.
type said struct {
	File    string    `json:"file"`
	Row     int       `json:"row"`
	Label   string    `json:"label,omitempty"`
	Score   float64   `json:"score"`
	Classes []ranking `json:"classes,omitempty"`
}

type ranking struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
}

func (p *predictor) show(path string, row int, a model.Prediction) {
	best := a.Top(p.top)
	s := said{File: path, Row: row}
	for _, c := range best {
		s.Classes = append(s.Classes, ranking{c.Label, float64(c.Probability)})
	}
	if len(best) > 0 {
		s.Label, s.Score = best[0].Label, float64(best[0].Probability)
	}
	if p.json {
		text, err := json.Marshal(s)
		p.err = errors.Join(p.err, err)
		p.line("%s", text)
		return
	}
	var line strings.Builder
	for _, c := range s.Classes {
		fmt.Fprintf(&line, "  %s %.2f %%", c.Label, 100*c.Score)
	}
	p.line("%s%s", path, line.String())
}
