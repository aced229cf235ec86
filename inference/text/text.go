// Package text turns text in any script into what a network or a lexicon
// reads: normalised units, n-grams and token ids, each with its place in the
// original. One JSON definition describes a tokenizer; it is written into a
// trained model's metadata, so that training and use read a text alike.
//
// It knows nothing of sentiment. All tokenizers are safe for concurrent use.
package text

import (
	"errors"
)

// MetadataKey is the key of a model's metadata under which the tokenizer's
// definition is stored as JSON.
const MetadataKey = "athanor.tokenizer"

// Pad is the id that fills a sequence after its last token, in tokenizers of
// our own. A WordPiece vocabulary has its own [PAD].
const Pad = 0

// ErrDefinition marks a tokenizer definition or vocabulary that cannot be used.
var ErrDefinition = errors.New("unusable tokenizer definition")

// Token is one thing a tokenizer saw. text[Start:End] is the part of the
// original it stands for, in bytes.
type Token struct {
	Text       string // normalised
	ID         int64
	Index      int // place in the id sequence; -1 when it did not fit. Repeats of a unique n-gram share one
	Start, End int
}

// Tokenizer turns text into ids of a fixed length.
type Tokenizer interface {
	// Encode returns the tokens of text in reading order with their ids and
	// places. Tokens that did not fit into Length are left out.
	Encode(text string) []Token
	// IDs fills dst with the ids of text, cut or padded to len(dst), and
	// returns how many are not padding. It does not allocate once warm.
	IDs(dst []int64, text string) int
	// Length is the sequence length the definition asks for.
	Length() int
	// Vocabulary is the number of ids: every id is in [0, Vocabulary).
	Vocabulary() int
	// Definition is what New needs to make this tokenizer again. The result
	// shares memory with the tokenizer and must not be changed.
	Definition() Definition
}
