package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"athanor/app/store"
	"athanor/pipeline/train"
)

// recipePath is where the window writes settings that flags cannot say.
func recipePath(folder string) string { return filepath.Join(folder, "recipes", "window.toml") }

// commandLine is the command that does the same run as the window: flags where
// they can say it, else a recipe file at path.
func commandLine(r, defaults train.Recipe, path string) string {
	if !flagsSuffice(r, defaults) {
		return "athanor train " + quote(path)
	}
	words := []string{"athanor", "train", "--data", quote(r.Data.Path)}
	add := func(flag, value, usual string) {
		if value != usual {
			words = append(words, "--"+flag, quote(value))
		}
	}
	add("task", r.Task, "image")
	add("model", r.Model.Name, "")
	add("epochs", strconv.Itoa(r.Train.Epochs), strconv.Itoa(defaults.Train.Epochs))
	add("batch", strconv.Itoa(r.Train.Batch), strconv.Itoa(defaults.Train.Batch))
	add("learning-rate", number(r.Optimizer.LearningRate), number(defaults.Optimizer.LearningRate))
	add("seed", strconv.FormatUint(r.Seed, 10), strconv.FormatUint(defaults.Seed, 10))
	add("augment", orNone(r.Data.Augment), orNone(usualAugment(r)))
	add("threads", strconv.Itoa(r.Threads), strconv.Itoa(defaults.Threads))
	return strings.Join(words, " ")
}

// usualAugment is what the command does to samples when it is told nothing.
func usualAugment(r train.Recipe) string {
	plain, err := train.Recipe{Task: r.Task, Model: train.Model{Name: r.Model.Name}}.Resolve()
	if err != nil {
		return ""
	}
	return plain.Data.Augment
}

func orNone(list string) string {
	if list == "" {
		return "none"
	}
	return list
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// flagsSuffice reports whether r differs from the defaults only in what has a
// flag.
func flagsSuffice(r, defaults train.Recipe) bool {
	if r.Transfer != nil || r.Distill != nil {
		return false
	}
	same := r
	same.Train.Epochs, same.Train.Batch = defaults.Train.Epochs, defaults.Train.Batch
	same.Optimizer.LearningRate = defaults.Optimizer.LearningRate
	same.Seed, same.Threads, same.Data.Augment = defaults.Seed, defaults.Threads, defaults.Data.Augment
	return reflect.DeepEqual(same, defaults)
}

// quote makes a word safe for a shell.
func quote(word string) string {
	plain := func(r rune) bool {
		return r == '-' || r == '_' || r == '.' || r == '/' || r == '=' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
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
