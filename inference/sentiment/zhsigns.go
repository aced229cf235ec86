package sentiment

import (
	"strconv"
	"strings"

	"athanor/inference/text"
)

// signAt reads what no word says at unit i: an emoji, a rating ("5星", "9/10", "100分",
// drawn stars) or applause in digits (666). n is its units, 0 for none.
func (c *Chinese) signAt(units []text.Unit, i int) (n int, e zhEntry) {
	n, valence := 0, 0.0
	switch units[i].Class {
	case text.Emoji:
		if n, valence = starsAt(units, i); n == 0 && c.emoji != nil {
			n, valence = 1, c.emoji(units[i].Text)
		}
	case text.Number:
		n, valence = ratingOf(units, i)
	}
	if n == 0 || valence == 0 {
		return 0, e
	}
	return n, zhEntry{kind: zhWord, valence: valence}
}

// starsAt counts drawn stars.
func starsAt(units []text.Unit, i int) (n int, valence float64) {
	starred := func(u text.Unit) bool { return u.Class == text.Emoji && strings.ContainsFunc(u.Text, isStar) }
	if i > 0 && starred(units[i-1]) {
		return 0, 0 // its run was looked at
	}
	var b strings.Builder
	for _, u := range units[i:] {
		if !starred(u) {
			break
		}
		b.WriteString(u.Text)
		n++
	}
	size, full := drawnStars(b.String())
	if size == 0 {
		return 0, 0
	}
	return n, ofStars(float64(full), 5)
}

// ratingOf reads a rating that begins with a number.
func ratingOf(units []text.Unit, i int) (n int, valence float64) {
	v, err := strconv.ParseFloat(units[i].Text, 64)
	if err != nil {
		return 0, 0
	}
	stars := 1
	if unitText(units, i+1) == "颗" {
		stars = 2
	}
	switch {
	case unitText(units, i+stars) == "星" && v <= 5 && !startsOther(units, i+stars+1, "级标酒期座光球巴半"):
		return stars + 1, ofStars(v, 5)
	case unitText(units, i+1) == "分" && (v == 0 || v == 100) && !startsOther(units, i+2, "钟类之店期辨布公开别手"):
		return 2, best * (v/50 - 1)
	case unitText(units, i+1) == "/" && !startsOther(units, i+3, "月日号"):
		return fractionOf(units, i, v)
	case len(units[i].Text) >= 3 && strings.Trim(units[i].Text, "6") == "" && alone(units, i):
		return 1, 2.4
	}
	return 0, 0
}

// fractionOf reads 9/10: v is what stands before the stroke.
func fractionOf(units []text.Unit, i int, v float64) (n int, valence float64) {
	most, err := strconv.ParseFloat(unitText(units, i+2), 64)
	if err != nil || !ofScale(v, most) {
		return 0, 0
	}
	return 3, ofStars(v, most)
}

// unitText is unit i's text, empty beyond the end.
func unitText(units []text.Unit, i int) string {
	if i >= len(units) {
		return ""
	}
	return units[i].Text
}

// startsOther reports that unit i is one of the characters, with which what stands
// before makes another word (5星级, 100分钟).
func startsOther(units []text.Unit, i int, characters string) bool {
	t := unitText(units, i)
	return t != "" && strings.Contains(characters, t)
}

// alone reports that no letter, number or Han character touches unit i's end.
func alone(units []text.Unit, i int) bool {
	return i+1 >= len(units) || units[i+1].Class == text.Punct || units[i+1].Class == text.Emoji || units[i+1].Start > units[i].End
}

// quoted reports that units first to last stand alone in quotes.
func quoted(units []text.Unit, first, last int) bool {
	if first == 0 || last+1 >= len(units) {
		return false
	}
	return isQuote(units[first-1]) && isQuote(units[last+1])
}

func isQuote(u text.Unit) bool {
	return u.Class == text.Punct && strings.ContainsAny(u.Text, "\"“”「」'‘’")
}
