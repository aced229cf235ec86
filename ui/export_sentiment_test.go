package ui

import (
	"fyne.io/fyne/v2"

	"athanor/app/reviews"
	"athanor/inference/sentiment"
)

func (s *Studio) sentimentPart() *sentimentPart {
	p, _ := s.parts[placeSentiment].(*sentimentPart)
	return p
}

// Screen is what the window shows.
func (s *Studio) Screen() fyne.CanvasObject { return s.stage }

// TypeText types into the sentiment screen's box.
func (s *Studio) TypeText(text string) { s.sentimentPart().view.SetText(text) }

// ReviewsFile is where the judged rows of the file on screen lie, once they do.
func (s *Studio) ReviewsFile() string { return s.sentimentPart().file.Out }

// ReviewsStopped reports whether the judging of a file was cancelled.
func (s *Studio) ReviewsStopped() bool { return s.sentimentPart().file.Stopped }

// ReviewsRead is how many rows were judged.
func (s *Studio) ReviewsRead() int { return s.sentimentPart().file.Progress.Rows }

// SaveRows writes the rows that the filter lets through.
func (s *Studio) SaveRows(path string) error {
	p := s.sentimentPart()
	return p.scored.Export(s.ctx, p.chosen, path)
}

// FindReviews types into the field that searches the reviews.
func (s *Studio) FindReviews(text string) { s.sentimentPart().sift(reviews.Filter{Text: text}) }

// LearnVerdict corrects a text's verdict.
func (s *Studio) LearnVerdict(text string, label sentiment.Label) {
	s.sentimentPart().correct(text, label)
}

// CorrectionsLearnt is how many corrections the verdicts follow.
func (s *Studio) CorrectionsLearnt() int { return s.sentimentPart().known.learnt }

// CorrectionsFile is where corrections lie.
func (s *Studio) CorrectionsFile() string { return s.sentimentPart().corrections() }

// ChooseTextModel chooses the model that judges texts.
func (s *Studio) ChooseTextModel(id string) { s.sentimentPart().choose(id) }
