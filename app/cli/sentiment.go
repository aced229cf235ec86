package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"athanor/inference/sentiment"
)

// ErrNoText says that sentiment was given nothing to read.
var ErrNoText = errors.New("no text; give texts as arguments, - for standard input, or --file")

// sentimentFlags are the flags of `athanor sentiment`.
type sentimentFlags struct {
	lang, model, corrections string
	vocabulary               string
	classes                  []string
	explain, json            bool
	file                     fileFlags
}

// newSentiment is the command `athanor sentiment`.
func newSentiment() *cobra.Command {
	var f sentimentFlags
	command := &cobra.Command{
		Use:   "sentiment [TEXT…]",
		Short: "Say whether texts are positive or negative, in English and Chinese, and why",
		Long: "Judge texts given as arguments, one a line on standard input (-), or a file of\n" +
			"reviews (CSV, TSV, JSON lines, Parquet, TXT), whose rows are written with their\n" +
			"verdicts. Each language is read by its own method. Where nothing in a text gives\n" +
			"a basis, that is the answer.",
		Example: "  athanor sentiment '这是一个非常好的产品，非常满意！'\n" +
			"  athanor sentiment --explain 'The food was not good.'\n" +
			"  athanor sentiment --file reviews.csv --out scored.csv",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runSentiment(cmd, args, f) },
	}
	flags := command.Flags()
	flags.StringVar(&f.lang, "lang", "auto", "method for the text's language: auto, en or zh")
	flags.StringVar(&f.model, "model", "auto", "auto, vader, lexicon, reviews-zh, reviews-zh-gru, reviews-en, or a text model's file")
	flags.StringVar(&f.corrections, "corrections", "", "file of corrections to follow (JSON lines of text and label)")
	flags.StringVar(&f.vocabulary, "vocab", "", "vocab.txt or tokenizer.json of a --model file from elsewhere (BERT family)")
	flags.StringSliceVar(&f.classes, "classes", []string{"negative", "positive"}, "class names of a model opened with --vocab, in the order of its outputs")
	flags.BoolVar(&f.explain, "explain", false, "show what every word adds to the score")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a text")
	f.file.register(flags)
	command.MarkFlagsMutuallyExclusive("resume", "anew")
	command.AddCommand(newSentimentPack())
	return command
}

func runSentiment(cmd *cobra.Command, args []string, f sentimentFlags) error {
	if len(args) == 0 && f.file.in == "" {
		return ErrNoText
	}
	a, missing, closeModels, err := f.analyzer()
	if err != nil {
		return err
	}
	defer closeModels()
	if missing != nil {
		if _, err := fmt.Fprintf(cmd.ErrOrStderr(), "judging by word lists alone: %v\n", missing); err != nil {
			return err
		}
	}
	if f.corrections != "" {
		if err := a.LoadCorrections(f.corrections); err != nil {
			return err
		}
	}
	if f.file.in != "" {
		if len(args) > 0 {
			return fmt.Errorf("give either texts or --file %s", f.file.in)
		}
		return runReviews(cmd, a, f)
	}
	show := &verdictPrinter{out: cmd.OutOrStdout(), json: f.json, explain: f.explain}
	o := sentiment.Options{Lang: f.lang, Explain: f.explain || f.json}
	if len(args) == 1 && args[0] == "-" {
		return judgeLines(cmd, a, o, show)
	}
	return judge(cmd, a, o, show, args)
}

// analyzer opens what --model and --vocab name.
func (f sentimentFlags) analyzer() (a *sentiment.Analyzer, missing error, closeModels func(), err error) {
	if f.vocabulary == "" {
		return sentiment.NewNamed(f.model)
	}
	file, err := os.ReadFile(f.model)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("open text model: %w", err)
	}
	vocabulary, err := os.ReadFile(f.vocabulary)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("open vocabulary: %w", err)
	}
	name := strings.TrimSuffix(filepath.Base(f.model), filepath.Ext(f.model))
	m, err := sentiment.NewImported(file, name, sentiment.Import{Vocabulary: vocabulary, Labels: f.classes})
	if err != nil {
		return nil, nil, nil, err
	}
	return sentiment.NewAnalyzer(sentiment.Methods{English: m, Chinese: m, Symbols: m}), nil, m.Close, nil
}

func judge(cmd *cobra.Command, a *sentiment.Analyzer, o sentiment.Options, show *verdictPrinter, texts []string) error {
	verdicts, err := a.All(cmd.Context(), texts, o)
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		if err := show.print(v); err != nil {
			return err
		}
	}
	return nil
}

// longestLine is the most of one line of standard input that is read.
const longestLine = 16 << 20

// judgeLines answers every line of standard input as soon as it is there; lines
// that have already arrived are judged together.
func judgeLines(cmd *cobra.Command, a *sentiment.Analyzer, o sentiment.Options, show *verdictPrinter) error {
	in := bufio.NewReaderSize(cmd.InOrStdin(), 1<<20)
	var waiting []string
	for {
		line, err := readLine(in)
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return fmt.Errorf("read standard input: %w", err)
		}
		if !ended {
			waiting = append(waiting, line)
		}
		if ended || in.Buffered() == 0 || len(waiting) >= 1024 {
			if err := judge(cmd, a, o, show, waiting); err != nil {
				return err
			}
			waiting = waiting[:0]
		}
		if ended {
			return nil
		}
	}
}

// readLine reads one line without its end, cut at longestLine; io.EOF after the last.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if room := longestLine - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0, err == nil:
			return strings.TrimRight(string(line), "\r\n"), nil
		default:
			return "", err
		}
	}
}

// verdictPrinter prints verdicts for a person or as JSON lines.
type verdictPrinter struct {
	out           io.Writer
	json, explain bool
}

func (p *verdictPrinter) print(v sentiment.Verdict) error {
	var b strings.Builder
	if p.json {
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(v); err != nil {
			return fmt.Errorf("print verdict: %w", err)
		}
	} else {
		p.plain(&b, v)
	}
	if _, err := io.WriteString(p.out, b.String()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// shownText is how many characters of a text a person is shown.
const shownText = 72

func (p *verdictPrinter) plain(b *strings.Builder, v sentiment.Verdict) {
	lang := v.Lang
	if lang == "" {
		lang = "–"
	}
	fmt.Fprintf(b, "%-8s %+.2f  %3.0f%% sure  %-5s %-12s  %s\n", v.Label, v.Score, 100*v.Confidence, lang, v.Method, shorten(v.Text))
	if !p.explain {
		return
	}
	for _, t := range v.Tokens {
		if t.Share > 0.005 || t.Share < -0.005 {
			fmt.Fprintf(b, "    %+.2f  %s\n", t.Share, shorten(t.Text))
		}
	}
}

func shorten(t string) string {
	t = strings.Join(strings.Fields(t), " ")
	runes := []rune(t)
	if len(runes) <= shownText {
		return t
	}
	return string(runes[:shownText-1]) + "…"
}

// besides names a file's scored copy: reviews.csv becomes reviews.scored.csv.
func besides(in string) string {
	ext := strings.ToLower(filepath.Ext(in))
	base := strings.TrimSuffix(in, filepath.Ext(in))
	switch ext {
	case ".csv", ".tsv", ".jsonl", ".ndjson":
		return base + ".scored" + ext
	}
	return base + ".scored.csv"
}
