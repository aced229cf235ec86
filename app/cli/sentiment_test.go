package cli_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/app/cli"
	"athanor/app/reviews"
	"athanor/inference/runtime"
	"athanor/inference/sentiment"
	"athanor/inference/testenv"
)

// sentimentOutput runs `athanor sentiment` with the word lists, so that no
// native library is needed.
func sentimentOutput(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	c := call(t.Context(), stdin, append([]string{"sentiment", "--model", "lexicon"}, args...)...)
	return c.out, c.err
}

func TestSentimentJSON(t *testing.T) {
	const text = "这是一个非常好的产品，非常满意！"
	out, err := sentimentOutput(t, "", "--json", text, "not good <b>")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 {
		t.Fatalf("output %q", out)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &fields); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"text", "label", "score", "confidence", "lang", "method", "tokens"} {
		if _, ok := fields[key]; !ok {
			t.Errorf("no %q in %s", key, lines[0])
		}
	}
	if len(fields) != 7 || fields["text"] != text || fields["label"] != "positive" || fields["score"].(float64) < 0.8 || fields["lang"] != "zh" {
		t.Errorf("%s", lines[0])
	}
	token := fields["tokens"].([]any)[0].(map[string]any)
	if len(token) != 4 {
		t.Errorf("a token has the keys of %v", token)
	}
	if start, end := int(token["start"].(float64)), int(token["end"].(float64)); text[start:end] != token["text"] {
		t.Errorf("token %v", token)
	}
	if !strings.Contains(lines[1], `"label":"negative"`) || !strings.Contains(lines[1], "<b>") {
		t.Errorf("%s", lines[1])
	}
}

func TestSentimentReadsLines(t *testing.T) {
	out, err := sentimentOutput(t, "good\r\n\n太差了", "-")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "positive") || !strings.Contains(lines[1], sentiment.NoBasis) || !strings.HasPrefix(lines[2], "negative") {
		t.Errorf("output %q", out)
	}
}

func TestSentimentExplains(t *testing.T) {
	out, err := sentimentOutput(t, "", "--explain", "The food was not good")
	if err != nil || !strings.Contains(out, "-0.") || !strings.Contains(out, "good\n") {
		t.Errorf("output %q, error %v", out, err)
	}
}

func TestSentimentFile(t *testing.T) {
	in := filepath.Join(t.TempDir(), "reviews.csv")
	if err := os.WriteFile(in, []byte("id,review\n1,很好\n2,terrible\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := sentimentOutput(t, "", "--file", in)
	if err != nil || !strings.Contains(out, `2 rows of column "review"`) {
		t.Fatalf("output %q, error %v", out, err)
	}
	scored, err := os.ReadFile(strings.TrimSuffix(in, ".csv") + ".scored.csv")
	if err != nil || !strings.Contains(string(scored), "2,terrible,negative,") {
		t.Errorf("%q, %v", scored, err)
	}
}

func TestSentimentRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want error
	}{
		"nothing":          {nil, cli.ErrNoText},
		"unknown language": {[]string{"--lang", "fr", "x"}, sentiment.ErrLanguage},
		"nothing left":     {[]string{"--file", os.Args[0] + ".none"}, os.ErrNotExist},
		"no texts":         {[]string{"--resume", "--out", filepath.Join(t.TempDir(), "o.csv"), "--file", "sentiment_test.go"}, reviews.ErrResume},
	} {
		if _, err := sentimentOutput(t, "", c.args...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sentimentOutput(t, "", "--model", "nonsense", "x"); !errors.Is(err, sentiment.ErrModel) || !strings.Contains(err.Error(), "reviews-zh") {
		t.Errorf("unknown model: %v", err)
	}
}

// --lang sends all of a text to one language's method.
func TestSentimentReadsInOneLanguage(t *testing.T) {
	for lang, method := range map[string]string{"auto": "lexicon-en+lexicon-zh", "en": "lexicon-en", "zh": "lexicon-zh"} {
		out, err := sentimentOutput(t, "", "--lang", lang, "--json", "good 太差了")
		if err != nil || !strings.Contains(out, `"method":"`+method+`"`) {
			t.Errorf("%s: %q, %v", lang, out, err)
		}
	}
}

func TestAModelOfAnotherTaskIsRefused(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	c := call(t.Context(), "", "sentiment", "--model", testenv.SharedData(t, "onnx-small", "mnist.onnx"), "x")
	if !errors.Is(c.err, sentiment.ErrModel) || !strings.Contains(c.err.Error(), "trained on texts") {
		t.Errorf("%v", c.err)
	}
}
