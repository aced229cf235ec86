package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"athanor/app/datasets"
	"athanor/app/store"
	"athanor/app/training"
	"athanor/pipeline/train"
	uitrain "athanor/ui/train"
)

// recipePath is where the window writes settings that flags cannot say.
func recipePath(folder string) string { return filepath.Join(folder, "recipes", "window.toml") }

// command is a command line that does the same run as the window.
type command struct {
	line  string
	whole bool // the line says everything; else it names the recipe's file
}

// commandLine is the command for a resolved recipe on data about which a person
// decided kept: flags where they say all of it, else the recipe's file at path. pupil
// is the network that is taught, where one is. What the flags come to is worked out
// and compared, so that the command cannot say anything else than the window.
func commandLine(want train.Recipe, kept *datasets.Kept, pupil *training.Pupil, path string) command {
	l := begin(want, pupil)
	if kept != nil {
		kept.Into(&l.said.Data)
	}
	for _, f := range flagsOf(want) {
		l.add(f)
	}
	said, err := l.said.Resolve()
	said.Name, want.Name = "", ""
	if err != nil || !sameRecipe(said, want) {
		return command{line: "athanor train " + quote(path)}
	}
	return command{line: strings.Join(l.words, " "), whole: true}
}

// sameRecipe compares recipes; lists that are empty are lists that are not there.
func sameRecipe(a, b train.Recipe) bool {
	text, err := a.Text()
	if err != nil {
		return false
	}
	other, err := b.Text()
	return err == nil && string(text) == string(other) && reflect.DeepEqual(a.Data.Roles, b.Data.Roles)
}

// line is a command as far as it is put together, and the recipe it says.
type line struct {
	words []string
	want  train.Recipe
	said  train.Recipe
}

// begin is the command without flags, but for the data.
func begin(want train.Recipe, pupil *training.Pupil) *line {
	l := &line{want: want, said: train.Recipe{Task: "image", Data: train.Data{Path: want.Data.Path}}}
	switch {
	case want.Transfer != nil:
		l.words = []string{"athanor", "transfer", quote(want.Transfer.Model)}
		l.said.Transfer = &train.Transfer{Model: want.Transfer.Model, Head: want.Transfer.Head, Rate: layerRate}
		if pupil != nil {
			l.said.Data.Size = pupil.PictureSize(want.Data.Path)
			if pupil.Texts {
				l.said.Task, l.said.Model.Length = want.Task, pupil.Length
			}
		}
	case want.Distill != nil:
		l.words = []string{"athanor", "distill", quote(want.Distill.Model)}
		l.said.Distill = &train.Distill{Model: want.Distill.Model}
	default:
		l.words = []string{"athanor", "train"}
	}
	l.words = append(l.words, "--data", quote(want.Data.Path))
	if t := want.Transfer; t != nil && uitrain.Teaching(&want) == uitrain.TeachAll && len(t.Train)+len(t.Freeze) == 0 {
		l.words = append(l.words, "--all")
	}
	return l
}

// flag is one of a command's flags: its text in a recipe, "" for nothing, and how a
// recipe takes it from another.
type flag struct {
	name string
	text func(*train.Recipe) string
	take func(to, from *train.Recipe)
	bare bool // it has no value
}

// add says a flag where the command would do otherwise without it.
func (l *line) add(f flag) {
	now, err := l.said.Resolve()
	if err != nil {
		return // the whole is checked at the end
	}
	wanted := f.text(&l.want)
	if wanted == f.text(&now) {
		return
	}
	f.take(&l.said, &l.want)
	if l.words = append(l.words, "--"+f.name); !f.bare {
		l.words = append(l.words, quote(wanted))
	}
}

func flagsOf(want train.Recipe) []flag {
	switch {
	case want.Transfer != nil:
		return append(transferFlags(), commonFlags()...)
	case want.Distill != nil:
		return append(append(distillFlags(), architectureFlags()...), commonFlags()...)
	}
	return append(architectureFlags(), commonFlags()...)
}

func architectureFlags() []flag {
	return []flag{
		textFlag("task", func(r *train.Recipe) *string { return &r.Task }),
		textFlag("model", func(r *train.Recipe) *string { return &r.Model.Name }),
		wholeFlag("embed", func(r *train.Recipe) *int { return &r.Model.Embed }),
		wholeFlag("language", func(r *train.Recipe) *int { return &r.Model.Language }),
	}
}

// commonFlags are those of every command that trains.
func commonFlags() []flag {
	augment := textFlag("augment", func(r *train.Recipe) *string { return &r.Data.Augment })
	plain := augment.text
	augment.text = func(r *train.Recipe) string { return orNone(plain(r)) }
	return []flag{
		wholeFlag("epochs", func(r *train.Recipe) *int { return &r.Train.Epochs }),
		wholeFlag("batch", func(r *train.Recipe) *int { return &r.Train.Batch }),
		realFlag("learning-rate", func(r *train.Recipe) *float64 { return &r.Optimizer.LearningRate }),
		augment,
		textFlag("device", func(r *train.Recipe) *string { return &r.Device }),
		textFlag("precision", func(r *train.Recipe) *string { return &r.Precision }),
		wholeFlag("micro-batch", func(r *train.Recipe) *int { return &r.Train.MicroBatch }),
		textFlag("device-loss", func(r *train.Recipe) *string { return &r.Train.DeviceLoss }),
		wholeFlag("threads", func(r *train.Recipe) *int { return &r.Threads }),
		{
			name: "seed", text: func(r *train.Recipe) string { return strconv.FormatUint(r.Seed, 10) },
			take: func(to, from *train.Recipe) { to.Seed = from.Seed },
		},
	}
}

func textFlag(name string, at func(*train.Recipe) *string) flag {
	return flag{name: name, text: func(r *train.Recipe) string { return *at(r) }, take: func(to, from *train.Recipe) { *at(to) = *at(from) }}
}

func wholeFlag(name string, at func(*train.Recipe) *int) flag {
	return flag{name: name, text: func(r *train.Recipe) string { return strconv.Itoa(*at(r)) }, take: func(to, from *train.Recipe) { *at(to) = *at(from) }}
}

func realFlag(name string, at func(*train.Recipe) *float64) flag {
	return flag{name: name, text: func(r *train.Recipe) string { return number(*at(r)) }, take: func(to, from *train.Recipe) { *at(to) = *at(from) }}
}

func boolFlag(name string, at func(*train.Recipe) *bool) flag {
	return flag{name: name, bare: true, text: func(r *train.Recipe) string { return strconv.FormatBool(*at(r)) }, take: func(to, from *train.Recipe) { *at(to) = *at(from) }}
}

func realsFlag(name string, at func(*train.Recipe) *[]float64) flag {
	text := func(r *train.Recipe) string {
		var words []string
		for _, v := range *at(r) {
			words = append(words, number(v))
		}
		return strings.Join(words, ",")
	}
	return flag{name: name, text: text, take: func(to, from *train.Recipe) { *at(to) = *at(from) }}
}

// orNone says that nothing is done to samples.
func orNone(list string) string {
	if list == "" {
		return "none"
	}
	return list
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// quote makes a word safe for a shell.
func quote(word string) string {
	plain := func(r rune) bool {
		return r == '-' || r == '_' || r == '.' || r == '/' || r == '=' || r == ',' || r == ':' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func writeRecipe(path string, r train.Recipe) error {
	text, err := r.Text()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make folder for recipes: %w", err)
	}
	return store.WriteFile(path, text)
}
