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
	Sketch Sketch // zero where the text is too short for one
}

// Printer makes prints of texts. It holds memory that is used again: one for
// each goroutine.
type Printer struct {
	plain  []byte
	starts []uint32
}

// Print prints a text; near duplicates are told without regard to ASCII case,
// spaces and ASCII punctuation. What is compared are the shingles that begin with
// a word, or with a character beyond ASCII: eight bytes, those of the next word
// following in a shorter one.
func (p *Printer) Print(text []byte) (out Print) {
	if len(text) > 0 {
		out.Exact = Hash(text)
	}
	if p.read(text) < MinText {
		return out
	}
	var least [Bins]uint32
	for i := range least {
		least[i] = empty
	}
	if len(p.starts) < fewStarts {
		p.everyPlace(&least)
	} else {
		p.everyWord(&least)
	}
	fillEmpty(&least)
	for i, v := range least {
		v ^= v >> 16
		out.Sketch[i] = uint8(v ^ v>>8)
	}
	return out
}

// everyWord takes the shingles that begin where the text was marked.
func (p *Printer) everyWord(least *[Bins]uint32) {
	plain := p.plain
	v, room := shingleAt(plain, p.starts[0])
	for _, place := range p.starts[1:] {
		w, r := shingleAt(plain, place)
		take(least, v|w<<room)
		v, room = w, r
	}
	take(least, v)
}

// everyPlace takes the shingles at every place of the text, its words put
// together with one separator between two.
func (p *Printer) everyPlace(least *[Bins]uint32) {
	n := 0
	for _, c := range p.plain {
		if c != 0 || n > 0 && p.plain[n-1] != 0 {
			p.plain[n] = c
			n++
		}
	}
	for i := range max(0, n-shingle) + 1 {
		take(least, binary.LittleEndian.Uint64(p.plain[i:]))
	}
}

// take puts a shingle into its bin if it is the least there.
func take(least *[Bins]uint32, v uint64) {
	h := v * prime1
	h ^= h >> 29
	h *= prime2
	bin := h >> 58
	least[bin] = min(least[bin], uint32(h>>26))
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

// key is what a text's values of one band are: those that lie far apart, as
// neighbours may both come from one full bin, and texts would meet that share
// hardly anything.
func (s *Sketch) key(band int) uint64 {
	const step = Bins / bandRows
	return uint64(band)<<32 | uint64(s[band])<<24 | uint64(s[band+step])<<16 | uint64(s[band+2*step])<<8 | uint64(s[band+3*step])
}
