package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of `go test -json` (documented by `go doc test2json`).
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// key names a test, or a package where Test is empty.
type key struct{ pkg, test string }

// count is what a test run came to.
type count struct {
	passed, failed int
	brokenPackages []string
	failedIn       map[string]bool // packages with a failed test
	skips          []skip
	output         map[key][]string // of what still runs
	parents        map[key]bool     // tests that have subtests: the subtests count
}

type skip struct {
	key
	reason string
}

// nativeReason is how testenv.NeedNative begins its reason for a skip.
const nativeReason = "native library missing"

// read takes in a whole stream. A line that is no JSON (a tool that prints
// beside the tests) is passed on as it is.
func read(in io.Reader, out io.Writer) (*count, error) {
	c := &count{output: map[key][]string{}, parents: map[key]bool{}, failedIn: map[string]bool{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			_, _ = fmt.Fprintln(out, lines.Text())
			continue
		}
		c.take(e, out)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read test events: %w", err)
	}
	return c, nil
}

func (c *count) take(e event, out io.Writer) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		_, _ = io.WriteString(out, e.Output)
	case "run":
		if i := strings.LastIndexByte(e.Test, '/'); i > 0 {
			c.parents[key{e.Package, e.Test[:i]}] = true
		}
	case "output":
		c.output[k] = append(c.output[k], e.Output)
	case "pass", "fail", "skip":
		c.end(k, e, out)
		delete(c.output, k)
	}
}

func (c *count) end(k key, e event, out io.Writer) {
	if k.test == "" {
		c.endPackage(k, e, out)
		return
	}
	if e.Action == "fail" {
		c.show(k, out)
		c.failedIn[k.pkg] = true
	}
	switch {
	case c.parents[k]:
	case e.Action == "pass":
		c.passed++
	case e.Action == "fail":
		c.failed++
	default:
		c.skips = append(c.skips, skip{k, c.reason(k)})
	}
}

// endPackage prints the package's line; where the package itself failed (a
// build error, a panic, a race outside a test) all it wrote.
func (c *count) endPackage(k key, e event, out io.Writer) {
	if e.Action == "skip" { // no test files
		return
	}
	if e.Action == "fail" {
		c.brokenPackages = append(c.brokenPackages, k.pkg)
		if !c.failedIn[k.pkg] { // it did not build, or died: that is a failure too
			c.failed++
		}
		for open := range c.output {
			if open.pkg == k.pkg && open.test != "" { // did not end: the process died in it
				c.show(open, out)
			}
		}
		c.show(k, out)
	}
	_, _ = fmt.Fprintf(out, "%-4s  %-50s %7.1fs\n", e.Action, k.pkg, e.Elapsed)
}

func (c *count) show(k key, out io.Writer) {
	for _, line := range c.output[k] {
		_, _ = io.WriteString(out, line)
	}
}

// reason is the last thing a skipped test said.
func (c *count) reason(k key) string {
	for _, line := range slices.Backward(c.output[k]) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "===") {
			return line
		}
	}
	return "no reason given"
}

func (c *count) summary(out io.Writer) {
	for _, s := range c.skips {
		_, _ = fmt.Fprintf(out, "skipped: %s %s: %s\n", s.pkg, s.test, s.reason)
	}
	_, _ = fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", c.passed, c.failed, len(c.skips))
}

// verdict is nil for a run that is good.
func (c *count) verdict(native bool) error {
	switch {
	case c.failed > 0 || len(c.brokenPackages) > 0:
		return fmt.Errorf("failed: %s", strings.Join(c.brokenPackages, " "))
	case c.passed == 0:
		return errors.New("no test ran")
	case native && slices.ContainsFunc(c.skips, isNative):
		return errors.New("a native test skipped")
	}
	return nil
}

func isNative(s skip) bool { return strings.Contains(s.reason, nativeReason) }
