package near

// Bins is the number of values in a sketch.
const Bins = 64

// bands and bandRows: sketches that agree in all values of one band become
// candidates. Two texts of similarity s are found with the chance
// 1-(1-s⁴)⁸: 99.7 % at 0.85, 40 % at 0.5.
const (
	bands    = 8
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
// neighbours (A. Shrivastava and P. Li, 2014).
type Sketch [Bins]uint16

// NewSketch sketches a text, ignoring ASCII case, repeated spaces and ASCII
// punctuation. ok is false where the text is too short to tell.
func NewSketch(text []byte) (s Sketch, ok bool) {
	var least [Bins]uint32
	for i := range least {
		least[i] = 1<<32 - 1
	}
	var window uint64
	seen := 0
	space := true
	for _, c := range text {
		c = plain(c)
		if c == ' ' {
			if space {
				continue
			}
			space = true
		} else {
			space = false
		}
		window = window<<8 | uint64(c)
		if seen++; seen < shingle {
			continue
		}
		h := fold(window^prime2, prime1)
		bin := h >> 58
		least[bin] = min(least[bin], uint32(h))
	}
	if seen < MinText {
		return s, false
	}
	fillEmpty(&least)
	for i, v := range least {
		s[i] = uint16(v ^ v>>16)
	}
	return s, true
}

// plain maps a byte to what is compared: lower case, and space for ASCII
// characters that are neither letters nor digits.
func plain(c byte) byte {
	switch {
	case c-'A' < 26:
		return c | 0x20
	case c >= 0x80, c-'a' < 26, c-'0' < 10:
		return c
	}
	return ' '
}

func fillEmpty(least *[Bins]uint32) {
	const empty = 1<<32 - 1
	was := *least
	for i := range least {
		for k := 1; least[i] == empty && k < Bins; k++ {
			if v := was[(i+k)%Bins]; v != empty {
				least[i] = v + uint32(k)*0x9e3779b1
			}
		}
	}
}

// Similarity estimates the Jaccard similarity of two texts' shingles.
func (s *Sketch) Similarity(o *Sketch) float64 {
	same := 0
	for i := range s {
		if s[i] == o[i] {
			same++
		}
	}
	return float64(same) / Bins
}

// Keys are the keys under which candidates meet, one a band.
func (s *Sketch) Keys() (keys [bands]uint64) {
	for b := range keys {
		h := uint64(b + 1)
		for _, v := range s[b*bandRows : (b+1)*bandRows] {
			h = h<<16 ^ h>>48 ^ uint64(v)
		}
		keys[b] = fold(h^prime1, prime2+uint64(b))
	}
	return keys
}
