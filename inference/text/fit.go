package text

import (
	"cmp"
	"encoding/binary"
	"iter"
	"math"
	"math/bits"
	"slices"
)

// Plan says what tokenizer a network wants. Zeros take defaults.
type Plan struct {
	Model   string // "ngram" and Weighed read bags of n-grams; every other name reads units in their order
	Buckets int    // rows of the embedding table, at most
	Length  int    // ids a text, at most
	// Temper is the power of the log-count ratios that n-grams weigh (FitWeighed);
	// below 1, those that tell less each count for more.
	Temper float64
}

// Weighed is the architecture whose n-grams are chosen and weighed by what they
// tell of the classes (FitWeighed).
const Weighed = "nb-linear"

// Defaults of a Plan.
const (
	defaultBuckets = 1 << 17
	defaultBag     = 512 // ids of a bag of n-grams
	defaultLength  = 128 // units of a sequence
)

// crowded is how many different n-grams are counted at a time; beyond it those
// seen once are forgotten, so that any corpus fits into memory.
const crowded = 8 << 20

// Fit returns the definition of a tokenizer for plan that has learnt from
// texts, the training texts alone, which n-grams or units are worth an id: the
// most frequent ones that occur twice. The same texts in any order give the
// same definition.
func Fit(plan Plan, texts iter.Seq[string]) (Definition, error) {
	d := planned(plan)
	h, err := newHashed(d)
	if err != nil {
		return Definition{}, err
	}
	d.Keys = pack(frequent(h, texts, d.Buckets-1))
	if len(d.Keys) > 0 {
		d.Buckets = len(d.Keys)/keySize + 1
	}
	return d, nil
}

// planned is the definition of plan before anything was learnt: the n-grams
// that were measured best on Chinese and English reviews.
func planned(plan Plan) Definition {
	buckets := cmp.Or(plan.Buckets, defaultBuckets)
	switch plan.Model {
	case Weighed:
		d := NGrams(buckets, cmp.Or(plan.Length, defaultBag))
		d.Words, d.Han, d.Subwords = Range{1, 5}, Range{1, 5}, Range{3, 5}
		d.Skips, d.Edges = Range{2, 5}, true
		return d
	case "ngram":
	default:
		return Sequence(buckets, cmp.Or(plan.Length, defaultLength))
	}
	d := NGrams(buckets, cmp.Or(plan.Length, defaultBag))
	d.Subwords = Range{3, 5}
	return d
}

// frequent returns the keys of the at most size most frequent n-grams, sorted.
func frequent(h *hashed, texts iter.Seq[string], size int) []uint32 {
	var c counter
	s := new(hashScratch)
	for t := range texts {
		part, _ := prefix(t, h.d.Length)
		h.run(s, part, h.d.Length)
		for _, g := range s.grams {
			c.add(g.key)
		}
	}
	found := slices.DeleteFunc(c.slots, func(s countSlot) bool { return s.count < 2 })
	slices.SortFunc(found, func(a, b countSlot) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.key, b.key))
	})
	keys := make([]uint32, min(len(found), size))
	for i := range keys {
		keys[i] = found[i].key
	}
	slices.Sort(keys)
	return keys
}

// counter counts keys in a table with open addressing, at most half full.
type counter struct {
	slots []countSlot
	used  int
}

type countSlot struct{ key, count uint32 } // count 0: free

func (c *counter) add(key uint32) {
	if 2*c.used >= len(c.slots) {
		c.grow()
	}
	s := c.find(key)
	if s.count == 0 {
		s.key = key
		c.used++
	}
	if s.count < math.MaxUint32 {
		s.count++
	}
}

func (c *counter) find(key uint32) *countSlot {
	mask := uint32(len(c.slots) - 1)
	for at := key & mask; ; at = (at + 1) & mask {
		if s := &c.slots[at]; s.count == 0 || s.key == key {
			return s
		}
	}
}

// grow doubles the table, or in a crowd forgets the keys seen once.
func (c *counter) grow() {
	old, least, size := c.slots, uint32(1), max(1<<16, 2*len(c.slots))
	if c.used >= crowded {
		least, size = 2, len(c.slots)
	}
	c.slots, c.used = make([]countSlot, size), 0
	for _, s := range old {
		if s.count >= least {
			*c.find(s.key) = s
			c.used++
		}
	}
	if 2*c.used >= len(c.slots) { // a crowd of frequent keys
		c.rehash(2 * size)
	}
}

func (c *counter) rehash(size int) {
	old := c.slots
	c.slots = make([]countSlot, size)
	for _, s := range old {
		if s.count > 0 {
			*c.find(s.key) = s
		}
	}
}

// keySize is the size of a key in Definition.Keys, in bytes.
const keySize = 4

func pack(keys []uint32) []byte {
	b := make([]byte, 0, keySize*len(keys))
	for _, k := range keys {
		b = binary.LittleEndian.AppendUint32(b, k)
	}
	return b
}

// keyTable finds a key's place among the sorted keys: open addressing, half full,
// behind a filter small enough for a near cache, as most n-grams of a text have no
// place.
type keyTable struct {
	slots  []keySlot
	mask   uint32
	filter []uint64 // a bit for each of filterBits a key
	shift  uint8    // of a key, to its bit
}

type keySlot struct {
	key uint32
	id  int32 // 0: free
}

// filterBits is how many bits the filter has for each key, at least: one of so many
// n-grams without a place passes it.
const filterBits = 16

func newKeyTable(keys []byte) (t keyTable, sorted bool) {
	size := 2
	for size < len(keys)/keySize*2 {
		size *= 2
	}
	logBits := min(32, max(6, bits.Len(uint(size*filterBits/2-1))))
	t = keyTable{slots: make([]keySlot, size), mask: uint32(size - 1), filter: make([]uint64, 1<<(logBits-6)), shift: uint8(32 - logBits)}
	last := int64(-1)
	for i := 0; i+keySize <= len(keys); i += keySize {
		key := binary.LittleEndian.Uint32(keys[i:])
		if int64(key) <= last {
			return t, false
		}
		last = int64(key)
		at := key & t.mask
		for t.slots[at].id != 0 {
			at = (at + 1) & t.mask
		}
		t.slots[at] = keySlot{key, int32(i/keySize + 1)}
		bit := key >> t.shift
		t.filter[bit/64] |= 1 << (bit % 64)
	}
	return t, true
}

// id returns the key's id, 0 where it was not selected.
func (t *keyTable) id(key uint32) int32 {
	if bit := key >> t.shift; t.filter[bit/64]&(1<<(bit%64)) == 0 {
		return 0
	}
	for at := key & t.mask; ; at = (at + 1) & t.mask {
		s := t.slots[at]
		if s.id == 0 || s.key == key {
			return s.id
		}
	}
}
