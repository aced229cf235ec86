package text

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// ReadVocabulary reads a WordPiece vocabulary: vocab.txt, one token a line, or
// a tokenizer.json whose model is WordPiece. length is the sequence length the
// tokenizer shall give.
//
// vocab.txt does not say whether a model is cased: it is taken as uncased
// where no token but the special ones has a capital letter.
func ReadVocabulary(file []byte, length int) (Definition, error) {
	if trimmed := bytes.TrimLeft(file, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		return readTokenizerJSON(trimmed, length)
	}
	return readVocabTxt(file, length)
}

func defaultWordPiece() *WordPiece {
	return &WordPiece{
		Lower: true, StripAccents: true, Prefix: "##", MaxWord: 100,
		Unknown: "[UNK]", Pad: "[PAD]", First: "[CLS]", Last: "[SEP]",
	}
}

func readVocabTxt(file []byte, length int) (Definition, error) {
	text := strings.TrimSuffix(string(file), "\n")
	tokens := strings.Split(text, "\n") // not other line ends: U+2028 is a token
	if len(tokens) > maxEntries {
		return Definition{}, fmt.Errorf("read vocabulary: %w: over %d tokens", ErrDefinition, maxEntries)
	}
	o := defaultWordPiece()
	for i, t := range tokens {
		tokens[i] = strings.TrimSuffix(t, "\r")
		if !strings.HasPrefix(t, "[") && !strings.HasPrefix(t, "<") && strings.ContainsFunc(t, func(r rune) bool { return r >= 'A' && r <= 'Z' }) {
			o.Lower, o.StripAccents = false, false
		}
	}
	return checked(Definition{Kind: KindWordPiece, Version: 1, Length: length, Tokens: tokens, WordPiece: o})
}

// tokenizerFile is the part of a tokenizer.json that decides WordPiece.
type tokenizerFile struct {
	Model struct {
		Type    string         `json:"type"`
		Vocab   map[string]int `json:"vocab"`
		Unknown string         `json:"unk_token"`
		Prefix  *string        `json:"continuing_subword_prefix"`
		MaxWord int            `json:"max_input_chars_per_word"`
	} `json:"model"`
	Normalizer *struct {
		Lower        bool  `json:"lowercase"`
		StripAccents *bool `json:"strip_accents"`
	} `json:"normalizer"`
	Added []struct {
		ID      int    `json:"id"`
		Content string `json:"content"`
	} `json:"added_tokens"`
}

func readTokenizerJSON(file []byte, length int) (Definition, error) {
	var f tokenizerFile
	if err := json.Unmarshal(file, &f); err != nil {
		return Definition{}, fmt.Errorf("read tokenizer.json: %w: %w", ErrDefinition, err)
	}
	if f.Model.Type != "" && f.Model.Type != "WordPiece" {
		return Definition{}, fmt.Errorf("read tokenizer.json: %w: its model is %s; only WordPiece is read", ErrDefinition, f.Model.Type)
	}
	o := defaultWordPiece()
	if f.Normalizer != nil {
		o.Lower = f.Normalizer.Lower
		o.StripAccents = o.Lower
		if f.Normalizer.StripAccents != nil {
			o.StripAccents = *f.Normalizer.StripAccents
		}
	}
	if f.Model.Prefix != nil {
		o.Prefix = *f.Model.Prefix
	}
	if f.Model.MaxWord > 0 {
		o.MaxWord = f.Model.MaxWord
	}
	if f.Model.Unknown != "" {
		o.Unknown = f.Model.Unknown
	}
	tokens, err := f.tokens()
	if err != nil {
		return Definition{}, err
	}
	return checked(Definition{Kind: KindWordPiece, Version: 1, Length: length, Tokens: tokens, WordPiece: o})
}

// tokens puts the vocabulary into the order of its ids; gaps are refused.
func (f *tokenizerFile) tokens() ([]string, error) {
	vocab := f.Model.Vocab
	for _, a := range f.Added {
		if _, ok := vocab[a.Content]; !ok && vocab != nil {
			vocab[a.Content] = a.ID
		}
	}
	tokens, seen := make([]string, len(vocab)), make([]bool, len(vocab))
	for token, id := range vocab {
		if id < 0 || id >= len(tokens) || seen[id] {
			return nil, fmt.Errorf("read tokenizer.json: %w: id %d of %q leaves a gap or stands twice", ErrDefinition, id, token)
		}
		tokens[id], seen[id] = token, true
	}
	return tokens, nil
}

// checked drops the special tokens a vocabulary does not have and proves that
// the rest makes a tokenizer.
func checked(d Definition) (Definition, error) {
	for _, special := range []*string{&d.WordPiece.First, &d.WordPiece.Last} {
		if !slices.Contains(d.Tokens, *special) {
			*special = ""
		}
	}
	if _, err := New(d); err != nil {
		return Definition{}, fmt.Errorf("read vocabulary: %w; choose the vocab.txt or tokenizer.json that came with the model", err)
	}
	return d, nil
}
