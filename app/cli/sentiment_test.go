package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/app/cli"
	"athanor/app/reviews"
	"athanor/inference/sentiment"
)

// sentimentOutput runs `athanor sentiment` with the word lists, so that no
// native library is needed.
func sentimentOutput(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	root := cli.Root("test")
	var out, problems bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&problems)
	root.SetIn(strings.NewReader(stdin))
	root.SetArgs(append([]string{"sentiment", "--model", "lexicon"}, args...))
	err := root.ExecuteContext(context.Background())
	return out.String(), err
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
	if _, err := sentimentOutput(t, "", "--model", "nonsense", "x"); err == nil || !strings.Contains(err.Error(), "reviews-zh") {
		t.Errorf("unknown model: %v", err)
	}
}
