package widgets

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"athanor/ui/look"
)

func TestListingsWrapBetweenWordsAndCutWhatIsWiderThanALine(t *testing.T) {
	across := func(s string) float32 { return float32(utf8.RuneCountInString(s)) }
	for _, c := range []struct {
		text  string
		width float32
		want  []string
	}{
		{"train digits --epochs 5", 12, []string{"train digits", "--epochs 5"}},
		{"train digits --epochs 5", 6, []string{"train", "digits", "--epoc", "hs 5"}},
		{"数字 分类", 3, []string{"数字", "分类"}},
		{"数字分类", 3, []string{"数字分", "类"}},
		{"a", 0.5, []string{"a"}},
		{"", 5, []string{""}},
		{"a  b", 9, []string{"a  b"}},
	} {
		if got := strings.Split(broken(c.text, c.width, across), "\n"); !slices.Equal(got, c.want) {
			t.Errorf("%q in %v: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestAListingGrowsWithItsLinesAndKeepsThemInside(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(look.Theme{})
	l := Code("athanor train digits --epochs 5 --batch 64")
	one := l.MinSize().Height
	l.Resize(fyne.NewSize(100, 200))
	if got := l.MinSize().Height; got < 3*one {
		t.Errorf("wrapped it is %v high, and %v in one line", got, one)
	}
	for _, o := range test.WidgetRenderer(l).Objects() {
		if right := o.Position().X + o.Size().Width; right > 100 {
			t.Errorf("a line reaches %v of 100", right)
		}
	}
	l.Set("athanor")
	if got := l.MinSize().Height; got != one {
		t.Errorf("one word is %v high, want %v", got, one)
	}
	if v := Verbatim("athanor train\n  --epochs 5"); v.MinSize().Height != 2*one || v.MinSize().Width < 80 {
		t.Errorf("two lines as they are take %v", v.MinSize())
	}
}

func TestFixedWidthTextNamesItsFace(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(look.Theme{})
	for _, w := range []fyne.Widget{Note("/home").Mono(), Code("athanor")} {
		w.Resize(w.MinSize())
		line, ok := test.WidgetRenderer(w).Objects()[0].(*canvas.Text)
		if !ok || line.FontSource == nil {
			t.Errorf("%T asks for the fixed width as a style: Fyne reads more fonts for that than it shows", w)
		}
	}
	if a, b := Note("iiii").Mono().MinSize(), Note("MMMM").Mono().MinSize(); a != b {
		t.Errorf("four letters are %v and %v", a, b)
	}
}
