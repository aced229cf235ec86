package sentiment_test

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"athanor/inference/sentiment"
	"athanor/ui/i18n"
	view "athanor/ui/sentiment"
	"athanor/ui/uitest"
)

func TestPiecesSpellTheTextAndKeepItsShares(t *testing.T) {
	text := "真好 a \x00very-long-word-without-any-blank\n\nend"
	pieces := view.Pieces(text, []sentiment.Token{{Text: "好", Start: 3, End: 6, Share: 0.5}, {Start: 2, End: 4}, {Start: 40, End: 900}})
	var all strings.Builder
	for _, p := range pieces {
		if p.Scored != (p.Text == "好") || p.Scored && p.Share != 0.5 {
			t.Errorf("piece %+v", p)
		}
		if len([]rune(p.Text)) > 12 {
			t.Errorf("%q is too long to be wrapped", p.Text)
		}
		all.WriteString(p.Text)
	}
	if want := "真好avery-long-word-without-any-blankend"; all.String() != want {
		t.Errorf("pieces spell %q, want %q", all.String(), want)
	}
}

// Any text, however long and whatever is in it, is shown in bounded work.
func TestPiecesOfAnything(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "blank": " \n\t", "broken": "\xff\xfea\xc3", "long": strings.Repeat("很好", 5<<20/6), "wide": strings.Repeat("x", 1<<20),
	} {
		pieces := view.Pieces(text, nil)
		if len(pieces) > 401 {
			t.Errorf("%s: %d pieces", name, len(pieces))
		}
		if long := len(text) > 1000; long != (len(pieces) > 0 && pieces[len(pieces)-1].Text == "…") {
			t.Errorf("%s: a long text must end in an ellipsis, a short one must not", name)
		}
	}
}

// Long texts are wrapped into the room there is, and the words say how high they are.
func TestWordsWrap(t *testing.T) {
	uitest.App(t)
	w := view.NewWords()
	w.Resize(fyne.NewSize(200, 40))
	w.Set(strings.Repeat("good and bad ", 40), nil)
	if h := w.MinSize().Height; h < 100 {
		t.Errorf("forty lines' worth of words are %v high", h)
	}
	w.Set("good", nil)
	if h := w.MinSize().Height; h > 30 {
		t.Errorf("one word is %v high", h)
	}
}

func TestOwnClassesKeepTheirNames(t *testing.T) {
	b := uitest.Book(t, i18n.Chinese)
	for label, want := range map[sentiment.Label]string{sentiment.Positive: "正面", "score": "score", "5": "5"} {
		if got := view.LabelText(b, sentiment.Verdict{Label: label, Method: "mine"}); got != want {
			t.Errorf("%s is shown as %q, want %q", label, got, want)
		}
	}
}

// Ten megabytes in the box are cut to what the window can lay out, at a whole
// character, and the person is told.
func TestAHugeTextIsCut(t *testing.T) {
	uitest.App(t)
	v := view.New(uitest.Book(t, i18n.English))
	told := 0
	v.OnCut = func() { told++ }
	v.SetText(strings.Repeat("很好", 10<<20/6))
	if n := len(v.Text()); n > view.MostTyped || n < view.MostTyped-3 || !strings.HasSuffix(v.Text(), "好") && !strings.HasSuffix(v.Text(), "很") || told != 1 {
		t.Errorf("%d bytes are in the box, told %d times", n, told)
	}
}
