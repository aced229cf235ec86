package cli

import (
	"github.com/spf13/cobra"

	"athanor/app/training"
	"athanor/pipeline/train"
)

// findRate is `athanor train --find-rate`: it tries rising learning rates,
// suggests one and leaves nothing behind.
func findRate(cmd *cobra.Command, recipe train.Recipe, asJSON bool) error {
	show := newReporter(cmd.OutOrStdout(), asJSON)
	found, err := training.FindRate(cmd.Context(), recipe, train.RateSearch{}, show.rate)
	if err != nil {
		return err
	}
	if asJSON {
		show.object(map[string]any{"event": "suggested", "learning_rate": found.Suggested, "lowest_at": found.Lowest, "diverged": found.Diverged})
		return show.err
	}
	if show.terminal {
		show.printf("\n")
	}
	show.printf("the loss falls fastest at %.2g and is lowest at %.2g\ntrain with: --learning-rate %.2g\n", found.Suggested, found.Lowest, found.Suggested)
	return show.err
}

// rate shows one step of a search.
func (r *reporter) rate(p train.RatePoint) {
	switch {
	case r.json:
		r.object(map[string]any{"event": "rate", "step": p.Step, "learning_rate": p.Rate, "loss": p.Loss, "smooth": p.Smooth})
	case r.terminal:
		r.printf("\r\x1b[Klearning rate %.2e  loss %.4f", p.Rate, p.Smooth)
	case p.Step%10 == 0:
		r.printf("learning rate %.2e  loss %.4f\n", p.Rate, p.Smooth)
	}
}
