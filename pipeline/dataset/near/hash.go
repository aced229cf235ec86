// Package near finds samples that are the same or nearly the same, in bounded
// memory: hashes of bytes, MinHash sketches of texts, perceptual hashes of
// pictures, and buckets of equal keys that spill to disk.
package near

import (
	"encoding/binary"
	"math/bits"
)

const (
	prime1 = 0x9e3779b97f4a7c15
	prime2 = 0xd1b54a32d192ed03
)

// Hash is a fast 64-bit hash of b: 16 bytes a step, folded by 128-bit
// multiplication. It is the same on every machine; it is no defence against
// somebody who makes collisions on purpose.
func Hash(b []byte) uint64 {
	h := uint64(len(b))*prime1 + prime2
	for len(b) >= 16 {
		h = fold(binary.LittleEndian.Uint64(b)^h, binary.LittleEndian.Uint64(b[8:])^prime1)
		b = b[16:]
	}
	if len(b) >= 8 {
		h = fold(binary.LittleEndian.Uint64(b)^h, prime1)
		b = b[8:]
	}
	var last uint64
	for i, c := range b {
		last |= uint64(c) << (8 * i)
	}
	return fold(last^h^prime2, prime1^uint64(len(b)))
}

// Mix joins a value to a hash; the order of joins matters.
func Mix(h, v uint64) uint64 { return fold(h^prime2, v^prime1) }

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
