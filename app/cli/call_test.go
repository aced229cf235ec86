package cli_test

import (
	"bytes"
	"context"
	"io"
	"strings"

	"athanor/app/cli"
)

// called is what one call of the command line left behind.
type called struct {
	out, errs string // what it printed on either stream
	both      string // in the order it came
	err       error
}

// call runs a command until it ends or ctx does; in is its standard input.
func call(ctx context.Context, in string, args ...string) called {
	var out, errs, both bytes.Buffer
	root := cli.Root("test")
	root.SetIn(strings.NewReader(in))
	root.SetOut(io.MultiWriter(&out, &both))
	root.SetErr(io.MultiWriter(&errs, &both))
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return called{out.String(), errs.String(), both.String(), err}
}
