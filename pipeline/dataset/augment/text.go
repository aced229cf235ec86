package augment

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Text is how texts are changed during training: characters before they become
// tokens, then the tokens.
type Text struct {
	Drop  float64 // share of tokens left out
	Swap  float64 // share of tokens exchanged with the next
	Noise float64 // share of characters mistyped: left out, doubled, exchanged with the next or replaced
}

// ParseText reads a recipe's list for texts, such as "drop=0.1,swap=0.05". Empty
// and "none" give nil.
func ParseText(list string) (*Text, error) {
	switch strings.TrimSpace(list) {
	case "", "none":
		return nil, nil
	case "default":
		return &Text{Drop: 0.1}, nil
	}
	t := &Text{}
	known := map[string]*float64{"drop": &t.Drop, "swap": &t.Swap, "noise": &t.Noise}
	for item := range strings.SplitSeq(list, ",") {
		name, value, given := strings.Cut(strings.TrimSpace(item), "=")
		into, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("%w: %q for texts; known are drop, swap and noise", ErrUnknown, name)
		}
		if *into = 0.1; name == "noise" {
			*into = 0.03
		}
		if !given {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || !(v >= 0 && v < 1) {
			return nil, fmt.Errorf("%w: %s=%s; the strength is a number from 0 to below 1", ErrUnknown, name, value)
		}
		*into = v
	}
	return t, nil
}

// Corrupt changes the ids of one text in place; zeros at the end are padding and
// stay there. At least one token is kept.
func (t *Text) Corrupt(ids []int64, seed uint64) {
	n := len(ids)
	for n > 0 && ids[n-1] == 0 {
		n--
	}
	r := rand.New(rand.NewPCG(seed, 0x2545f4914f6cdd1d))
	kept := 0
	for i, id := range ids[:n] {
		if r.Float64() < t.Drop && (kept > 0 || i < n-1) {
			continue
		}
		ids[kept] = id
		kept++
	}
	clear(ids[kept:n])
	for i := 0; i+1 < kept; i++ {
		if r.Float64() < t.Swap {
			ids[i], ids[i+1] = ids[i+1], ids[i]
			i++
		}
	}
}

// Mistypes tells whether Mistype changes anything.
func (t *Text) Mistypes() bool { return t.Noise > 0 }

// Mistype changes characters of a text: each with the chance Noise is left out,
// doubled, exchanged with the next, or replaced by another character of the text.
func (t *Text) Mistype(text string, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 0x94d049bb133111eb))
	chars := []rune(text)
	out := make([]rune, 0, len(chars)+8)
	for i := 0; i < len(chars); i++ {
		if r.Float64() >= t.Noise {
			out = append(out, chars[i])
			continue
		}
		switch r.IntN(4) {
		case 0: // left out
		case 1:
			out = append(out, chars[i], chars[i])
		case 2:
			if i+1 < len(chars) {
				out = append(out, chars[i+1])
			}
			out = append(out, chars[i])
			i++
		case 3:
			out = append(out, chars[r.IntN(len(chars))])
		}
	}
	return string(out)
}
