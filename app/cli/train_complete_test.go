package cli_test

import (
	"slices"
	"strings"
	"testing"
)

// TestShellsAreOfferedWhatFlagsTake: a shell asks the hidden command __complete.
func TestShellsAreOfferedWhatFlagsTake(t *testing.T) {
	for _, c := range []struct{ flags, offered, not string }{
		{"--task", "table", ""},
		{"--model", "separable", "table-mlp"},
		{"--task text --model", "nb-linear", "cnn"},
		{"--task table --model", "mlp", "vit"},
		{"--device", "webgpu", ""},
		{"--precision", "float16", ""},
		{"--device-loss", "continue", ""},
	} {
		text, err := athanorIn(t.Context(), t, slices.Concat([]string{"__complete", "train"}, strings.Fields(c.flags), []string{""})...)
		lines := strings.Split(text, "\n")
		if err != nil || !slices.Contains(lines, c.offered) || c.not != "" && slices.Contains(lines, c.not) {
			t.Errorf("%s: %q (%v), want %s and not %s", c.flags, text, err, c.offered, c.not)
		}
	}
}
