// Command testcount reads the output of `go test -json` on standard input,
// passes on what a person needs to see (failures with their output, build
// errors, one line a package) and ends with the line "N passed, N failed, N
// skipped". It fails when a test failed, when nothing ran, or, with -native,
// when a test skipped because a native library is missing.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	native := flag.Bool("native", false, "fail when a test skipped because a native library is missing")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *native); err != nil {
		fmt.Fprintln(os.Stderr, "testcount:", err)
		os.Exit(1)
	}
}

// run counts what in holds and writes the summary to out.
func run(in io.Reader, out io.Writer, native bool) error {
	count, err := read(in, out)
	if err != nil {
		return err
	}
	count.summary(out)
	return count.verdict(native)
}
