package source

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// print gathers what decides a data set: samples, labels, operations and split.
// Each part is preceded by its length, so that parts cannot run into each other.
type print struct{ h hash.Hash }

func newPrint(kind string) *print {
	p := &print{sha256.New()}
	return p.text("athanor data set 1").text(kind)
}

func (p *print) bytes(b []byte) *print {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(b)))
	p.h.Write(n[:])
	p.h.Write(b)
	return p
}

func (p *print) text(s string) *print { return p.bytes([]byte(s)) }

func (p *print) rows(rows []int32) *print {
	p.number(uint64(len(rows)))
	b := make([]byte, 0, 8*1024)
	for i, r := range rows {
		b = binary.LittleEndian.AppendUint64(b, uint64(r))
		if len(b) == cap(b) || i == len(rows)-1 {
			p.h.Write(b)
			b = b[:0]
		}
	}
	return p
}

func (p *print) sum() string { return hex.EncodeToString(p.h.Sum(nil)) }

func (p *print) number(v uint64) *print {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], v)
	p.h.Write(n[:])
	return p
}
