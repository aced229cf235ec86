package sentiment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// ErrLanguage says that a language is asked for that is not known here.
var ErrLanguage = errors.New("unknown language")

// Longest is how much of one text is read, in bytes; a longer one is judged by
// its beginning.
const Longest = 1 << 20

// Methods are the scorers of an Analyzer.
type Methods struct {
	English Method
	Chinese Method
	// Symbols judges texts without letters, such as emoji. Nil: no basis.
	Symbols Method
	// Words tells English inside of Chinese from names of brands and models, which
	// Chinese reads along. Nil: all Latin letters are read as English.
	Words Method
}

// Options of one analysis.
type Options struct {
	Lang    string // auto (or empty), en, zh: which method reads the text
	Explain bool   // fill Verdict.Tokens
}

// Analyzer gives one verdict over both languages, and learns from corrections.
// It is safe for concurrent use.
type Analyzer struct {
	methods Methods
	classes map[Label]float64 // the verdicts there are, and the score a correction draws to
	labels  []Label           // their order
	own     bool              // they are a model's own: the score does not say which

	mu          sync.RWMutex
	corrections []Correction
	memory      *memory // of corrections; replaced, never changed
}

// NewAnalyzer makes an Analyzer. English and Chinese must be there.
func NewAnalyzer(m Methods) *Analyzer {
	a := &Analyzer{methods: m, memory: &memory{}}
	a.labels, a.classes, a.own = verdictsOf(m)
	return a
}

// Labels are the verdicts that the Analyzer gives, in their order: positive, neutral
// and negative, or the classes of a model with classes of its own.
func (a *Analyzer) Labels() []Label { return slices.Clone(a.labels) }

// NewLexicons makes an Analyzer that needs no model: the lexicons of both languages.
func NewLexicons() (*Analyzer, error) {
	m, err := lexiconMethods()
	if err != nil {
		return nil, err
	}
	return newSimplifying(m), nil
}

// lexiconMethods are the lexicons, for texts in simplified characters.
func lexiconMethods() (Methods, error) {
	zh, err := NewChinese()
	if err != nil {
		return Methods{}, err
	}
	en, err := NewEnglish()
	if err != nil {
		return Methods{}, err
	}
	zh.emoji = en.Emoji
	return Methods{English: en, Chinese: zh, Symbols: en, Words: en}, nil
}

// newSimplifying makes an Analyzer whose Chinese method is given simplified characters.
func newSimplifying(m Methods) *Analyzer {
	m.Chinese = inSimplified(m.Chinese)
	return NewAnalyzer(m)
}

// Analyze gives the verdict on one text, with the tokens' shares.
func (a *Analyzer) Analyze(ctx context.Context, t string) (Verdict, error) {
	return a.One(ctx, t, Options{Explain: true})
}

// One gives the verdict on one text.
func (a *Analyzer) One(ctx context.Context, t string, o Options) (Verdict, error) {
	out, err := a.All(ctx, []string{t}, o)
	if err != nil {
		return Verdict{}, err
	}
	return out[0], nil
}

// All gives the verdicts on texts, in their order. It is much faster than one
// by one with learned models.
func (a *Analyzer) All(ctx context.Context, texts []string, o Options) ([]Verdict, error) {
	if !slices.Contains([]string{"", "auto", "en", "zh"}, o.Lang) {
		return nil, fmt.Errorf("%w %q: choose auto, en or zh", ErrLanguage, o.Lang)
	}
	out := make([]Verdict, len(texts))
	routes := map[Method][]part{}
	cut := make([]string, len(texts))
	for i, t := range texts {
		out[i] = Verdict{Text: t, Label: Neutral, Method: NoBasis, Tokens: []Token{}}
		cut[i] = beginning(t)
		a.route(routes, &out[i], i, cut[i], o.Lang)
	}
	sums := make([]sum, len(texts))
	for _, m := range []Method{a.methods.English, a.methods.Chinese, a.methods.Symbols} {
		if m == nil || len(routes[m]) == 0 {
			continue
		}
		if err := a.score(ctx, m, routes[m], cut, sums, o.Explain); err != nil {
			return nil, err
		}
		delete(routes, m) // two languages may share a method
	}
	memory := a.remembered()
	for i := range out {
		sums[i].finish(&out[i])
		memory.adjust(&out[i])
	}
	return out, nil
}

// beginning cuts a text that is longer than Longest, at a character.
func beginning(t string) string {
	if len(t) <= Longest {
		return t
	}
	n := Longest
	for n > 0 && t[n]&0xC0 == 0x80 {
		n--
	}
	return t[:n]
}

// sum gathers the opinions on one text's parts.
type sum struct {
	score, confidence, weight float64
	method                    string
	label                     Label
	heaviest                  float64
	tokens                    []Token
}

// score asks m for all its parts and adds them to the sums.
func (a *Analyzer) score(ctx context.Context, m Method, parts []part, texts []string, sums []sum, explain bool) error {
	cut := make([]string, len(parts))
	for i, p := range parts {
		cut[i] = texts[p.text][p.span.Start:p.span.End]
	}
	if explain {
		for i, p := range parts {
			opinion, tokens, err := m.Explain(ctx, cut[i])
			if err != nil {
				return fmt.Errorf("explain by %s: %w", m.Name(), err)
			}
			sums[p.text].add(m.Name(), p, opinion, tokens)
		}
		return nil
	}
	opinions, err := m.Score(ctx, cut)
	if err != nil {
		return fmt.Errorf("score by %s: %w", m.Name(), err)
	}
	for i, p := range parts {
		sums[p.text].add(m.Name(), p, opinions[i], nil)
	}
	return nil
}

func (s *sum) add(method string, p part, o Opinion, tokens []Token) {
	if !o.Known {
		return
	}
	switch {
	case s.method == "":
		s.method = method
	case !strings.Contains(s.method, method):
		s.method += "+" + method
	}
	s.score += o.Score * p.weight
	s.confidence += o.Confidence * p.weight
	s.weight += p.weight
	if o.Label != "" && p.weight > s.heaviest {
		s.label, s.heaviest = o.Label, p.weight
	}
	for _, t := range tokens {
		t.Start += p.span.Start
		t.End += p.span.Start
		t.Share *= p.weight
		s.tokens = append(s.tokens, t)
	}
}

// finish writes the parts' weighted mean into v.
func (s *sum) finish(v *Verdict) {
	if s.weight == 0 {
		return
	}
	v.Score, v.Confidence, v.Method = s.score/s.weight, s.confidence/s.weight, s.method
	v.Label = labelOf(v.Score)
	if s.label != "" {
		v.Label = s.label
	}
	for i := range s.tokens {
		s.tokens[i].Share /= s.weight
	}
	slices.SortStableFunc(s.tokens, func(x, y Token) int { return x.Start - y.Start })
	v.Tokens = append(v.Tokens, s.tokens...)
}
