package text

import (
	"fmt"
	"slices"
	"sync"
	"unicode/utf8"
)

// hashed gives n-grams of units, hashed into buckets.
type hashed struct {
	d       Definition
	keys    keyTable  // of the selected n-grams; no slots where all have an id
	scratch sync.Pool // of *hashScratch
}

// hashScratch is the memory one call works in.
type hashScratch struct {
	scanner
	hashes []uint64 // of the units
	grams  []gram
	seen   []sighting // by bucket
	call   uint32
}

// sighting is the call that saw a bucket last, and the bucket's index in it.
type sighting struct {
	call  uint32
	index int32
}

// gram is one n-gram: its id and the stretch of the original it covers.
type gram struct {
	id         int64
	key        uint32
	index      int32
	start, end int32
	lo, hi     int32 // its text in buf, for single units and subwords; units lo…hi else
}

func newHashed(d Definition) (*hashed, error) {
	if d.Buckets < 2 || d.Buckets > maxBuckets {
		return nil, fmt.Errorf("%w: %d buckets are not in 2…%d", ErrDefinition, d.Buckets, maxBuckets)
	}
	for name, r := range map[string]Range{"word": d.Words, "Chinese": d.Han, "letter": d.Subwords, "skipping": d.Skips} {
		if err := r.check(name); err != nil {
			return nil, err
		}
	}
	if d.Skips[0] == 1 {
		return nil, fmt.Errorf("%w: units one apart are a pair without a gap", ErrDefinition)
	}
	if d.Words == (Range{}) && d.Han == (Range{}) && d.Subwords == (Range{}) {
		return nil, fmt.Errorf("%w: no n-grams at all", ErrDefinition)
	}
	h := &hashed{d: d}
	if len(d.Keys) > 0 {
		sorted := false
		if h.keys, sorted = newKeyTable(d.Keys); !sorted || d.Buckets != len(d.Keys)/keySize+1 {
			return nil, fmt.Errorf("%w: its n-grams are damaged", ErrDefinition)
		}
	}
	h.scratch.New = func() any { return new(hashScratch) }
	return h, nil
}

func (h *hashed) Length() int            { return h.d.Length }
func (h *hashed) Vocabulary() int        { return h.d.Buckets }
func (h *hashed) Definition() Definition { return h.d }

func (h *hashed) IDs(dst []int64, text string) int {
	s := h.scratch.Get().(*hashScratch)
	defer h.scratch.Put(s)
	part, _ := prefix(text, len(dst))
	h.run(s, part, len(dst))
	n := 0
	for _, g := range s.grams {
		if int(g.index) == n {
			dst[n] = g.id
			n++
		}
	}
	clear(dst[n:])
	return n
}

func (h *hashed) Encode(text string) []Token {
	s := h.scratch.Get().(*hashScratch)
	defer h.scratch.Put(s)
	part, skipped := prefix(text, h.d.Length)
	h.run(s, part, h.d.Length)
	tokens := make([]Token, 0, len(s.grams))
	for _, g := range s.grams {
		tokens = append(tokens, Token{
			Text: string(s.buf[g.lo:g.hi]), ID: g.id, Index: int(g.index),
			Start: int(g.start) + skipped, End: int(g.end) + skipped,
		})
	}
	return tokens
}

// run fills s.grams with the n-grams of text, at most length different places.
func (h *hashed) run(s *hashScratch, text string, length int) {
	s.scan(text, !h.d.KeepCase)
	if h.d.Edges && len(s.units) > 0 {
		last, to := s.units[len(s.units)-1].end, int32(len(s.buf))
		s.units = append(slices.Insert(s.units, 0, unit{class: Punct}), unit{lo: to, hi: to, start: last, end: last, class: Punct})
	}
	s.begin(h.d)
	next := int32(0)
	for i := range s.units {
		if int(next) >= length && !h.d.Unique {
			return
		}
		next = h.unitGrams(s, i, next, int32(length))
		if h.d.Skips[1] > 0 {
			next = h.skips(s, i, next, int32(length))
		}
		if s.units[i].class == Word && h.d.Subwords[0] > 0 {
			next = h.subwords(s, i, next, int32(length))
		}
	}
}

func (s *hashScratch) begin(d Definition) {
	s.grams, s.hashes = s.grams[:0], s.hashes[:0]
	for _, u := range s.units {
		s.hashes = append(s.hashes, hashBytes(s.buf[u.lo:u.hi]))
	}
	if d.Edges && len(s.units) > 0 {
		s.hashes[0], s.hashes[len(s.hashes)-1] = beginHash, endHash
	}
	if d.Unique && len(s.seen) == 0 {
		s.seen = make([]sighting, d.Buckets)
	}
	if s.call++; s.call == 0 { // after 2³² calls they are counted anew
		clear(s.seen)
		s.call = 1
	}
}

// unitGrams adds the n-grams that begin at unit i. An n-gram is wanted when
// every unit in it allows its order: words by Words, characters by Han, marks
// and numbers by either. Where both are the same, an n-gram may mix them.
func (h *hashed) unitGrams(s *hashScratch, i int, next, length int32) int32 {
	words, han, mixed := true, true, h.d.Words == h.d.Han
	sum := uint64(0)
	for j := i; j < len(s.units) && j-i < maxOrder; j++ {
		switch s.units[j].class {
		case Word:
			han = mixed
		case Han:
			words = mixed
		}
		n := j - i + 1
		wantWords, wantHan := words && n <= h.d.Words[1], han && n <= h.d.Han[1]
		if !wantWords && !wantHan {
			return next
		}
		sum = mix(sum ^ s.hashes[j])
		if (wantWords && h.d.Words.has(n)) || (wantHan && h.d.Han.has(n)) {
			a, b := s.units[i], s.units[j]
			next = h.push(s, sum, gram{start: a.start, end: b.end, lo: a.lo, hi: b.hi}, next, length)
		}
	}
	return next
}

// skips adds the pairs of unit i and later ones, some units apart. Both ends of
// a pair are noted with its place, as what stands between is no part of it.
func (h *hashed) skips(s *hashScratch, i int, next, length int32) int32 {
	a := s.units[i]
	for apart := h.d.Skips[0]; apart <= h.d.Skips[1] && i+apart < len(s.units); apart++ {
		b := s.units[i+apart]
		sum := mix(mix(s.hashes[i]+uint64(apart)*skipSeed) ^ s.hashes[i+apart])
		before := len(s.grams)
		next = h.push(s, sum, gram{start: a.start, end: a.end, lo: a.lo, hi: a.hi}, next, length)
		if len(s.grams) > before {
			other := s.grams[before]
			other.start, other.end, other.lo, other.hi = b.start, b.end, b.lo, b.hi
			s.grams = append(s.grams, other)
		}
	}
	return next
}

// subwords adds the letter n-grams of word i, its borders marked as < and >.
func (h *hashed) subwords(s *hashScratch, i int, next, length int32) int32 {
	u := s.units[i]
	word := s.buf[u.lo:u.hi]
	for at := -1; at < len(word); {
		step := 1
		if at >= 0 {
			_, step = utf8.DecodeRune(word[at:])
		}
		sum, end := uint64(subwordSeed), at
		for n := 1; n <= h.d.Subwords[1] && end <= len(word); n++ {
			switch {
			case end < 0:
				sum, end = mix(sum^'<'), 0
			case end == len(word):
				sum, end = mix(sum^'>'), end+1
			default:
				r, size := utf8.DecodeRune(word[end:])
				sum, end = mix(sum^uint64(r)<<8), end+size
			}
			if n >= h.d.Subwords[0] && (at >= 0 || end <= len(word)) {
				lo, hi := u.lo+int32(max(at, 0)), u.lo+int32(min(end, len(word)))
				next = h.push(s, sum, gram{start: u.start, end: u.end, lo: lo, hi: hi}, next, length)
			}
		}
		at += step
	}
	return next
}

// push gives g its id and its place in the sequence, unless it does not fit.
func (h *hashed) push(s *hashScratch, sum uint64, g gram, next, length int32) int32 {
	hash := mix(sum)
	id := 1 + hash%uint64(h.d.Buckets-1)
	g.key = uint32(hash >> 32)
	if h.keys.slots != nil {
		if id = uint64(h.keys.id(g.key)); id == 0 {
			return next
		}
	}
	g.id, g.index = int64(id), next
	if h.d.Unique {
		if s.seen[id].call == s.call {
			g.index = s.seen[id].index
			s.grams = append(s.grams, g)
			return next
		}
		if next < length {
			s.seen[id] = sighting{s.call, next}
		}
	}
	if next >= length {
		return next
	}
	s.grams = append(s.grams, g)
	return next + 1
}

// Seeds keep kinds of n-grams apart.
const (
	subwordSeed = 0x9E3779B97F4A7C15
	skipSeed    = 0xC2B2AE3D27D4EB4F
	beginHash   = 0x165667B19E3779F9
	endHash     = 0x27D4EB2F165667C5
)

// hashBytes is FNV-1a in 64 bits.
func hashBytes(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
