package sentiment

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"athanor/assets/lexicons"
)

// English scores English by VADER's lexicon and rules with more words, and over them
// phrases whose meaning is not their words' ("could not be better"), ratings ("9/10",
// "two stars") and the emoji on which VADER is silent. Typographic quotes, full-width
// letters and words drawn out (soooo) are read as what they stand for. The reference
// itself is VADER.
//
// An English is safe for concurrent use.
type English struct {
	vader   *VADER
	phrases map[string][]phrase // by their first word
	sum     string              // checksum of the lexicon
}

// phrase is words in a row; each is a choice of alternatives, and nil stands for up to
// three words.
type phrase struct {
	rest    [][]string
	valence float64
}

// NewEnglish reads VADER's and the embedded lexicon.
func NewEnglish() (*English, error) { return parseEnglish(lexicons.English()) }

func parseEnglish(lexicon string) (*English, error) {
	e := &English{vader: NewVADER(), phrases: map[string][]phrase{}, sum: checksum([]byte(lexicon))}
	section, number := "", 0
	for line := range strings.Lines(lexicon) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == '[':
			section = line
			continue
		}
		first, rest, _ := strings.Cut(line, " ")
		valence, err := strconv.ParseFloat(first, 64)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrLexicon, number, err)
		}
		switch section {
		case "[words]":
			e.addWords(valence, strings.Fields(rest))
		case "[phrases]":
			e.addPhrases(valence, strings.Split(rest, ","))
		default:
			return nil, fmt.Errorf("%w: line %d: unknown section %s", ErrLexicon, number, section)
		}
	}
	return e, nil
}

// addWords enters words that VADER has no valence for.
func (e *English) addWords(valence float64, words []string) {
	for _, w := range words {
		if known := e.vader.words[w]; !known.lexical && known.booster == 0 && !known.negates {
			known.valence, known.lexical = valence, true
			e.vader.words[w] = known
			e.vader.longest = max(e.vader.longest, len(w))
		}
	}
}

func (e *English) addPhrases(valence float64, list []string) {
	for _, p := range list {
		words := strings.Fields(p)
		if len(words) == 0 {
			continue
		}
		rest := make([][]string, 0, len(words)-1)
		for _, w := range words[1:] {
			if w == "*" {
				rest = append(rest, nil)
			} else {
				rest = append(rest, strings.Split(w, "|"))
			}
		}
		for first := range strings.SplitSeq(words[0], "|") {
			e.phrases[first] = append(e.phrases[first], phrase{rest, valence})
		}
	}
}

// judge reads plain text t and leaves every word's valence in s.
func (e *English) judge(s *vaderScratch, t string) {
	e.vader.read(s, t)
	for i := range s.words {
		e.shortenDrawnOut(s, i)
		e.mend(s, i)
	}
	e.vader.value(s)
	but := slices.IndexFunc(s.words, func(w vaderWord) bool { return w.key == wordBut })
	for i := 0; i < len(s.words); {
		n, valence := e.phraseAt(s, i)
		if n == 0 {
			n, valence = ratingAt(s, i)
		}
		if n == 0 {
			i++
			continue
		}
		if negatedBefore(s, i) {
			valence *= inverse
		}
		switch {
		case but >= i+n:
			valence *= 0.5
		case but >= 0 && but < i:
			valence *= 1.5
		}
		for j := i; j < i+n; j++ {
			s.valences[j] = valence / float64(n)
		}
		i += n
	}
	e.doubtQuoted(s)
}

// mend changes word i's entry where its neighbours tell that it is not what VADER takes
// it for: praise that only strengthens ("pretty bad", "super slow"), "nothing but",
// which neither negates nor contrasts, and single letters.
func (e *English) mend(s *vaderScratch, i int) {
	w := &s.words[i]
	word := string(s.lowered(i))
	switch {
	case w.lexical && len(word) == 1 && word[0] >= 'a' && word[0] <= 'z':
		w.lexical = false
	case i+1 >= len(s.words):
	case word == "nothing" && s.words[i+1].key == wordBut:
		w.negates, s.words[i+1].key = false, plain
	case s.words[i+1].lexical && s.isOneOf(i, "super pretty insanely damn ridiculously crazy stupidly terribly awfully dead wicked"):
		w.lexical, w.booster = false, boost
	}
}

// negatedBefore reports a negation among the two words before word i.
func negatedBefore(s *vaderScratch, i int) bool {
	for j := max(0, i-2); j < i; j++ {
		if s.words[j].negates {
			return true
		}
	}
	return false
}

// doubtQuoted turns praise of one word in quotes: a "great" product.
func (e *English) doubtQuoted(s *vaderScratch) {
	for i, w := range s.words {
		if s.valences[i] > 0 && w.start > 0 && int(w.end) < len(s.buf) && s.buf[w.start-1] == '"' && s.buf[w.end] == '"' {
			s.valences[i] *= inverse
		}
	}
}

// lowered is word i in lower case.
func (s *vaderScratch) lowered(i int) []byte {
	w := s.words[i]
	s.lower = s.lower[:0]
	for _, c := range s.buf[w.start:w.end] {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		s.lower = append(s.lower, c)
	}
	return s.lower
}

// phraseAt is the longest phrase that begins at word i: how many words, 0 for none.
func (e *English) phraseAt(s *vaderScratch, i int) (n int, valence float64) {
	for _, p := range e.phrases[string(s.lowered(i))] {
		if m := s.follows(i+1, p.rest); m+1 > n && m >= 0 {
			n, valence = m+1, p.valence
		}
	}
	return n, valence
}

// longestGap is how many words * stands for at most.
const longestGap = 3

// follows is how many words from i on are those of rest; -1: they are not. A phrase
// does not reach over the end of a sentence.
func (s *vaderScratch) follows(i int, rest [][]string) int {
	from := i
	for k, choice := range rest {
		if choice == nil {
			for gap := 0; gap <= longestGap; gap++ {
				if n := s.follows(i+gap, rest[k+1:]); n >= 0 {
					return i + gap + n - from
				}
			}
			return -1
		}
		if i >= len(s.words) || s.ends(i-1) || !slices.Contains(choice, string(s.lowered(i))) {
			return -1
		}
		i++
	}
	return i - from
}

// ends reports a mark behind word i that ends a sentence.
func (s *vaderScratch) ends(i int) bool {
	for at := int(s.words[i].end); at < len(s.buf) && isMark(s.buf[at]); at++ {
		if bytes.IndexByte([]byte(".;:!?"), s.buf[at]) >= 0 {
			return true
		}
	}
	return false
}

// shortenDrawnOut looks a word with a letter three times in a row or more up again
// with two of them, then with one: gooood, loooove.
func (e *English) shortenDrawnOut(s *vaderScratch, i int) {
	w := &s.words[i]
	if w.lexical || w.booster != 0 || !drawnOut(s.buf[w.start:w.end]) {
		return
	}
	word := string(s.lowered(i))
	for most := 2; most > 0; most-- {
		if found := e.vader.words[string(squeeze(word, most))]; found.lexical || found.booster != 0 {
			w.entry = found
			return
		}
	}
}

func drawnOut(b []byte) bool {
	run := 0
	for i, c := range b {
		if run++; i > 0 && c != b[i-1] {
			run = 1
		}
		if run == 3 && c|0x20 >= 'a' && c|0x20 <= 'z' {
			return true
		}
	}
	return false
}

// squeeze leaves at most so many of a letter in a row.
func squeeze(word string, most int) []byte {
	out, run := make([]byte, 0, len(word)), 0
	for i := range len(word) {
		if run++; i > 0 && word[i] != word[i-1] {
			run = 1
		}
		if run <= most {
			out = append(out, word[i])
		}
	}
	return out
}

// Name of the lexicon's verdicts.
func (e *English) Name() string { return "lexicon-en" }

func (e *English) identity() string { return "vader-3.3.2+" + e.sum }

// Score gives the scores of texts; those without a word of feeling are not known.
func (e *English) Score(ctx context.Context, texts []string) ([]Opinion, error) {
	out := make([]Opinion, len(texts))
	s := e.vader.scratch.Get().(*vaderScratch)
	defer e.vader.scratch.Put(s)
	for i, t := range texts {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		plain, _ := plainEnglish(t, false)
		out[i] = e.opinion(s, plain)
	}
	return out, nil
}

func (e *English) opinion(s *vaderScratch, plain string) Opinion {
	e.judge(s, plain)
	sum, known := 0.0, false
	for _, x := range s.valences {
		sum += x
		known = known || x != 0
	}
	return lexical(normalizeSum(emphasize(sum, s.emphasis())), known)
}

// Explain gives the words' valences, scaled to sum to the score.
func (e *English) Explain(ctx context.Context, t string) (Opinion, []Token, error) {
	s := e.vader.scratch.Get().(*vaderScratch)
	defer e.vader.scratch.Put(s)
	plain, origin := plainEnglish(t, true)
	s.places = true
	o := e.opinion(s, plain)
	s.places = false
	shares := s.shares()
	tokens := make([]Token, 0, len(shares))
	for _, share := range shares {
		start, end := share.Start, share.End
		if origin != nil {
			start, end = int(origin[start]), int(origin[end-1])
			size, _ := markup(t[end:])
			if size == 0 {
				_, size = utf8.DecodeRuneInString(t[end:])
			}
			end += size
		}
		if start < end && !math.IsNaN(share.Share) {
			tokens = append(tokens, Token{Text: t[start:end], Start: start, End: end, Share: share.Share})
		}
	}
	return o, tokens, ctx.Err()
}

// Emoji is the valence of one emoji, 0 where it says nothing.
func (e *English) Emoji(emoji string) float64 {
	s := e.vader.scratch.Get().(*vaderScratch)
	defer e.vader.scratch.Put(s)
	plain, _ := plainEnglish(emoji, false)
	e.judge(s, plain)
	sum := 0.0
	for _, x := range s.valences {
		sum += x
	}
	return max(-best, min(best, sum))
}
