package table

import "athanor/pipeline/dataset/near"

// tally counts different values: an open table by their hash, looked at from its
// place on (linear probing). The zero value is empty.
type tally struct {
	slots []counted
	used  int
}

// counted is a value with its hash and count.
type counted struct {
	hash  uint64
	value string
	n     int
}

// add counts a value; it reports false, and counts nothing, where it is a new one
// and there are most already.
func (t *tally) add(text []byte, hash uint64, most int) bool {
	if 2*t.used >= len(t.slots) {
		t.grow()
	}
	slot := t.find(hash, text)
	if slot.n == 0 {
		if t.used >= most {
			return false
		}
		t.used++
		slot.hash, slot.value = hash, string(text)
	}
	slot.n++
	return true
}

// find is the slot of a value, or the free one where it belongs.
func (t *tally) find(hash uint64, text []byte) *counted {
	mask := uint64(len(t.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		slot := &t.slots[at]
		if slot.n == 0 || slot.hash == hash && slot.value == string(text) {
			return slot
		}
	}
}

func (t *tally) grow() {
	old := t.slots
	t.slots = make([]counted, max(16, 2*len(old)))
	mask := uint64(len(t.slots) - 1)
	for _, c := range old {
		if c.n == 0 {
			continue
		}
		at := c.hash & mask
		for t.slots[at].n != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = c
	}
}

// each calls visit with every value, in no order that means anything.
func (t *tally) each(visit func(c *counted)) {
	for i := range t.slots {
		if t.slots[i].n > 0 {
			visit(&t.slots[i])
		}
	}
}

// hash is the hash by which values are told apart.
func hash(text []byte) uint64 { return near.Hash(text) }
