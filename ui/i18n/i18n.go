// Package i18n gives the window its words. Fyne's own lang package can read the
// system's language only once, so a Book keeps every language and switches
// between them while the window is open.
package i18n

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"athanor/assets"
)

// Language is one of the languages the studio speaks.
type Language string

// Languages.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// Languages lists all languages in the order a person chooses from.
func Languages() []Language { return []Language{English, Chinese} }

// Name is what a language calls itself.
func (l Language) Name() string {
	if l == Chinese {
		return "中文"
	}
	return "English"
}

// Match picks the language for a system locale such as "zh_CN.UTF-8".
func Match(locale string) Language {
	if strings.HasPrefix(strings.ToLower(locale), "zh") {
		return Chinese
	}
	return English
}

// Book holds the texts of all languages and the language in use. It belongs to
// the UI goroutine.
type Book struct {
	tables map[Language]map[string]string
	now    Language
}

// Open reads the embedded translations and starts in lang.
func Open(lang Language) (*Book, error) {
	b := &Book{tables: map[Language]map[string]string{}, now: lang}
	for _, l := range Languages() {
		raw, err := assets.Translation(string(l))
		if err != nil {
			return nil, err
		}
		table := map[string]string{}
		if err := json.Unmarshal(raw, &table); err != nil {
			return nil, fmt.Errorf("parse translation %s: %w", l, err)
		}
		b.tables[l] = table
	}
	return b, nil
}

// Language is the language in use.
func (b *Book) Language() Language { return b.now }

// Use switches the language; texts already on screen are the caller's to renew.
func (b *Book) Use(l Language) { b.now = l }

// T returns the text of key, filled with args as fmt.Sprintf does. A key nobody
// translated shows itself, which the tests forbid.
func (b *Book) T(key string, args ...any) string {
	text, ok := b.tables[b.now][key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Has reports whether key is translated into the language in use. Screens ask
// for keys made from data (a model's name, a finding's kind) with it.
func (b *Book) Has(key string) bool {
	_, ok := b.tables[b.now][key]
	return ok
}

// N returns the text for a count: key+".one" where the language has a singular
// and n is 1, else key+".other". The count, written with separators, is the
// first argument of the text.
func (b *Book) N(key string, n int, args ...any) string {
	form := ".other"
	if n == 1 && b.now == English {
		form = ".one"
	}
	return b.T(key+form, append([]any{b.Count(n)}, args...)...)
}

// Keys returns the table of a language; for tests. The map is a copy.
func (b *Book) Keys(l Language) map[string]string {
	return maps.Clone(b.tables[l])
}
