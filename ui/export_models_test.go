package ui

import "strings"

func (s *Studio) modelsPart() *modelsPart {
	p, _ := s.parts[placeModels].(*modelsPart)
	return p
}

// ChosenModel is the path of the model whose card is shown.
func (s *Studio) ChosenModel() string { return s.modelsPart().view.Chosen() }

// ModelTakes is how long its card says one answer takes.
func (s *Studio) ModelTakes() string { return s.modelsPart().view.Latency() }

// ModelFacts is what its card says, "Name: value" a line.
func (s *Studio) ModelFacts() string {
	var b strings.Builder
	for _, f := range s.modelsPart().view.Facts() {
		b.WriteString(f[0] + ": " + f[1] + "\n")
	}
	return b.String()
}

// Listed is how many models the screen lists.
func (s *Studio) Listed() int { return s.modelsPart().view.Listed() }

// Quantize presses the button for smaller copies.
func (s *Studio) Quantize() { s.modelsPart().quantize(s.ChosenModel()) }

// Copies is how many rows were measured.
func (s *Studio) Copies() int {
	if o := s.modelsPart().measured; o != nil {
		return len(o.Rows)
	}
	return 0
}

// KeepCopy presses the button of a row.
func (s *Studio) KeepCopy(method string) { s.modelsPart().keepCopy(method) }

// DeleteModel presses the trash.
func (s *Studio) DeleteModel(path string) { s.modelsPart().remove(path) }

// UndoDelete presses the button of the newest message.
func (s *Studio) UndoDelete() { s.modelsPart().restore() }
