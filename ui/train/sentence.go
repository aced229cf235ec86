package train

import (
	"math"
	"slices"

	"athanor/pipeline/train"
	"athanor/ui/i18n"
)

// Sentence says in one line what the curve does.
func Sentence(book *i18n.Book, epochs []train.Epoch) string {
	if len(epochs) == 0 {
		return book.T("sentence.first")
	}
	last := epochs[len(epochs)-1]
	if last.Language {
		return book.T("sentence.language", last.Epoch, last.TrainLoss)
	}
	epochs = labelled(epochs)
	best := BestEpoch(epochs)
	since := last.Epoch - best.Epoch
	gap := last.TrainAccuracy - last.ValAccuracy
	switch {
	case math.IsNaN(last.TrainLoss):
		return book.T("sentence.nan", last.Epoch)
	case since >= 3 && last.TrainLoss < best.TrainLoss:
		return book.T("sentence.overfit", since, best.Epoch)
	case since >= 3:
		return book.T("sentence.stalled", since, best.Epoch)
	case gap > 0.08:
		return book.T("sentence.gap", gap*100)
	case last.Epoch == best.Epoch && len(epochs) > 1:
		return book.T("sentence.better", last.Epoch, last.ValLoss)
	}
	return book.T("sentence.steady", best.Epoch, best.ValLoss)
}

// labelled are the epochs that saw labels.
func labelled(epochs []train.Epoch) []train.Epoch {
	return slices.DeleteFunc(slices.Clone(epochs), func(e train.Epoch) bool { return e.Language })
}

// BestEpoch is the epoch with the lowest validation loss; epochs is not empty.
func BestEpoch(epochs []train.Epoch) train.Epoch {
	best := epochs[0]
	for _, e := range epochs[1:] {
		if e.ValLoss < best.ValLoss {
			best = e
		}
	}
	return best
}
