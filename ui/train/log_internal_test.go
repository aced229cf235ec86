package train

import (
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
	w := test.NewTempWindow(t, newLogView())
	l, _ := w.Content().(*logView)
	l.set([]string{"12:00:00  checkpoint step-000000564.safetensors", "12:00:01  done"})
	w.Resize(fyne.NewSize(240, 200))
	narrow := len(l.rows)
	w.Resize(fyne.NewSize(800, 200))
	if narrow < 3 || len(l.rows) != 2 || strings.Contains(l.rows[0], "\n") {
		t.Errorf("%d rows where it is narrow, %q where there is room", narrow, l.rows)
	}
}
