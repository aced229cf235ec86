package sentiment

import (
	"math"
	"sync"

	"github.com/jonreiter/govader"
)

// VADER is the rule-based sentiment of Hutto and Gilbert, "VADER: A
// Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text"
// (ICWSM 2014), as the Python package vaderSentiment 3.3.2 computes it. Its
// quirks are part of the reference and are kept.
//
// The word lists come from github.com/jonreiter/govader, whose own scoring is
// not used. They lack two entries of the reference, which are added: "heart"
// 3.2 and "hearts" 3.3; nothing else differs.
//
// A VADER is safe for concurrent use.
type VADER struct {
	words   map[string]entry
	emoji   map[rune]string
	longest int       // bytes of the longest word
	scratch sync.Pool // of *vaderScratch
}

// Scores is what VADER says of a text. Positive, Neutral and Negative are the
// shares of the text and sum to 1 (rounded to 3 decimals); Compound is in
// [-1, 1] (4 decimals). A text without words has all zero.
type Scores struct{ Compound, Positive, Neutral, Negative float64 }

// WordShare is one word's part in Compound. text[Start:End] is where it stands.
type WordShare struct {
	Start, End int
	Valence    float64 // after all rules, in the lexicon's unit
	Share      float64 // of the compound score; the shares of a text sum to it
}

// Constants of the reference, all measured by its authors.
const (
	boost     = 0.293 // a booster before a word
	capitals  = 0.733 // a word in capitals among others that are not
	inverse   = -0.74 // negation
	exclaim   = 0.292 // one exclamation mark, up to four
	question  = 0.18  // one of two or three question marks
	questions = 0.96  // more of them
	alpha     = 15    // approximates the largest expected sum
)

// entry is what the word lists say of one lower-case word.
type entry struct {
	valence float64
	booster float64
	lexical bool // in the lexicon
	negates bool
	key     key
}

// key numbers the words that rules name.
type key uint8

const (
	plain key = iota
	wordNo
	wordOr
	wordNor
	wordSo
	wordThis
	wordNever
	wordWithout
	wordDoubt
	wordLeast
	wordAt
	wordVery
	wordBut
	wordKind
	wordOf
	wordSort
	wordJust
	wordEnough
	wordThe
	wordShit
	wordBomb
	wordBad
	wordAss
	wordBus
	wordStop
	wordYeah
	wordRight
	wordKiss
	wordDeath
	wordTo
	wordDie
	wordFor
	wordBeating
	wordHeart
)

// NewVADER makes the analyzer; it takes some milliseconds and should be kept.
func NewVADER() *VADER {
	source := govader.NewSentimentIntensityAnalyzer()
	v := &VADER{words: make(map[string]entry, len(source.Lexicon)+200), emoji: make(map[rune]string)}
	v.scratch.New = func() any { return new(vaderScratch) }
	for word, valence := range source.Lexicon {
		v.words[word] = entry{valence: valence, lexical: true}
	}
	v.words["heart"] = entry{valence: 3.2, lexical: true}
	v.words["hearts"] = entry{valence: 3.3, lexical: true}
	v.addRules()
	for word := range v.words {
		v.longest = max(v.longest, len(word))
	}
	for symbol, description := range source.EmojiDict {
		if runes := []rune(symbol); len(runes) == 1 { // the reference replaces single characters only
			v.emoji[runes[0]] = description
		}
	}
	return v
}

// Score returns the scores of text. It does not allocate once warm.
func (v *VADER) Score(text string) Scores {
	s := v.scratch.Get().(*vaderScratch)
	defer v.scratch.Put(s)
	v.read(s, text)
	v.value(s)
	return s.scores()
}

// Explain returns the scores and the part of every word in the compound
// score; exclamation and question marks that add emphasis have their own.
func (v *VADER) Explain(text string) (Scores, []WordShare) {
	s := v.scratch.Get().(*vaderScratch)
	defer v.scratch.Put(s)
	s.places = true
	v.read(s, text)
	s.places = false
	v.value(s)
	return s.scores(), s.shares()
}

// scores turns the words' valences into the reference's four numbers.
func (s *vaderScratch) scores() Scores {
	if len(s.words) == 0 {
		return Scores{}
	}
	sum, positive, negative, neutral := 0.0, 0.0, 0.0, 0.0
	for _, x := range s.valences {
		sum += x
		switch {
		case x > 0:
			positive += x + 1
		case x < 0:
			negative += x - 1
		default:
			neutral++
		}
	}
	emphasis := s.emphasis()
	compound := normalizeSum(emphasize(sum, emphasis))
	if positive > math.Abs(negative) {
		positive += emphasis
	} else if positive < math.Abs(negative) {
		negative -= emphasis
	}
	total := positive + math.Abs(negative) + neutral
	return Scores{
		Compound: round(compound, 1e4),
		Positive: round(math.Abs(positive/total), 1e3),
		Neutral:  round(math.Abs(neutral/total), 1e3),
		Negative: round(math.Abs(negative/total), 1e3),
	}
}

// shares splits the compound score: each word by its valence, the marks by
// the emphasis they add.
func (s *vaderScratch) shares() []WordShare {
	sum := 0.0
	for _, x := range s.valences {
		sum += x
	}
	whole := emphasize(sum, s.emphasis())
	unit := 1 / math.Sqrt(whole*whole+alpha)
	out := make([]WordShare, 0, len(s.words)+len(s.marks))
	for i, w := range s.words {
		start, end := s.place(w.start, w.end)
		out = append(out, WordShare{Start: start, End: end, Valence: s.valences[i], Share: s.valences[i] * unit})
	}
	for _, m := range s.marks {
		if extra := (whole - sum) / float64(len(s.marks)); extra != 0 {
			start, end := s.place(m, m+1)
			out = append(out, WordShare{Start: start, End: end, Valence: extra, Share: extra * unit})
		}
	}
	return out
}

// emphasis is what exclamation and question marks add to the sum's size.
func (s *vaderScratch) emphasis() float64 {
	total := float64(min(s.exclamations, 4)) * exclaim
	switch {
	case s.questions > 3:
		total += questions
	case s.questions > 1:
		total += float64(s.questions) * question
	}
	return total
}

func emphasize(sum, emphasis float64) float64 {
	switch {
	case sum > 0:
		return sum + emphasis
	case sum < 0:
		return sum - emphasis
	}
	return sum
}

func normalizeSum(sum float64) float64 {
	return max(-1, min(1, sum/math.Sqrt(sum*sum+alpha)))
}
