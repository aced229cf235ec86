package sentiment

import (
	"math"
	"strconv"
	"strings"
)

// addRules adds the words that boost, dampen, negate or stand in a rule.
func (v *VADER) addRules() {
	set := func(words string, change func(*entry)) {
		for word := range strings.FieldsSeq(words) {
			e := v.words[word]
			change(&e)
			v.words[word] = e
		}
	}
	set(boosters, func(e *entry) { e.booster = boost })
	set(dampeners, func(e *entry) { e.booster = -boost })
	set(negations, func(e *entry) { e.negates = true })
	for i, word := range strings.Fields(ruleWords) {
		set(word, func(e *entry) { e.key = key(i + 1) })
	}
}

// ruleWords are the words of key, in its order.
const ruleWords = `no or nor so this never without doubt least at very but kind of sort just enough
	the shit bomb bad ass bus stop yeah right kiss death to die for beating heart`

const boosters = `absolutely amazingly awfully completely considerable considerably decidedly deeply
	effing enormous enormously entirely especially exceptional exceptionally extreme extremely
	fabulously flipping flippin frackin fracking fricking frickin frigging friggin fully fuckin
	fucking fuggin fugging greatly hella highly hugely incredible incredibly intensely major majorly
	more most particularly purely quite really remarkably so substantially thoroughly total totally
	tremendous tremendously uber unbelievably unusually utter utterly very`

const dampeners = `almost barely hardly kinda kindof kind-of less little marginal marginally
	occasional occasionally partly scarce scarcely slight slightly somewhat sorta sortof sort-of`

const negations = `aint arent cannot cant couldnt darent didnt doesnt ain't aren't can't couldn't
	daren't didn't doesn't dont hadnt hasnt havent isnt mightnt mustnt neither don't hadn't hasn't
	haven't isn't mightn't mustn't neednt needn't never none nope nor not nothing nowhere oughtnt
	shant shouldnt uhuh wasnt werent oughtn't shan't shouldn't uh-uh wasn't weren't without wont
	wouldnt won't wouldn't rarely seldom despite`

// idiom is a phrase whose valence is not its words'.
type idiom struct {
	words   [3]key // the last is plain in a phrase of two words
	valence float64
}

// idiomOf returns the valence of the phrase a b (c); ok is false if it is none.
// "badass", the reference's ninth phrase, is one word and never matches there.
func idiomOf(a, b, c key) (valence float64, ok bool) {
	for _, i := range [...]idiom{
		{[3]key{wordThe, wordShit}, 3},
		{[3]key{wordThe, wordBomb}, 3},
		{[3]key{wordBad, wordAss}, 1.5},
		{[3]key{wordBus, wordStop}, 0},
		{[3]key{wordYeah, wordRight}, -2},
		{[3]key{wordKiss, wordOf, wordDeath}, -1.5},
		{[3]key{wordTo, wordDie, wordFor}, 3},
		{[3]key{wordBeating, wordHeart}, 3.5},
	} {
		if i.words == [3]key{a, b, c} {
			return i.valence, true
		}
	}
	return 0, false
}

// dampens reports that a b is one of the two-word dampeners.
func dampens(a, b key) bool {
	return (b == wordOf && (a == wordKind || a == wordSort)) || (a == wordJust && b == wordEnough)
}

// round gives the decimal nearest to the exact value of x, as Python's round
// does. scale is a power of ten.
func round(x, scale float64) float64 {
	y := x * scale
	if _, part := math.Modf(math.Abs(y)); math.Abs(part-0.5) > 1e-6 {
		return math.Round(y) / scale
	}
	digits := 3
	if scale == 1e4 {
		digits = 4
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', digits, 64), 64)
	if err != nil {
		return x
	}
	return r
}
