package train

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"athanor/ui/look"
)

// TestLongLinesOfTheLogGoOnBelow: nothing of a line is lost where there is little room,
// rows are no wider than that, and what comes with more room is joined again.
func TestLongLinesOfTheLogGoOnBelow(t *testing.T) {
	for line, want := range map[string][]string{
		"12:00:00  short": {"12:00:00  short"},
		"12:00:00  checkpoint step-000.safetensors": {"12:00:00  checkpoint", "          step-000.safetenso", "          rs"},
		"12:00:00  学习率太大，损失不再下降":                    {"12:00:00  学习率太大，损失不", "          再下降"},
	} {
		if got := wrapped(line, 28, logIndent); !slices.Equal(got, want) {
			t.Errorf("%q becomes %q, not %q", line, got, want)
		}
	}
	test.NewTempApp(t).Settings().SetTheme(look.Theme{Mode: look.Dark})
	l := newLogView()
	w := test.NewTempWindow(t, l)
	size := l.MinSize()
	l.set([]string{"12:00:00  checkpoint step-000000564.safetensors", "12:00:01  done"})
	w.Resize(fyne.NewSize(240, 200))
	narrow := len(l.rows)
	w.Resize(fyne.NewSize(800, 200))
	if narrow < 3 || len(l.rows) != 2 || strings.Contains(l.rows[0], "\n") {
		t.Errorf("%d rows where it is narrow, %q where there is room", narrow, l.rows)
	}
	if l.MinSize() != size {
		t.Errorf("with lines it wants %v instead of %v, which lays the window out", l.MinSize(), size)
	}
}

// TestTheLogFollowsItsEnd: until somebody scrolls back, and again from there on where
// somebody scrolls to its end.
func TestTheLogFollowsItsEnd(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(look.Theme{Mode: look.Dark})
	l := newLogView()
	w := test.NewTempWindow(t, l)
	w.Resize(fyne.NewSize(400, 10*rowHeight))
	var lines []string
	grow := func(n int) {
		for range n {
			lines = append(lines, fmt.Sprintf("12:00:00  line %d", len(lines)+1))
		}
		l.set(lines)
	}
	key := func(name fyne.KeyName) { l.TypedKey(&fyne.KeyEvent{Name: name}) }
	last := func(want string) {
		t.Helper()
		if got := l.texts[len(l.texts)-1].Text(); !strings.HasSuffix(got, want) {
			t.Errorf("the last line in view is %q, not %s", got, want)
		}
	}
	grow(30)
	last("line 30")
	key(fyne.KeyHome)
	grow(10)
	if got := l.texts[0].Text(); !strings.HasSuffix(got, "line 1") {
		t.Errorf("scrolled back, the first line in view is %q", got)
	}
	key(fyne.KeyEnd)
	grow(10)
	last("line 50")
	l.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, 3*rowHeight)})
	last("line 47")
}
