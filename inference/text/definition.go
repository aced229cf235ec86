package text

import (
	"encoding/json"
	"fmt"
)

// Kinds of tokenizers.
const (
	KindHashed     = "hashed"     // n-grams hashed into buckets
	KindVocabulary = "vocabulary" // units looked up in a list
	KindWordPiece  = "wordpiece"  // BERT's subwords
)

// Limits of a definition that comes from a file.
const (
	maxLength  = 1 << 16
	maxBuckets = 1 << 28
	maxOrder   = 8
	maxEntries = 1 << 22
)

// Definition is everything that decides how a tokenizer reads a text. It is
// stored as JSON in a model's metadata.
type Definition struct {
	Kind    string `json:"kind"`
	Version int    `json:"version"`
	Length  int    `json:"length"` // ids a text

	// Of hashed n-grams.
	Buckets  int   `json:"buckets,omitempty"` // ids, the padding among them
	Words    Range `json:"words,omitzero"`    // n-grams of words
	Han      Range `json:"han,omitzero"`      // n-grams of Chinese characters and marks
	Subwords Range `json:"subwords,omitzero"` // letter n-grams inside a word, its borders marked
	Skips    Range `json:"skips,omitzero"`    // pairs of units so far apart, whatever stands between
	Edges    bool  `json:"edges,omitempty"`   // the text's begin and end are units too
	Unique   bool  `json:"unique,omitempty"`  // each n-gram once a text
	KeepCase bool  `json:"keep_case,omitempty"`
	// Keys, where there are any, are the only n-grams that have an id: sorted
	// 32-bit hashes, little-endian, the n-th having id n+1. Others are left out.
	Keys []byte `json:"keys,omitempty"`

	// Of vocabularies: the tokens, their ids being their places.
	Tokens    []string   `json:"tokens,omitempty"`
	WordPiece *WordPiece `json:"wordpiece,omitempty"`
}

// Range is a span of n-gram orders, both ends inside; [0,0] is none.
type Range [2]int

// WordPiece holds what a WordPiece vocabulary does not say itself.
type WordPiece struct {
	Lower        bool   `json:"lower"`
	StripAccents bool   `json:"strip_accents"`
	Prefix       string `json:"prefix"`   // of a word's later pieces, "##"
	MaxWord      int    `json:"max_word"` // characters; longer words are unknown
	Unknown      string `json:"unknown"`
	Pad          string `json:"pad"`
	First        string `json:"first,omitempty"` // [CLS]
	Last         string `json:"last,omitempty"`  // [SEP]
}

// NGrams is the definition of hashed n-grams as fastText-style models take
// them: words and pairs of words, Chinese characters by one to three.
func NGrams(buckets, length int) Definition {
	return Definition{
		Kind: KindHashed, Version: 1, Length: length, Buckets: buckets,
		Words: Range{1, 2}, Han: Range{1, 3}, Unique: true,
	}
}

// Sequence is the definition of hashed single units in their order, as
// convolutions and self-attention take them.
func Sequence(buckets, length int) Definition {
	return Definition{
		Kind: KindHashed, Version: 1, Length: length, Buckets: buckets,
		Words: Range{1, 1}, Han: Range{1, 1},
	}
}

// Parse makes the tokenizer a JSON definition describes, as it stands in a
// model's metadata under MetadataKey.
func Parse(definition []byte) (Tokenizer, error) {
	var d Definition
	if err := json.Unmarshal(definition, &d); err != nil {
		return nil, fmt.Errorf("read tokenizer definition: %w: %w", ErrDefinition, err)
	}
	return New(d)
}

// Marshal returns the definition as JSON, the same bytes for the same definition.
func (d Definition) Marshal() ([]byte, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("write tokenizer definition: %w", err)
	}
	return b, nil
}

// New makes the tokenizer d describes.
func New(d Definition) (Tokenizer, error) {
	if d.Version != 1 {
		return nil, fmt.Errorf("%w: version %d is not known to this program; get a newer one", ErrDefinition, d.Version)
	}
	if d.Length < 1 || d.Length > maxLength {
		return nil, fmt.Errorf("%w: length %d is not in 1…%d", ErrDefinition, d.Length, maxLength)
	}
	switch d.Kind {
	case KindHashed:
		return newHashed(d)
	case KindVocabulary:
		return newVocabulary(d)
	case KindWordPiece:
		return newWordPiece(d)
	}
	return nil, fmt.Errorf("%w: unknown kind %q", ErrDefinition, d.Kind)
}

func (r Range) check(name string) error {
	if r == (Range{}) {
		return nil
	}
	if r[0] < 1 || r[1] < r[0] || r[1] > maxOrder {
		return fmt.Errorf("%w: %s n-grams of %d to %d", ErrDefinition, name, r[0], r[1])
	}
	return nil
}

// has reports that n-grams of order n are wanted.
func (r Range) has(n int) bool { return n >= r[0] && n <= r[1] && n > 0 }

// prefix cuts text where no tokenizer of this length reads on: 64 bytes a
// token, after leading white space. A field of many megabytes costs no more
// than a short one.
func prefix(text string, length int) (part string, skipped int) {
	for skipped < len(text) && text[skipped] <= ' ' {
		skipped++
	}
	part = text[skipped:]
	limit := max(64*length, 4096)
	if len(part) <= limit {
		return part, skipped
	}
	for limit > 0 && part[limit]&0xC0 == 0x80 {
		limit--
	}
	return part[:limit], skipped
}
