package text

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sync"
)

// The first two entries of a vocabulary built here.
const (
	padToken     = "<pad>"
	unknownToken = "<unk>"
)

// vocabulary looks units up in a list; id 1 stands for every other unit.
type vocabulary struct {
	d       Definition
	ids     map[string]int64
	scratch sync.Pool // of *scanner
}

// BuildVocabulary returns the definition of a tokenizer that knows the size-2
// most frequent units of texts; ties go by the unit's bytes, so that the same
// texts always give the same list.
func BuildVocabulary(texts iter.Seq[string], size, length int) Definition {
	counts := make(map[string]int)
	var s scanner
	for t := range texts {
		s.scan(t, true)
		for _, u := range s.units {
			counts[string(s.buf[u.lo:u.hi])]++
		}
	}
	type entry struct {
		unit  string
		count int
	}
	entries := make([]entry, 0, len(counts))
	for unit, count := range counts {
		entries = append(entries, entry{unit, count})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.unit, b.unit))
	})
	tokens := []string{padToken, unknownToken}
	for _, e := range entries[:min(len(entries), max(0, size-len(tokens)))] {
		tokens = append(tokens, e.unit)
	}
	return Definition{Kind: KindVocabulary, Version: 1, Length: length, Tokens: tokens}
}

func newVocabulary(d Definition) (*vocabulary, error) {
	if len(d.Tokens) < 2 || len(d.Tokens) > maxEntries {
		return nil, fmt.Errorf("%w: a vocabulary of %d tokens", ErrDefinition, len(d.Tokens))
	}
	v := &vocabulary{d: d, ids: make(map[string]int64, len(d.Tokens))}
	v.scratch.New = func() any { return new(scanner) }
	for id, token := range d.Tokens[2:] {
		if _, twice := v.ids[token]; twice {
			return nil, fmt.Errorf("%w: %q stands twice in the vocabulary", ErrDefinition, token)
		}
		v.ids[token] = int64(id + 2)
	}
	return v, nil
}

func (v *vocabulary) Length() int            { return v.d.Length }
func (v *vocabulary) Vocabulary() int        { return len(v.d.Tokens) }
func (v *vocabulary) Definition() Definition { return v.d }

func (v *vocabulary) IDs(dst []int64, text string) int {
	s := v.scratch.Get().(*scanner)
	defer v.scratch.Put(s)
	part, _ := prefix(text, len(dst))
	s.scan(part, !v.d.KeepCase)
	n := min(len(dst), len(s.units))
	for i, u := range s.units[:n] {
		dst[i] = v.id(s.buf[u.lo:u.hi])
	}
	clear(dst[n:])
	return n
}

func (v *vocabulary) Encode(text string) []Token {
	s := v.scratch.Get().(*scanner)
	defer v.scratch.Put(s)
	part, skipped := prefix(text, v.d.Length)
	s.scan(part, !v.d.KeepCase)
	n := min(v.d.Length, len(s.units))
	tokens := make([]Token, n)
	for i, u := range s.units[:n] {
		tokens[i] = Token{
			Text: string(s.buf[u.lo:u.hi]), ID: v.id(s.buf[u.lo:u.hi]), Index: i,
			Start: int(u.start) + skipped, End: int(u.end) + skipped,
		}
	}
	return tokens
}

func (v *vocabulary) id(unit []byte) int64 {
	if id, ok := v.ids[string(unit)]; ok {
		return id
	}
	return 1
}
