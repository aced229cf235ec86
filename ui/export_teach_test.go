package ui

import (
	"athanor/app/project"
	"athanor/pipeline/train"
)

// What tests may ask of networks from files.

// TeachFile chooses the file of a network to teach.
func (s *Studio) TeachFile(path string) { s.jobs.teachFile(path) }

// NextRecipe is the recipe of the next run.
func (s *Studio) NextRecipe() train.Recipe { return s.jobs.recipe }

// Layers are those that training can begin from.
func (s *Studio) Layers() (nodes []string) {
	for _, l := range s.jobs.starts() {
		nodes = append(nodes, l.Node)
	}
	return nodes
}

// TrainedNumbers is how many numbers the next run trains of a network from a file.
func (s *Studio) TrainedNumbers() int { return s.jobs.trained() }

// ChooseSetting sets a choice of the train screen.
func (s *Studio) ChooseSetting(key, value string) { s.trainPart().view.Choose(key, value) }

// ChooseModel chooses an architecture.
func (s *Studio) ChooseModel(name string) { s.jobs.choose(name) }

// SetPieces sets how many tokens of a text are read.
func (s *Studio) SetPieces(n int) {
	s.jobs.recipe.Model.Length = n
	s.trainPart().setup()
}

// Command is the command line beside the settings.
func (s *Studio) Command() string { return s.trainPart().command() }

// CommandLine is the command for a recipe.
func CommandLine(r train.Recipe) (line string, whole bool) {
	c := commandLine(r, nil, nil, "/r.toml")
	return c.line, c.whole
}

// Remark is what the train screen says of the network that is taught.
func (s *Studio) Remark() (first, second string) { return s.trainPart().view.Remark() }

// ChangeSettings changes the settings as their screen does.
func (s *Studio) ChangeSettings(change func(*project.Settings)) {
	next := s.prefs
	change(&next)
	s.Go(placeSettings)
	s.settingsPart().view.OnChange(next)
}
