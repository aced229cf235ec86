package sentiment

import (
	"context"
	"math"
	"strings"
	"unicode/utf8"
)

// Label is a verdict. A model with classes of its own gives their names.
type Label string

// The verdicts on a feeling.
const (
	Positive Label = "positive"
	Neutral  Label = "neutral"
	Negative Label = "negative"
)

// Edge is the smallest score, in size, that is not neutral: VADER's own
// threshold, as in the founding article.
const Edge = 0.05

// NoBasis is the method of a verdict that nothing in the text led to: it is
// neutral with confidence 0, never a guess.
const NoBasis = "no basis"

// Token is a part of the text and what it adds to the score.
type Token struct {
	Text  string  `json:"text"`  // as it stands in the original
	Start int     `json:"start"` // in bytes
	End   int     `json:"end"`
	Share float64 `json:"share"`
}

// Verdict is what is said of one text.
type Verdict struct {
	Text       string  `json:"text"`
	Label      Label   `json:"label"`
	Score      float64 `json:"score"`      // -1 … 1
	Confidence float64 `json:"confidence"` // 0 … 1: how often such a verdict is right
	Lang       string  `json:"lang"`       // en, zh, mixed, other, or empty for a text without letters
	Method     string  `json:"method"`
	// Tokens' shares and the corrections' sum to Score; of a model whose classes have no
	// order to how much surer of its label it is than by chance. Empty unless asked for.
	Tokens []Token `json:"tokens"`
}

// Opinion is what one method says of one text. Known is false where the text
// holds nothing that the method knows.
type Opinion struct {
	Score      float64
	Confidence float64
	Label      Label // of a model with classes of its own; else empty
	Known      bool
	// Evidence is how much of the text tells, for models that divide by it: the norm of
	// its n-grams' log-count ratios. 0: not said.
	Evidence float64
}

// Method scores texts of one language.
type Method interface {
	// Name is short and stable: it stands in every verdict.
	Name() string
	// Score gives an opinion on each text.
	Score(ctx context.Context, texts []string) ([]Opinion, error)
	// Explain gives the opinion on one text and the shares that sum to its score.
	Explain(ctx context.Context, text string) (Opinion, []Token, error)
}

// classed is a Method with classes of its own.
type classed interface {
	// classScores are the classes in their order, and where each lies on [-1, 1];
	// nothing where the classes are the verdicts. scores is nil for classes without
	// an order.
	classScores() (names []string, scores []float64)
}

// certain is how far from 0 the score of a corrected text lies at most.
const certain = 0.9

// verdictsOf are the verdicts that methods give, and the score that a correction to
// each draws to; own says that they are classes of a model's own.
func verdictsOf(m Methods) (labels []Label, targets map[Label]float64, own bool) {
	for _, one := range []Method{m.English, m.Chinese, m.Symbols} {
		c, ok := one.(classed)
		if !ok {
			continue
		}
		names, scores := c.classScores()
		if len(names) == 0 {
			continue
		}
		labels, targets = make([]Label, len(names)), map[Label]float64{}
		for i, n := range names {
			labels[i] = Label(n)
			if scores != nil {
				targets[labels[i]] = certain * scores[i]
			}
		}
		return labels, targets, true
	}
	return []Label{Positive, Neutral, Negative}, map[Label]float64{Positive: certain, Neutral: 0, Negative: -certain}, false
}

func labelOf(score float64) Label {
	switch {
	case score >= Edge:
		return Positive
	case score <= -Edge:
		return Negative
	}
	return Neutral
}

// lexical is the opinion of a lexicon: how sure it is grows with the score.
func lexical(compound float64, known bool) Opinion {
	if !known {
		return Opinion{}
	}
	return Opinion{Score: compound, Confidence: 0.5 + math.Abs(compound)/2, Known: true}
}

// Name of VADER's verdicts.
func (v *VADER) Name() string { return "vader" }

// Opinions makes a Method of VADER.
func (v *VADER) Opinions() Method { return vaderMethod{v} }

type vaderMethod struct{ *VADER }

// Score gives VADER's compound scores. Texts without any word of the lexicon
// are not known to it.
func (m vaderMethod) Score(ctx context.Context, texts []string) ([]Opinion, error) {
	out := make([]Opinion, len(texts))
	for i, t := range texts {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s := m.VADER.Score(westernMarks(t))
		out[i] = lexical(s.Compound, s.Positive+s.Negative > 0)
	}
	return out, nil
}

// westernMarks writes Chinese punctuation as ASCII with two spaces, the same
// number of bytes: beside Chinese, people end English words with it, and VADER
// knows ASCII marks only.
func westernMarks(t string) string {
	if !strings.ContainsAny(t, "，。！？；：、（）") {
		return t
	}
	return strings.NewReplacer("，", ",  ", "。", ".  ", "！", "!  ", "？", "?  ", "；", ";  ", "：", ":  ",
		"、", ",  ", "（", "  (", "）", ")  ").Replace(t)
}

// Explain gives the words' valences, scaled to sum to the compound score.
func (m vaderMethod) Explain(ctx context.Context, text string) (Opinion, []Token, error) {
	scores, shares := m.VADER.Explain(westernMarks(text))
	tokens := make([]Token, 0, len(shares))
	for _, s := range shares {
		for s.End < len(text) && !utf8.RuneStart(text[s.End]) {
			s.End++ // a Chinese mark is longer than the ASCII one it was read as
		}
		tokens = append(tokens, Token{Text: text[s.Start:s.End], Start: s.Start, End: s.End, Share: s.Share})
	}
	return lexical(scores.Compound, scores.Positive+scores.Negative > 0), tokens, ctx.Err()
}
