package sentiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
	"sync"

	"athanor/inference/text"
)

// Blend joins a learned model with a lexicon: long reviews are what the model
// has learnt from, and short sentences, which it was never shown, are what a
// lexicon is good at. With z the model's log-odds, n the text's units and x
// the lexicon's sum in its own unit, the log-odds of the blend are
//
//	e·n/(n+Half)·(Model·z + Bias) + Lexicon·(1+Short/n)·x
//
// with e = v⁴/(v⁴+Evidence⁴) of the model's evidence v: a model that divides by it is as
// sure of a text without a telling word ("it arrived on Tuesday") as of any other. The
// score is tanh of half of them, the difference of the two probabilities. A Blend is safe for concurrent use.
type Blend struct {
	name    string
	model   Method
	lexicon Method
	w       Weights
}

// Weights of a Blend, found by logistic regression on held-out texts.
type Weights struct{ Model, Half, Lexicon, Short, Bias, Evidence float64 }

// NewBlend joins model, whose classes must be the two verdicts, and lexicon.
func NewBlend(name string, model, lexicon Method, w Weights) *Blend {
	return &Blend{name: name, model: model, lexicon: lexicon, w: w}
}

// Name stands in the blend's verdicts.
func (b *Blend) Name() string { return b.name }

// Score gives the blend's opinions.
func (b *Blend) Score(ctx context.Context, texts []string) ([]Opinion, error) {
	learned, err := b.model.Score(ctx, texts)
	if err != nil {
		return nil, err
	}
	return learned, b.addLexicon(ctx, texts, learned)
}

// addLexicon joins the lexicon's opinions to the model's, on all processors.
func (b *Blend) addLexicon(ctx context.Context, texts []string, learned []Opinion) error {
	size := max(batchTexts, (len(texts)+processors()-1)/processors())
	errs := make([]error, (len(texts)+size-1)/size)
	var wg sync.WaitGroup
	for k := range errs {
		from, to := k*size, min((k+1)*size, len(texts))
		join := func() {
			known, err := b.lexicon.Score(ctx, texts[from:to])
			for i, o := range known {
				learned[from+i] = b.join(texts[from+i], learned[from+i], o)
			}
			errs[k] = err
		}
		if len(errs) == 1 {
			join()
			break
		}
		wg.Go(join)
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (b *Blend) join(t string, learned, known Opinion) Opinion {
	if !learned.Known && !known.Known {
		return Opinion{}
	}
	n := float64(max(1, unitsOf(t)))
	score := math.Tanh((b.learnedOdds(n, learned) + b.lexiconOdds(n, known) + b.trust(n, learned)*b.w.Bias) / 2)
	return Opinion{Score: score, Confidence: (1 + math.Abs(score)) / 2, Known: true}
}

func (b *Blend) learnedOdds(n float64, o Opinion) float64 {
	return b.trust(n, o) * b.w.Model * 2 * math.Atanh(inside(o.Score))
}

// trust is e·n/(n+Half) of the formula; e is 1 for a model that tells no evidence.
func (b *Blend) trust(n float64, o Opinion) float64 {
	if !o.Known {
		return 0
	}
	share := n / (n + b.w.Half)
	if o.Evidence > 0 && b.w.Evidence > 0 {
		share /= 1 + math.Pow(b.w.Evidence/o.Evidence, 4)
	}
	return share
}

// lexiconOdds undoes the lexicon's squeezing into [-1, 1].
func (b *Blend) lexiconOdds(n float64, o Opinion) float64 {
	c := inside(o.Score)
	return b.w.Lexicon * (1 + b.w.Short/n) * c / math.Sqrt(1-c*c)
}

func inside(score float64) float64 { return max(-0.99999, min(0.99999, score)) }

// mostUnits is from how many units on texts count alike.
const mostUnits = 512

// unitsOf counts a text's words and Chinese characters, up to mostUnits: spaces between
// letters and Han characters are all it looks at.
func unitsOf(t string) int {
	n, word := 0, false
	for _, r := range t {
		switch {
		case r >= 0x2E80:
			n, word = n+1, false
		case r > ' ':
			if !word {
				n++
			}
			word = true
		default:
			word = false
		}
		if n >= mostUnits {
			return n
		}
	}
	return n
}

// Explain gives the shares of both, merged on the text's units.
func (b *Blend) Explain(ctx context.Context, t string) (Opinion, []Token, error) {
	learned, parts, err := b.model.Explain(ctx, t)
	if err != nil {
		return Opinion{}, nil, fmt.Errorf("explain: %w", err)
	}
	known, words, err := b.lexicon.Explain(ctx, t)
	if err != nil {
		return Opinion{}, nil, fmt.Errorf("explain: %w", err)
	}
	o := b.join(t, learned, known)
	units := text.Units(t)
	if !o.Known || len(units) == 0 {
		return o, nil, nil
	}
	shares := make([]float64, len(units))
	n := float64(max(1, unitsOf(t)))
	gather(shares, units, parts, ratio(b.learnedOdds(n, learned), learned.Score))
	gather(shares, units, words, ratio(b.lexiconOdds(n, known), known.Score))
	odds := 2 * math.Atanh(inside(o.Score))
	for i := range shares {
		shares[i] *= ratio(o.Score, odds)
	}
	shares = balance(shares, o.Score)
	return o, wordTokens(t, units, shares, b.lexicon), nil
}

// segmenter is a lexicon that knows which units make a word.
type segmenter interface {
	// word is how many of the first units make one word, at least one.
	word(units []text.Unit) int
}

// wordTokens makes tokens of the units, those of a word of the lexicon
// together.
func wordTokens(t string, units []text.Unit, shares []float64, lexicon Method) []Token {
	words, _ := lexicon.(segmenter)
	tokens := make([]Token, 0, len(units))
	for i := 0; i < len(units); {
		n := 1
		if words != nil {
			n = words.word(units[i:])
		}
		token := Token{Start: units[i].Start, End: units[i+n-1].End}
		for _, share := range shares[i : i+n] {
			token.Share += share
		}
		token.Text = strings.Clone(t[token.Start:token.End])
		tokens = append(tokens, token)
		i += n
	}
	return tokens
}

// ratio is a/b, and 1 where b is too small to tell.
func ratio(a, b float64) float64 {
	if math.Abs(b) < 1e-9 {
		return 1
	}
	return a / b
}

// gather adds the tokens' shares, scaled, to the units they stand on.
func gather(shares []float64, units []text.Unit, tokens []Token, scale float64) {
	for _, t := range tokens {
		first := min(len(units)-1, sort.Search(len(units), func(i int) bool { return units[i].End > t.Start }))
		last := first
		for last+1 < len(units) && units[last+1].Start < t.End {
			last++
		}
		for u := first; u <= last; u++ {
			shares[u] += t.Share * scale / float64(last-first+1)
		}
	}
}
