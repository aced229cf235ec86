package near

import "math/bits"

// sieve remembers which keys were added, and which twice, in two bits a place. A
// key may seem to be there that is not, one that is there never seems to be none.
type sieve struct {
	places []uint64 // of 32 places each
	shift  int
}

// Places of a sieve: 4 to 8 for each key, within bounds of 16 KB and 16 MB.
const (
	keyPlaces  = 4
	leastSieve = 16
	mostSieve  = 26
)

func newSieve(keys int) *sieve {
	n := min(mostSieve, max(leastSieve, bits.Len(uint(keyPlaces*keys))))
	return &sieve{make([]uint64, 1<<(n-5)), 64 - n}
}

// place is a key's word and the first of its two bits.
func (s *sieve) place(key uint64) (word *uint64, once uint64) {
	h := Mix(0, key) >> s.shift
	return &s.places[h>>5], 1 << (2 * (h & 31))
}

func (s *sieve) add(key uint64) {
	word, once := s.place(key)
	*word |= once | (*word&once)<<1
}

// twice tells whether a key may have been added twice.
func (s *sieve) twice(key uint64) bool {
	word, once := s.place(key)
	return *word&(once<<1) != 0
}
