package near

import "encoding/binary"

// Bins is the number of values in a sketch.
const Bins = 64

// bands and bandRows: sketches that agree in all values of one band become
// candidates. Two texts of similarity s are found with the chance
// 1-(1-s⁴)⁶: 98.9 % at 0.85, 95.8 % at 0.8, 32 % at 0.5.
const (
	bands    = 6
	bandRows = 4
)

// Same is the estimated Jaccard similarity from which two texts are near
// duplicates.
const Same = 0.8

// shingle is how many bytes are compared as one.
const shingle = 8

// MinText is the length in bytes from which a text has a sketch; shorter texts
// are compared exactly.
const MinText = 24

// Sketch is a MinHash sketch of a text by one permutation (P. Li, A. Owen and
// C.-H. Zhang, One permutation hashing, 2012), empty bins filled from their
// neighbours (A. Shrivastava and P. Li, 2014), of each value 8 bits (P. Li and
// A. C. König, b-bit minwise hashing, 2010).
type Sketch [Bins]uint8

// Print is what is compared of a text.
type Print struct {
	Exact  uint64 // hash of its bytes, 0 where it is empty
	Sketch Sketch
	Keys   [bands]uint64 // under which candidates meet
	Long   bool          // long enough for Sketch and Keys
}

// Printer makes prints of texts. It holds memory that is used again: one for
// each goroutine.
type Printer struct {
	plain  []byte
	starts []uint32
}

// Print prints a text; near duplicates are told without regard to ASCII case,
// repeated spaces and ASCII punctuation. What is compared are the shingles that
// begin with a word, or with a character beyond ASCII.
func (p *Printer) Print(text []byte) (out Print) {
	if len(text) > 0 {
		out.Exact = Hash(text)
	}
	n := p.read(text)
	if n < MinText {
		return out
	}
	var least [Bins]uint32
	for i := range least {
		least[i] = empty
	}
	for _, at := range p.starts {
		h := binary.LittleEndian.Uint64(p.plain[at:]) * prime1
		h ^= h >> 29
		h *= prime2
		if v, bin := uint32(h>>26), h>>58; v < least[bin] {
			least[bin] = v
		}
	}
	fillEmpty(&least)
	out.Long = true
	out.Keys = keys(&least)
	for i, v := range least {
		v ^= v >> 16
		out.Sketch[i] = uint8(v ^ v>>8)
	}
	return out
}

// fewStarts is from how many shingles on a text is compared by those that begin
// with a word; one without spaces is compared by all.
const fewStarts = 8

// read writes what is compared of a text into plain, padded with zeros: lower
// case, and one space for ASCII characters that are neither letters nor digits.
// It notes where shingles start and returns the length. It has no branches: text
// takes turns too often to be foreseen.
func (p *Printer) read(text []byte) int {
	if size := len(text) + shingle; cap(p.plain) < size {
		p.plain, p.starts = make([]byte, size), make([]uint32, size)
	}
	plain, starts := p.plain[:len(text)+shingle], p.starts[:len(text)+shingle]
	at, n, space := 0, 0, uint8(1)
	for _, c := range text {
		c = plainBytes[c]
		plain[at], starts[n] = c, uint32(at)
		is := uint8((uint16(c^' ') - 1) >> 15) // 1 for a space: only zero wraps round
		lead := c >> 7 & (c >> 6)              // 1 for the first byte of a character beyond ASCII
		n += int(space&^is | lead)
		at += int(1 ^ is&space)
		space = is
	}
	clear(plain[at : at+shingle])
	if n < fewStarts {
		for n = range max(0, at-shingle) + 1 {
			starts[n] = uint32(n)
		}
	}
	p.plain, p.starts = plain, starts[:n]
	return at
}

// empty is a bin that no shingle fell into.
const empty = 1<<32 - 1

// fillEmpty gives an empty bin the value of the next full one, the first being
// next to the last, changed by the distance. It has no branches within its loop,
// as full and empty bins take turns at random.
func fillEmpty(least *[Bins]uint32) {
	const step = 0x9e3779b1
	first := 0
	for first < Bins && least[first] == empty {
		first++
	}
	if first == Bins {
		return
	}
	value, change := least[first], uint32(first)*step
	for i := Bins - 1; i >= 0; i-- {
		v := least[i]
		change += step
		if v != empty {
			change = 0
		}
		if v == empty {
			v = value
		}
		value = v
		least[i] = value + change
	}
}

// Similarity estimates the Jaccard similarity of two texts' shingles; values that
// agree by chance are taken off.
func (s *Sketch) Similarity(o *Sketch) float64 {
	same := 0
	for i := range s {
		if s[i] == o[i] {
			same++
		}
	}
	const chance = 1.0 / 256
	return (float64(same)/Bins - chance) / (1 - chance)
}

// keys joins values that lie far apart: neighbours may both come from one full
// bin, and texts would meet that share hardly anything.
func keys(least *[Bins]uint32) (keys [bands]uint64) {
	for b := range keys {
		h := uint64(b+1) * prime2
		for i := b; i < Bins; i += Bins / bandRows {
			h = fold(h^uint64(least[i]), prime1)
		}
		keys[b] = h
	}
	return keys
}
