package ui_test

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/app/cli"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
	"athanor/ui"
	"athanor/ui/i18n"
	uitrain "athanor/ui/train"
	"athanor/ui/uitest"
)

// squares writes a folder of pictures, dark and light ones.
func squares(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for i := range 40 {
		folder := filepath.Join(dir, []string{"dark", "light"}[i%2])
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		img := image.NewGray(image.Rect(0, 0, 28, 28))
		for at := range img.Pix {
			img.Pix[at] = uint8(i%2*120 + (at*(i+3))%100)
		}
		img.SetGray(i%28, i/28, color.Gray{Y: uint8(i)})
		f, err := os.Create(filepath.Join(folder, fmt.Sprintf("%d.png", i)))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// obey runs the command beside the settings and returns the recipe of its run.
func obey(t *testing.T, command string) train.Recipe {
	t.Helper()
	out := filepath.Join(t.TempDir(), "run")
	words := strings.Fields(strings.ReplaceAll(command, "'", "")) // no word here holds a space
	root := cli.Root("test")
	root.SetArgs(append(words[1:], "--out", out, "--json"))
	var text strings.Builder
	root.SetOut(&text)
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	r, err := train.LoadRecipe(filepath.Join(out, train.RecipeName))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestTheCommandDoesTheWindowsRun: whatever is set on the train screen, the command
// beside it trains by the very same recipe.
func TestTheCommandDoesTheWindowsRun(t *testing.T) {
	s, q, dir := learning(t)
	t.Setenv("ATHANOR_HOME", dir)
	mnist := testenv.SharedData(t, "onnx-small", "mnist.onnx")
	s.OpenData(squares(t))
	q.Until(t, 20*time.Second, func() bool { return s.Ready() && s.NextRecipe().Data.Path != "digits" })
	teach := func() {
		s.TeachFile(mnist)
		q.Until(t, 20*time.Second, func() bool { r := s.NextRecipe(); return uitrain.Teaching(&r) == uitrain.TeachHead })
	}
	set := func(pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			s.ChooseSetting(pairs[i], pairs[i+1])
		}
	}
	for _, c := range []struct {
		name, begins string
		change       func()
	}{
		{"an architecture", "athanor train --data", func() { set("epochs", "1", "seed", "7", "batch", "8") }},
		{"a new head", "athanor transfer " + mnist, func() { teach(); set("epochs", "1", "batch", "8", "head_units", "8", "pixels", "unit") }},
		{"all layers", "athanor transfer " + mnist, func() {
			set("teach", "all", "batch", "8", "layer_decay", "0.5", "layer_rate", "0.2", "pixels", "bytes")
		}},
		{"from a layer", "athanor transfer " + mnist, func() { set("teach", "from", "batch_norm", "updated") }},
		{"by patterns", "athanor transfer " + mnist, func() { set("teach", "all", "only", "Param*", "freeze", "Parameter5, Parameter6") }},
		{"with a rule that has no flag", "athanor train ", func() { set("optimizer", "sgd") }},
	} {
		c.change()
		line := s.Command()
		if !strings.HasPrefix(line, c.begins) {
			t.Errorf("%s: the command is %s", c.name, line)
			continue
		}
		want := s.NextRecipe()
		if c.name == "with a rule that has no flag" { // it names a file, which is being written
			q.Until(t, 10*time.Second, func() bool { _, err := os.Stat(strings.Fields(line)[2]); return err == nil })
		}
		got := obey(t, line)
		got.Name, want.Name, want.Device = "", "", "cpu" // what auto comes to here
		wanted, err := want.Text()
		if err != nil {
			t.Fatal(err)
		}
		if text, err := got.Text(); err != nil || string(text) != string(wanted) {
			t.Errorf("%s: %s trains by\n%s\nthe window by\n%s (%v)", c.name, line, text, wanted, err)
		}
	}
}

// TestRecipesHaveTheirCommand: flags say what differs from what the command does by
// itself, and what no flag says is a file's.
func TestRecipesHaveTheirCommand(t *testing.T) {
	resolve := func(r train.Recipe) train.Recipe {
		r, err := r.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	cpu := train.Recipe{Device: "cpu"}
	for _, c := range []struct {
		recipe train.Recipe
		want   string
	}{
		{cpu, "athanor train --data digits"},
		{train.Recipe{Device: "auto"}, "athanor train --data digits --device auto"},
		{train.Recipe{Data: train.Data{Path: "/a b/it's"}}, `athanor train --data '/a b/it'\''s'`},
		{train.Recipe{Optimizer: train.Optimizer{Name: "sgd"}}, "athanor train /r.toml"},
		{
			train.Recipe{Distill: &train.Distill{Model: "/big.onnx", Temperature: 2, Mean: []float64{1, 2, 3}}, Model: train.Model{Name: "cnn"}},
			"athanor distill /big.onnx --data digits --temperature 2 --mean 1,2,3 --model cnn",
		},
		{
			train.Recipe{Transfer: &train.Transfer{Model: "/n.onnx", Rank: 4, Keep: train.KeepAdapter, Rate: 0.1}, Train: train.Loop{DeviceLoss: train.LossStop}},
			"athanor transfer /n.onnx --data digits --lora 4 --lora-keep adapter --device-loss stop",
		},
		{train.Recipe{Transfer: &train.Transfer{Model: "/n.onnx", Rate: 0.1}}, "athanor transfer /n.onnx --data digits --all"},
	} {
		if line, _ := ui.CommandLine(resolve(c.recipe)); line != c.want {
			t.Errorf("the command is\n%s, want\n%s", line, c.want)
		}
	}
}

// TestEverySettingIsExplained in both languages.
func TestEverySettingIsExplained(t *testing.T) {
	for _, l := range i18n.Languages() {
		b := uitest.Book(t, l)
		for _, f := range uitrain.Fields() {
			if key := "field." + f.Key + ".help"; !b.Has(key) || len([]rune(b.T(key))) < 10 {
				t.Errorf("%s: %s explains nothing", l, key)
			}
		}
	}
}
