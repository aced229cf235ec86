package sentiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"athanor/assets/lexicons"
	"athanor/inference/text"
)

// ErrLexicon says that a lexicon's text is damaged.
var ErrLexicon = errors.New("the lexicon is damaged")

// Chinese scores Chinese by a lexicon and VADER's idea of rules, made for
// Chinese: words are found by the longest match, degree words multiply,
// negations turn the word that follows in the same clause, and after 但是 what
// follows counts for more. It needs no model and no library.
//
// A Chinese is safe for concurrent use.
type Chinese struct {
	words   map[string]zhEntry
	longest int    // units of the longest word
	sum     string // checksum of the lexicon
	// emoji is an emoji's valence; nil: they say nothing.
	emoji func(string) float64
}

type zhKind uint8

const (
	zhWord zhKind = 1 << iota
	zhDegree
	zhNegation
	zhContrast
	zhNeutral
)

type zhEntry struct {
	kind    zhKind
	valence float64
	degree  float64
}

// NewChinese reads the embedded lexicon.
func NewChinese() (*Chinese, error) { return parseChinese(lexicons.Chinese()) }

func parseChinese(lexicon string) (*Chinese, error) {
	c := &Chinese{words: map[string]zhEntry{}, sum: checksum([]byte(lexicon))}
	kinds := map[string]zhKind{
		"[words]": zhWord, "[degree]": zhDegree, "[negation]": zhNegation, "[contrast]": zhContrast, "[neutral]": zhNeutral,
	}
	var kind zhKind
	number := 0
	for line := range strings.Lines(lexicon) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			if kind = kinds[line]; kind == 0 {
				return nil, fmt.Errorf("%w: line %d: unknown section %s", ErrLexicon, number, line)
			}
			continue
		}
		if err := c.add(kind, strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrLexicon, number, err)
		}
	}
	return c, nil
}

// add enters one line's words; the first field is a number where kind has one.
func (c *Chinese) add(kind zhKind, fields []string) error {
	value := 0.0
	if kind == zhWord || kind == zhDegree {
		var err error
		if value, err = strconv.ParseFloat(fields[0], 64); err != nil {
			return err
		}
		fields = fields[1:]
	}
	for _, word := range fields {
		e := c.words[word]
		e.kind |= kind
		switch kind {
		case zhWord:
			e.valence = value
		case zhDegree:
			e.degree = value
		}
		c.words[word] = e
		c.longest = max(c.longest, len([]rune(word)))
	}
	return nil
}

// zhMatch is a word of the lexicon in the text: units first…last.
type zhMatch struct {
	zhEntry
	first, last int
	start, end  int // bytes of the original
	x           float64
}

// match finds the lexicon's words, the longest first, none inside another.
func (c *Chinese) match(units []text.Unit) []zhMatch {
	var found []zhMatch
	for i := 0; i < len(units); {
		n, e := c.longestAt(units[i:])
		if n == 0 {
			n, e = c.signAt(units, i)
		}
		if n > 0 && e.kind&zhNeutral == 0 {
			found = append(found, zhMatch{zhEntry: e, first: i, last: i + n - 1, start: units[i].Start, end: units[i+n-1].End})
		}
		i += max(1, n)
	}
	return found
}

// word groups the units of the longest word at their head.
func (c *Chinese) word(units []text.Unit) int {
	n, _ := c.longestAt(units)
	return max(1, n)
}

func (c *Chinese) longestAt(units []text.Unit) (n int, e zhEntry) {
	if units[0].Class != text.Han {
		return 0, e
	}
	key := make([]byte, 0, 32)
	for i, u := range units[:min(len(units), c.longest)] {
		if u.Class != text.Han || (i > 0 && units[i-1].End != u.Start) {
			break
		}
		key = append(key, u.Text...)
		if found, ok := c.words[string(key)]; ok {
			n, e = i+1, found
		}
	}
	return n, e
}

// reach is how many units before a word its negation or degree may stand.
const reach = 6

// judge gives every feeling word its valence after the rules; total is their
// sum with the emphasis of exclamation marks.
func (c *Chinese) judge(s string) (words []zhMatch, total float64) {
	units := text.Units(s)
	found := c.match(units)
	turn, marks := -1, 0
	for i := range found {
		m := &found[i]
		if m.kind&zhContrast != 0 && turn < 0 {
			turn = m.first
		}
		if m.kind&zhWord != 0 {
			m.x = modified(units, found, i)
			if m.x > 0 && quoted(units, m.first, m.last) {
				m.x *= inverse // a “good” product
			}
		}
	}
	for _, u := range units {
		if u.Class == text.Punct && u.Text[0] == '!' {
			marks += len(u.Text)
		}
	}
	for _, m := range found {
		if m.kind&zhWord == 0 {
			continue
		}
		if turn >= 0 && m.first < turn {
			m.x *= 0.5
		} else if turn >= 0 {
			m.x *= 1.5
		}
		words = append(words, m)
		total += m.x
	}
	return words, emphasize(total, float64(min(marks, 4))*exclaim)
}

// modified applies the degree words and negations before word i of found.
func modified(units []text.Unit, found []zhMatch, i int) float64 {
	m := found[i]
	x := m.valence
	next := m.first
	for j := i - 1; j >= 0; j-- {
		before := found[j]
		if next-before.last > reach || clauseEnds(units[before.last+1:m.first]) || before.kind&zhWord != 0 {
			break
		}
		if before.kind&zhDegree != 0 {
			x *= before.degree
		}
		if before.kind&zhNegation != 0 {
			x *= inverse
		}
		next = before.first
	}
	return x
}

// clauseEnds reports a mark that ends a clause.
func clauseEnds(units []text.Unit) bool {
	for _, u := range units {
		if mark, _ := utf8.DecodeRuneInString(u.Text); u.Class == text.Punct && strings.ContainsRune(",.!?;:…。、~", mark) {
			return true
		}
	}
	return false
}

// Name of the lexicon's verdicts.
func (c *Chinese) Name() string { return "lexicon-zh" }

// Score gives the scores of texts; those without a word of the lexicon are not known.
func (c *Chinese) Score(ctx context.Context, texts []string) ([]Opinion, error) {
	out := make([]Opinion, len(texts))
	for i, t := range texts {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		words, total := c.judge(t)
		out[i] = lexical(normalizeSum(total), len(words) > 0)
	}
	return out, nil
}

// Explain gives the feeling words' shares; the emphasis is spread over them.
func (c *Chinese) Explain(ctx context.Context, t string) (Opinion, []Token, error) {
	words, total := c.judge(t)
	sum := 0.0
	for _, w := range words {
		sum += w.x
	}
	unit := 1 / math.Sqrt(total*total+alpha)
	if sum != 0 {
		unit *= total / sum
	}
	tokens := make([]Token, 0, len(words))
	for _, w := range words {
		tokens = append(tokens, Token{Text: t[w.start:w.end], Start: w.start, End: w.end, Share: w.x * unit})
	}
	return lexical(normalizeSum(total), len(words) > 0), tokens, ctx.Err()
}
