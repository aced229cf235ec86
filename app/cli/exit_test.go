package cli_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"athanor/app/cli"
)

func TestExitCodes(t *testing.T) {
	tests := map[string]struct {
		err  error
		code int
	}{
		"fine":        {nil, 0},
		"failed":      {errors.New("no"), 1},
		"interrupted": {fmt.Errorf("stopped: %w", context.Canceled), 130},
	}
	for name, test := range tests {
		if got := cli.ExitCode(test.err); got != test.code {
			t.Errorf("%s: %d, want %d", name, got, test.code)
		}
	}
}

func TestWrongCallsAreToldApart(t *testing.T) {
	for _, args := range [][]string{
		{"doctor", "--nonsense"},
		{"doctor", "too", "many"},
		{"evaluate"},
		{"nonsense"},
		{"train", "--epochs", "many"},
	} {
		if c := call(t.Context(), "", args...); cli.ExitCode(c.err) != 2 {
			t.Errorf("%v: code %d (%v), want 2", args, cli.ExitCode(c.err), c.err)
		}
	}
}
