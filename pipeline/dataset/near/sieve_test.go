package near

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestSieveForgetsNothing: a key that was added twice is always told, few others
// are.
func TestSieveForgetsNothing(t *testing.T) {
	const n = 50_000
	s := newSieve(n)
	for k := range uint64(n) {
		s.add(k)
		if k%100 == 0 {
			s.add(k)
		}
	}
	wrong := 0
	for k := range uint64(n) {
		switch {
		case s.twice(k):
			wrong++
		case k%100 == 0:
			t.Fatalf("key %d was forgotten", k)
		}
	}
	if wrong > n/4 {
		t.Errorf("%d of %d keys seem to be there twice", wrong, n)
	}
}

// slowly reads a text as read does, a byte at a time.
func slowly(text []byte) (plain []byte, starts []uint32, length int) {
	word, before := false, false
	for i, c := range text {
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
			word = true
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c >= 0x80:
			word = true
		default:
			c, word = 0, false
		}
		plain = append(plain, c)
		if word && !before {
			length++
		}
		if word {
			length++
		}
		if word && (!before || c >= 0xc0) {
			starts = append(starts, uint32(i))
		}
		before = word
	}
	return plain, starts, length - 1
}

func TestReadAsByteByByte(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	var p Printer
	letters := []string{"a", "Z", "0", "9", " ", "  ", ",", "\x00", "@", "[", "`", "{", "/", ":", "é", "好", "\xff", "~"}
	for range 2000 {
		var b strings.Builder
		for range r.IntN(200) {
			b.WriteString(letters[r.IntN(len(letters))])
		}
		text := []byte(b.String())
		plain, starts, length := slowly(text)
		got := p.read(text)
		if got != length || string(p.plain[:len(text)]) != string(plain) || len(p.starts) != len(starts) {
			t.Fatalf("%q: length %d, want %d; %d starts, want %d", text, got, length, len(p.starts), len(starts))
		}
		for i, s := range starts {
			if p.starts[i] != s {
				t.Fatalf("%q: start %d, want %d", text, p.starts[i], s)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("Great product, would BUY again!"))
	f.Add([]byte("很好的酒店，早餐 也不错"))
	var p Printer
	f.Fuzz(func(t *testing.T, text []byte) {
		plain, starts, length := slowly(text)
		if got := p.read(text); got != length || string(p.plain[:len(text)]) != string(plain) || len(p.starts) != len(starts) {
			t.Fatalf("%q: length %d, want %d; %d starts, want %d", text, got, length, len(p.starts), len(starts))
		}
		one, two := p.Print(text), p.Print(append([]byte(" ,"), text...))
		if len(text) > 0 && one.Sketch != two.Sketch {
			t.Fatalf("%q: a comma in front changes the sketch", text)
		}
	})
}
