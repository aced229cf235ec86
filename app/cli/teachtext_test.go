package cli_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/app/datasets"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// encoderFiles writes the network and its vocabulary beside each other.
func encoderFiles(t *testing.T, classes bool) (network, reviews string) {
	t.Helper()
	dir := t.TempDir()
	network, reviews = filepath.Join(dir, "encoder.onnx"), filepath.Join(dir, "reviews.csv")
	if err := testenv.Encoder(classes).Save(network); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{filepath.Join(dir, "vocab.txt"): testenv.Vocabulary(), reviews: testenv.Opinions()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return network, reviews
}

// TestAPretrainedEncoderLearnsReviews: a network of the BERT family with its
// vocabulary is taught a person's own reviews, with all layers and as an encoder
// without a head, and what comes out is used as any model: from the text itself.
func TestAPretrainedEncoderLearnsReviews(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for name, c := range map[string]struct {
		classes bool
		least   float64
		flags   []string
	}{
		"all layers":     {true, 0.95, []string{"--all", "--rate", "1", "--epochs", "12", "--learning-rate", "0.003"}},
		"an encoder":     {false, 0.95, []string{"--all", "--rate", "1", "--epochs", "12", "--learning-rate", "0.003"}},
		"low rank":       {true, 0.7, []string{"--lora", "8", "--rate", "1", "--epochs", "12", "--learning-rate", "0.01"}},
		"the head alone": {false, 0.55, []string{"--epochs", "20"}},
	} {
		t.Run(name, func(t *testing.T) {
			network, reviews := encoderFiles(t, c.classes)
			dir := filepath.Join(t.TempDir(), "run")
			args := append([]string{"transfer", network, "--data", reviews, "--label", "stars", "--text", "review", "--length", "16", "--threads", "1", "--out", dir, "--json"}, c.flags...)
			text, err := athanorIn(t.Context(), t, args...)
			if err != nil {
				t.Fatal(err)
			}
			lines := objects(t, text)
			accuracy, _ := lines[len(lines)-1]["val_accuracy"].(float64)
			t.Logf("%v", lines[len(lines)-1])
			if accuracy < c.least {
				t.Errorf("accuracy %v, want %v or more", accuracy, c.least)
			}
			if name == "all layers" {
				useTaught(t, dir)
			}
		})
	}
}

// useTaught asks the taught model for texts, as a sentiment model and as any other.
func useTaught(t *testing.T, dir string) {
	t.Helper()
	model := filepath.Join(dir, train.ModelName)
	text, err := athanorIn(t.Context(), t, "sentiment", "--model", model, "--json", "the phone is great", "a sad book", "")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"love it", "send back", "neutral"} {
		if got := objects(t, text)[i]["label"]; got != want {
			t.Errorf("text %d is %v, want %s", i, got, want)
		}
	}
	if text, err = athanorIn(t.Context(), t, "evaluate", model, "--json"); err != nil {
		t.Fatal(err)
	}
	if got, _ := objects(t, text)[0]["classification"].(map[string]any); got == nil {
		t.Errorf("evaluated: %s", text)
	}
}

func TestTeachingTextsRefuses(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	network, reviews := encoderFiles(t, true)
	bare := filepath.Join(t.TempDir(), "bare.onnx")
	if err := testenv.Encoder(true).Save(bare); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(t.TempDir(), "large.txt")
	if err := os.WriteFile(large, []byte(testenv.Vocabulary()+strings.Repeat("x", 9)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want error
	}{
		"no vocabulary":            {[]string{bare, "--data", reviews}, datasets.ErrVocabulary},
		"another one's vocabulary": {[]string{network, "--data", reviews, "--vocab", large}, transfer.ErrInput},
		"no such vocabulary":       {[]string{network, "--data", reviews, "--vocab", "absent.txt"}, os.ErrNotExist},
		"more tokens than places":  {[]string{network, "--data", reviews, "--length", "64", "--all"}, transfer.ErrInput},
	} {
		args := append(append([]string{"transfer"}, c.args...), "--out", filepath.Join(t.TempDir(), "run"))
		if _, err := athanorIn(t.Context(), t, args...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestLowRankTrainingKeepsWhatIsAsked: the merged model, the adapter alone, or both;
// of the adapter's run the model can be made again.
func TestLowRankTrainingKeepsWhatIsAsked(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	network, reviews := encoderFiles(t, true)
	for keep, want := range map[string][2]bool{train.KeepBoth: {true, true}, train.KeepMerged: {true, false}, train.KeepAdapter: {false, true}} {
		dir := filepath.Join(t.TempDir(), "run")
		_, err := athanorIn(t.Context(), t, "transfer", network, "--data", reviews, "--label", "stars", "--text", "review", "--length", "16", "--threads", "1",
			"--out", dir, "--lora", "2", "--epochs", "1", "--lora-keep", keep)
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{train.ModelName, transfer.AdapterName} {
			if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want[i] {
				t.Errorf("%s: %s: %v", keep, name, err)
			}
		}
	}
	if _, err := athanorIn(t.Context(), t, "transfer", network, "--data", reviews, "--lora", "2", "--lora-keep", "nothing"); !errors.Is(err, train.ErrRecipe) {
		t.Errorf("a choice that is none: %v", err)
	}
}
