package text

import (
	"slices"
	"strings"
)

// Role is what an input of a model of the BERT family is told.
type Role uint8

// Roles.
const (
	RoleIDs   Role = iota // token ids
	RoleMask              // 1 for each token that is none of the padding
	RoleTypes             // the sentence a token belongs to: 0 for a single one
)

// RoleOf tells an input's role by the names that exporters use.
func RoleOf(input string) Role {
	switch lower := strings.ToLower(input); {
	case strings.Contains(lower, "mask"):
		return RoleMask
	case strings.Contains(lower, "type"), strings.Contains(lower, "segment"):
		return RoleTypes
	}
	return RoleIDs
}

// Pad is the id that fills a text up to its length.
func (d Definition) Pad() int64 {
	if d.WordPiece == nil {
		return 0
	}
	return int64(max(0, slices.Index(d.Tokens, d.WordPiece.Pad)))
}

// Specials is how many tokens of every text stand for none of it, such as [CLS].
func (d Definition) Specials() (n int) {
	if d.WordPiece == nil {
		return 0
	}
	for _, special := range []string{d.WordPiece.First, d.WordPiece.Last} {
		if special != "" {
			n++
		}
	}
	return n
}
