// Athanor is a desktop model studio. Without arguments it opens the window; with
// a subcommand it does one job on the terminal.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/cli"
	_ "athanor/app/locale" // before Fyne starts
	"athanor/app/project"
	"athanor/ui"
)

var version = "0.1.0"

func main() {
	started := time.Now()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, started)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "athanor:", err)
		os.Exit(cli.ExitCode(err))
	}
}

// run opens the window without arguments, else runs the subcommand.
func run(ctx context.Context, started time.Time) error {
	if len(os.Args) > 1 {
		return cli.Root(version).ExecuteContext(ctx)
	}
	paths, err := project.DefaultPaths()
	if err != nil {
		return err
	}
	return ui.Run(ctx, ui.Options{Post: fyne.Do, Version: version, Paths: paths, Started: started, Exit: os.Exit})
}
