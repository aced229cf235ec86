package text

import (
	"fmt"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// wordPiece is BERT's tokenizer (Devlin et al. 2018): cut at white space, marks
// and Chinese characters, then match the longest known piece from the left.
type wordPiece struct {
	d            Definition
	ids          map[string]int64
	pad, unknown int64
	first, last  int64 // -1: none
	scratch      sync.Pool
}

// pieceScratch is the memory one call works in.
type pieceScratch struct {
	word    []byte  // normalised runes of the current word
	origin  []int32 // for each byte of word, where it came from
	ends    []int32 // and where that rune ended there
	key     []byte
	tokens  []Token
	strings bool // Token.Text is wanted
}

func newWordPiece(d Definition) (*wordPiece, error) {
	if d.WordPiece == nil || len(d.Tokens) == 0 || len(d.Tokens) > maxEntries {
		return nil, fmt.Errorf("%w: a WordPiece tokenizer without its vocabulary", ErrDefinition)
	}
	w := &wordPiece{d: d, ids: make(map[string]int64, len(d.Tokens)), first: -1, last: -1}
	w.scratch.New = func() any { return new(pieceScratch) }
	for id, token := range d.Tokens {
		w.ids[token] = int64(id)
	}
	for _, special := range []struct {
		token string
		id    *int64
	}{{d.WordPiece.Unknown, &w.unknown}, {d.WordPiece.Pad, &w.pad}, {d.WordPiece.First, &w.first}, {d.WordPiece.Last, &w.last}} {
		if special.token == "" {
			continue
		}
		id, ok := w.ids[special.token]
		if !ok {
			return nil, fmt.Errorf("%w: the vocabulary lacks %s", ErrDefinition, special.token)
		}
		*special.id = id
	}
	if d.WordPiece.MaxWord < 1 {
		return nil, fmt.Errorf("%w: words of at most %d characters", ErrDefinition, d.WordPiece.MaxWord)
	}
	return w, nil
}

func (w *wordPiece) Length() int            { return w.d.Length }
func (w *wordPiece) Vocabulary() int        { return len(w.d.Tokens) }
func (w *wordPiece) Definition() Definition { return w.d }

// IDs gives [CLS], the pieces and [SEP]; the rest of dst is [PAD]. The count
// returned is the length of the attention mask's run of ones.
func (w *wordPiece) IDs(dst []int64, text string) int {
	s := w.scratch.Get().(*pieceScratch)
	defer w.scratch.Put(s)
	s.strings = false
	w.run(s, text, len(dst))
	for i, t := range s.tokens {
		dst[i] = t.ID
	}
	for i := len(s.tokens); i < len(dst); i++ {
		dst[i] = w.pad
	}
	return len(s.tokens)
}

// Encode's special tokens cover no text: their Start is their End.
func (w *wordPiece) Encode(text string) []Token {
	s := w.scratch.Get().(*pieceScratch)
	defer w.scratch.Put(s)
	s.strings = true
	w.run(s, text, w.d.Length)
	return append([]Token(nil), s.tokens...)
}

func (w *wordPiece) run(s *pieceScratch, text string, length int) {
	s.tokens = s.tokens[:0]
	room := length
	if w.last >= 0 {
		room--
	}
	if w.first >= 0 && room > 0 {
		s.tokens = append(s.tokens, Token{Text: w.d.WordPiece.First, ID: w.first})
	}
	part, skipped := prefix(text, length)
	w.words(s, part, room)
	for i := range s.tokens {
		if w.first < 0 || i > 0 {
			s.tokens[i].Start += skipped
			s.tokens[i].End += skipped
		}
		s.tokens[i].Index = i
	}
	if w.last >= 0 {
		s.tokens = append(s.tokens, Token{
			Text: w.d.WordPiece.Last, ID: w.last, Index: len(s.tokens), Start: len(text), End: len(text),
		})
	}
}

// words walks part and matches each word, until room tokens are there.
func (w *wordPiece) words(s *pieceScratch, part string, room int) {
	s.clearWord()
	for i := 0; i < len(part) && len(s.tokens) < room; {
		r, size := utf8.DecodeRuneInString(part[i:])
		start, end := int32(i), int32(i+size)
		i += size
		switch {
		case r == 0 || r == utf8.RuneError || isControl(r):
		case isBertSpace(r):
			w.match(s, room)
		case isBertHan(r) || isBertPunct(r):
			w.match(s, room)
			w.append(s, r, start, end)
			w.match(s, room)
		default:
			w.append(s, r, start, end)
		}
	}
	w.match(s, room)
}

// append writes r, lowered and without accents where the model wants that.
func (w *wordPiece) append(s *pieceScratch, r rune, start, end int32) {
	o := w.d.WordPiece
	if r < utf8.RuneSelf || (!o.Lower && !o.StripAccents) {
		if o.Lower {
			r = unicode.ToLower(r)
		}
		s.push(r, start, end)
		return
	}
	form := string(r)
	if o.StripAccents {
		form = norm.NFD.String(form)
	}
	for _, c := range form {
		if o.StripAccents && unicode.Is(unicode.Mn, c) {
			continue
		}
		if o.Lower {
			c = unicode.ToLower(c)
		}
		s.push(c, start, end)
	}
}

func (s *pieceScratch) push(r rune, start, end int32) {
	n := len(s.word)
	s.word = utf8.AppendRune(s.word, r)
	for range len(s.word) - n {
		s.origin, s.ends = append(s.origin, start), append(s.ends, end)
	}
}

func (s *pieceScratch) clearWord() {
	s.word, s.origin, s.ends = s.word[:0], s.origin[:0], s.ends[:0]
}

// match cuts the gathered word into pieces; one unknown piece spoils the word.
func (w *wordPiece) match(s *pieceScratch, room int) {
	defer s.clearWord()
	if len(s.word) == 0 {
		return
	}
	begin := len(s.tokens)
	if utf8.RuneCount(s.word) > w.d.WordPiece.MaxWord {
		w.unknownWord(s, begin, room)
		return
	}
	for lo := 0; lo < len(s.word); {
		id, hi := w.longest(s, lo)
		if hi == 0 {
			w.unknownWord(s, begin, room)
			return
		}
		w.emit(s, id, lo, hi)
		lo = hi
	}
	s.tokens = s.tokens[:min(len(s.tokens), max(room, begin))]
}

// longest finds the longest known piece of the word from lo; hi is 0 if none.
func (w *wordPiece) longest(s *pieceScratch, lo int) (id int64, hi int) {
	s.key = s.key[:0]
	if lo > 0 {
		s.key = append(s.key, w.d.WordPiece.Prefix...)
	}
	head := len(s.key)
	s.key = append(s.key, s.word[lo:]...)
	for hi = len(s.word); hi > lo; {
		if id, ok := w.ids[string(s.key[:head+hi-lo])]; ok {
			return id, hi
		}
		_, size := utf8.DecodeLastRune(s.word[lo:hi])
		hi -= size
	}
	return 0, 0
}

func (w *wordPiece) unknownWord(s *pieceScratch, begin, room int) {
	s.tokens = s.tokens[:begin]
	if begin < room {
		w.emit(s, w.unknown, 0, len(s.word))
	}
}

func (w *wordPiece) emit(s *pieceScratch, id int64, lo, hi int) {
	t := Token{ID: id, Start: int(s.origin[lo]), End: int(s.ends[hi-1])}
	if s.strings {
		t.Text = w.d.Tokens[id]
	}
	s.tokens = append(s.tokens, t)
}

// The character classes of BERT's BasicTokenizer.

func isBertSpace(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || unicode.Is(unicode.Zs, r) || r == '\u2028' || r == '\u2029' || r == '\u0085'
}

func isControl(r rune) bool {
	if r == '\t' || r == '\n' || r == '\r' {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs)
}

func isBertPunct(r rune) bool {
	if (r >= 33 && r <= 47) || (r >= 58 && r <= 64) || (r >= 91 && r <= 96) || (r >= 123 && r <= 126) {
		return true
	}
	return unicode.IsPunct(r)
}

func isBertHan(r rune) bool {
	return (r >= 0x4E00 && r <= 0x9FFF) || (r >= 0x3400 && r <= 0x4DBF) ||
		(r >= 0x20000 && r <= 0x2A6DF) || (r >= 0x2A700 && r <= 0x2B73F) ||
		(r >= 0x2B740 && r <= 0x2B81F) || (r >= 0x2B820 && r <= 0x2CEAF) ||
		(r >= 0xF900 && r <= 0xFAFF) || (r >= 0x2F800 && r <= 0x2FA1F)
}
