package near

import (
	"encoding/binary"
	"math/bits"
)

// shingle is how many bytes are compared as one.
const shingle = 8

// fewStarts is from how many shingles on a text is compared by those that begin
// with a word; one with fewer is compared by all its places.
const fewStarts = 8

// Bytes of eight at a time: one in each, the highest bit of each, and a number
// that brings those bits together by multiplication.
const (
	ones   = 0x0101010101010101
	high   = 0x8080808080808080
	gather = 0x0102040810204080
)

// wordBytes marks, by their highest bits, those of eight bytes that belong to
// words: letters and digits of ASCII and every byte of other characters. lower
// marks the letters of ASCII where their lower case has a bit more.
func wordBytes(x uint64) (words, lower uint64) {
	low := x &^ high
	letter := low | 0x20*ones
	letters := (letter + (0x80-'a')*ones) &^ (letter + (0x7f-'z')*ones) & high &^ x
	digits := (low + (0x80-'0')*ones) &^ (low + (0x7f-'9')*ones)
	return (letters | digits | x) & high, letters >> 2
}

// plainBytes is eight bytes in lower case, what belongs to no word being zero.
func plainBytes(x uint64) (plain, words uint64) {
	words, lower := wordBytes(x)
	return (x | lower) & (words >> 7 * 0xff), words
}

// read writes what is compared of a text into plain: lower case, zeros for ASCII
// characters that are neither letters nor digits, zeros behind the end. It notes
// where shingles start, at words and characters beyond ASCII, and returns the
// length with one separator between words. Text takes turns too often to be
// foreseen: 64 bytes are marked without a branch, then the marks are gone through.
func (p *Printer) read(text []byte) (length int) {
	blocks := (len(text) + 63) / 64
	if size := 64*blocks + 2*shingle; cap(p.plain) < size {
		p.plain, p.starts = make([]byte, size+size/2), make([]uint32, size+size/2)
	}
	plain, starts := p.plain[:64*blocks+2*shingle], p.starts[:cap(p.starts)]
	clear(plain[64*blocks:])
	var last [64]byte
	before, n := uint64(0), 0
	for b := range blocks {
		from := text[64*b:]
		if len(from) < 64 {
			copy(last[:], from)
			from = last[:]
		}
		words, leads := markBlock((*[64]byte)(from), (*[64]byte)(plain[64*b:]))
		begins := words &^ (words<<1 | before)
		before = words >> 63
		length += bits.OnesCount64(words) + bits.OnesCount64(begins)
		for marks := begins | leads; marks != 0; marks &= marks - 1 {
			starts[n] = uint32(64*b + bits.TrailingZeros64(marks))
			n++
		}
	}
	p.plain, p.starts = plain, starts[:n]
	return length - 1
}

// markBlock writes the plain bytes of 64 and marks, a bit a byte, which belong to
// words and which are the first of a character beyond ASCII.
func markBlock(from, to *[64]byte) (words, leads uint64) {
	for i := 0; i < 64; i += 8 {
		x := binary.LittleEndian.Uint64(from[i : i+8 : i+8])
		plain, word := plainBytes(x)
		binary.LittleEndian.PutUint64(to[i:i+8:i+8], plain)
		lead := x & (x << 1) & high
		words |= (word >> 7 * gather >> 56) << i
		leads |= (lead >> 7 * gather >> 56) << i
	}
	return words, leads
}

// shingleAt is the shingle at a place of plain, up to the first separator, and by
// how many bits the next word has to move to stand behind it and a separator.
func shingleAt(plain []byte, place uint32) (v uint64, room uint) {
	v = binary.LittleEndian.Uint64(plain[place:])
	end := (v - ones) &^ v & high
	end &= -end
	return v & (end>>7 - 1), uint(bits.TrailingZeros64(end)) + 1
}
