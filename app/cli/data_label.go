package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"athanor/app/labelling"
	"athanor/inference/model"
)

// newDataLabel is the command `athanor data label`.
func newDataLabel() *cobra.Command {
	var f dataFlags
	var path string
	var least float64
	var keep bool
	command := &cobra.Command{
		Use:   "label PATH --model MODEL",
		Short: "Let a trained model suggest labels for samples that have none",
		Long: "Ask MODEL (an ONNX file of the studio) about every picture or text without a label\n" +
			"and print what it takes it for. --keep keeps the suggestions of at least the given\n" +
			"probability as operations of the data set; `athanor data undo` takes them back.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.config(args[0])
			if err != nil {
				return err
			}
			m, err := model.Open(path, model.Options{})
			if err != nil {
				return err
			}
			defer m.Close()
			p := printer{w: cmd.OutOrStdout()}
			var sure []labelling.Suggestion
			err = labelling.Suggest(cmd.Context(), m, c, func(s labelling.Suggestion) error {
				if s.Score >= least {
					sure = append(sure, s)
				}
				return p.suggestion(s, f.json)
			})
			if err != nil || !keep || len(sure) == 0 {
				return err
			}
			return change(cmd.OutOrStdout(), args[0], labelling.Operations(sure))
		},
	}
	f.register(command)
	command.Flags().StringVar(&path, "model", "", "the model to ask")
	command.Flags().Float64Var(&least, "at-least", 0.9, "probability from which --keep keeps a suggestion")
	command.Flags().BoolVar(&keep, "keep", false, "keep sure suggestions as operations of the data set")
	_ = command.MarkFlagRequired("model")
	return command
}

// suggestion prints one suggestion.
func (p *printer) suggestion(s labelling.Suggestion, asJSON bool) error {
	if !asJSON {
		p.line("%-40s %s %.1f %%", s.Name, s.Label, 100*s.Score)
		return p.err
	}
	text, err := json.Marshal(map[string]any{"sample": s.Name, "label": s.Label, "score": s.Score})
	if err != nil {
		return fmt.Errorf("write suggestion: %w", err)
	}
	p.line("%s", text)
	return p.err
}
