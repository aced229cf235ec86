package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// ErrUsage says that a command was called wrongly.
var ErrUsage = errors.New("called wrongly")

// Exit codes, as docs/commands.md tells them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130 // as shells count a program that Ctrl+C ended: 128 + SIGINT
)

// ExitCode is the code that the program ends with after err.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, ErrUsage), strings.HasPrefix(err.Error(), "unknown command"): // cobra's own, without a type
		return exitUsage
	}
	return exitFailed
}

// markUsage makes wrong flags and arguments of command and all below it an
// ErrUsage that names where help is.
func markUsage(command *cobra.Command) {
	command.SetFlagErrorFunc(usage)
	if check := command.Args; check != nil {
		command.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usage(c, err)
			}
			return nil
		}
	}
	for _, sub := range command.Commands() {
		markUsage(sub)
	}
}

func usage(c *cobra.Command, err error) error {
	return fmt.Errorf("%w: %w; see: %s --help", ErrUsage, err, c.CommandPath())
}
