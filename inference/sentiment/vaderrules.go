package sentiment

import (
	"container/heap"
)

// value gives every word its valence by the reference's rules.
func (v *VADER) value(s *vaderScratch) {
	s.valences = s.valences[:0]
	but := -1
	for i := range s.words {
		w := &s.words[i]
		x := 0.0
		kindOf := w.key == wordKind && i+1 < len(s.words) && s.words[i+1].key == wordOf
		if w.lexical && w.booster == 0 && !kindOf {
			x = s.valence(i)
		}
		s.valences = append(s.valences, x)
		if w.key == wordBut && but < 0 {
			but = i
		}
	}
	if but >= 0 {
		s.contrast(but)
	}
}

// valence applies the rules to word i of the lexicon.
func (s *vaderScratch) valence(i int) float64 {
	w := &s.words[i]
	x := w.valence
	if w.key == wordNo && i+1 < len(s.words) && s.words[i+1].lexical {
		x = 0 // it negates the next word instead
	}
	if s.afterNo(i) {
		x = w.valence * inverse
	}
	if w.upper && s.mixedCase {
		if x > 0 {
			x += capitals
		} else {
			x -= capitals
		}
	}
	for back := 1; back <= 3 && back <= i; back++ {
		before := &s.words[i-back]
		if before.lexical {
			continue
		}
		x += s.boost(before, x, back)
		x = s.negate(i, back, x)
		if back == 3 {
			x = s.idioms(i, x)
		}
	}
	return s.least(i, x)
}

func (s *vaderScratch) key(i int) key {
	if i < 0 || i >= len(s.words) {
		return plain
	}
	return s.words[i].key
}

func (s *vaderScratch) afterNo(i int) bool {
	if s.key(i-1) == wordNo || s.key(i-2) == wordNo {
		return true
	}
	return s.key(i-3) == wordNo && (s.key(i-1) == wordOr || s.key(i-1) == wordNor)
}

// boost is what a booster or dampener, back words before, adds to x.
func (s *vaderScratch) boost(w *vaderWord, x float64, back int) float64 {
	if w.booster == 0 {
		return 0
	}
	b := w.booster
	if x < 0 {
		b = -b
	}
	if w.upper && s.mixedCase {
		if x > 0 {
			b += capitals
		} else {
			b -= capitals
		}
	}
	switch back {
	case 2:
		b *= 0.95
	case 3:
		b *= 0.9
	}
	return b
}

// negate applies a negation back words before word i.
func (s *vaderScratch) negate(i, back int, x float64) float64 {
	first := s.key(i - back)
	near, nearer := s.key(i-2), s.key(i-1)
	emphatic := func(k key) bool { return k == wordSo || k == wordThis }
	switch back {
	case 2:
		if first == wordNever && emphatic(nearer) {
			return x * 1.25
		}
		if first == wordWithout && nearer == wordDoubt {
			return x
		}
	case 3:
		if (first == wordNever && emphatic(near)) || emphatic(nearer) {
			return x * 1.25
		}
		if first == wordWithout && (near == wordDoubt || nearer == wordDoubt) {
			return x
		}
	}
	if s.words[i-back].negates {
		return x * inverse
	}
	return x
}

// idioms looks for phrases around word i, which has three words before it.
func (s *vaderScratch) idioms(i int, x float64) float64 {
	d, c, b, a := s.key(i-3), s.key(i-2), s.key(i-1), s.key(i)
	for _, phrase := range [...][3]key{{b, a}, {c, b, a}, {c, b}, {d, c, b}, {d, c}} {
		if valence, ok := idiomOf(phrase[0], phrase[1], phrase[2]); ok {
			x = valence
			break
		}
	}
	if valence, ok := idiomOf(a, s.key(i+1), plain); ok {
		x = valence
	}
	if valence, ok := idiomOf(a, s.key(i+1), s.key(i+2)); ok && i+2 < len(s.words) {
		x = valence
	}
	if dampens(d, c) {
		x -= boost
	}
	if dampens(c, b) {
		x -= boost
	}
	return x
}

// least negates what follows "least", but not "at least" and "very least".
func (s *vaderScratch) least(i int, x float64) float64 {
	if i < 1 || s.key(i-1) != wordLeast || s.words[i-1].lexical {
		return x
	}
	if before := s.key(i - 2); i > 1 && (before == wordAt || before == wordVery) {
		return x
	}
	return x * inverse
}

// contrast halves what stands before the first "but" and raises by half what
// stands after it. The reference changes the first equal value instead of the
// one it has reached, again and again; so does this, with a heap of places a
// value, so that long texts take no quadratic time.
func (s *vaderScratch) contrast(but int) {
	places := make(map[float64]*placeHeap)
	at := func(x float64) *placeHeap {
		if places[x] == nil {
			places[x] = new(placeHeap)
		}
		return places[x]
	}
	for i, x := range s.valences {
		if x != 0 { // zeros stay zero, wherever they are
			heap.Push(at(x), i)
		}
	}
	for i := range s.valences {
		x := s.valences[i]
		if x == 0 {
			continue
		}
		first := (*at(x))[0]
		changed := x
		switch {
		case first < but:
			changed = x * 0.5
		case first > but:
			changed = x * 1.5
		}
		heap.Pop(at(x))
		heap.Push(at(changed), first)
		s.valences[first] = changed
	}
}

// placeHeap is a heap of places, the smallest on top.
type placeHeap []int

// Len is the number of places.
func (h placeHeap) Len() int { return len(h) }

// Less orders by place.
func (h placeHeap) Less(i, j int) bool { return h[i] < h[j] }

// Swap swaps two places.
func (h placeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push appends a place.
func (h *placeHeap) Push(x any) { *h = append(*h, x.(int)) }

// Pop removes the last place.
func (h *placeHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
