package sentiment

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"athanor/assets/lexicons"
)

// simplified gives a Method texts in simplified characters. Each takes as many bytes
// as the traditional one, so that places stay what they are.
type simplified struct {
	Method
	table map[rune]rune
}

// inSimplified makes m read traditional characters, too.
func inSimplified(m Method) *simplified {
	s := &simplified{m, map[rune]rune{}}
	for line := range strings.Lines(lexicons.Traditional()) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for pair := range strings.FieldsSeq(line) {
			from, n := utf8.DecodeRuneInString(pair)
			to, _ := utf8.DecodeRuneInString(pair[n:])
			s.table[from] = to
		}
	}
	return s
}

// simplify writes simplified characters for traditional ones.
func (s *simplified) simplify(t string) string {
	var b []byte
	for i, r := range t {
		if r < 0x4E00 || r > 0x9FFF {
			continue
		}
		if to, ok := s.table[r]; ok {
			if b == nil {
				b = []byte(t)
			}
			utf8.EncodeRune(b[i:], to)
		}
	}
	if b == nil {
		return t
	}
	return string(b)
}

// Score gives the method's opinions.
func (s *simplified) Score(ctx context.Context, texts []string) ([]Opinion, error) {
	plain := make([]string, len(texts))
	for i, t := range texts {
		plain[i] = s.simplify(t)
	}
	return s.Method.Score(ctx, plain)
}

// Explain gives the method's opinion, with tokens of the text as it was.
func (s *simplified) Explain(ctx context.Context, t string) (Opinion, []Token, error) {
	o, tokens, err := s.Method.Explain(ctx, s.simplify(t))
	if err != nil {
		return o, nil, fmt.Errorf("explain: %w", err)
	}
	for i, token := range tokens {
		tokens[i].Text = strings.Clone(t[token.Start:token.End])
	}
	return o, tokens, nil
}

func (s *simplified) identity() string { return identityOf(s.Method) }
