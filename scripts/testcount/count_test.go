package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func stream(t *testing.T, events ...event) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	for _, e := range events {
		if err := json.NewEncoder(&b).Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	return &b
}

func TestCountsLeavesAndShowsOnlyFailures(t *testing.T) {
	in := stream(t,
		event{Action: "run", Package: "p", Test: "TestA"},
		event{Action: "run", Package: "p", Test: "TestA/one"},
		event{Action: "output", Package: "p", Test: "TestA/one", Output: "quiet\n"},
		event{Action: "pass", Package: "p", Test: "TestA/one"},
		event{Action: "run", Package: "p", Test: "TestA/two"},
		event{Action: "output", Package: "p", Test: "TestA/two", Output: "loud\n"},
		event{Action: "fail", Package: "p", Test: "TestA/two"},
		event{Action: "fail", Package: "p", Test: "TestA"},
		event{Action: "fail", Package: "p", Elapsed: 1.5},
	)
	var out bytes.Buffer
	err := run(in, &out, false)
	if err == nil || !strings.Contains(err.Error(), "p") {
		t.Errorf("error %v, want one that names the package", err)
	}
	text := out.String()
	if !strings.HasSuffix(text, "\n1 passed, 1 failed, 0 skipped\n") {
		t.Errorf("summary wrong:\n%s", text)
	}
	if !strings.Contains(text, "loud") || strings.Contains(text, "quiet") {
		t.Errorf("want the failure's output alone:\n%s", text)
	}
}

func TestNativeSkipFailsOnlyWhereAsked(t *testing.T) {
	events := []event{
		{Action: "pass", Package: "p", Test: "TestA"},
		{Action: "output", Package: "p", Test: "TestB", Output: "    b_test.go:9: native library missing: libonnxruntime\n"},
		{Action: "output", Package: "p", Test: "TestB", Output: "--- SKIP: TestB (0.00s)\n"},
		{Action: "skip", Package: "p", Test: "TestB"},
		{Action: "pass", Package: "p"},
	}
	var out bytes.Buffer
	if err := run(stream(t, events...), &out, false); err != nil {
		t.Errorf("without -native: %v", err)
	}
	if !strings.Contains(out.String(), "skipped: p TestB: b_test.go:9: native library missing") {
		t.Errorf("the reason is not shown:\n%s", out.String())
	}
	if err := run(stream(t, events...), &out, true); err == nil {
		t.Error("with -native: want an error")
	}
}

func TestBrokenRunsAreErrors(t *testing.T) {
	tests := map[string][]event{
		"nothing ran": {{Action: "skip", Package: "p"}},
		"build failed": {
			{Action: "build-output", ImportPath: "p", Output: "p.go:1: no\n"},
			{Action: "pass", Package: "q", Test: "TestQ"},
			{Action: "fail", Package: "p", FailedBuild: "p"},
		},
		"died in a test": {
			{Action: "pass", Package: "q", Test: "TestQ"},
			{Action: "run", Package: "p", Test: "TestA"},
			{Action: "output", Package: "p", Test: "TestA", Output: "SIGSEGV\n"},
			{Action: "fail", Package: "p"},
		},
	}
	for name, events := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := run(stream(t, events...), &out, false); err == nil {
				t.Errorf("want an error; wrote\n%s", out.String())
			}
			if name != "nothing ran" && !strings.Contains(out.String(), "1 passed, 1 failed,") {
				t.Errorf("not counted as a failure:\n%s", out.String())
			}
			if name == "died in a test" && !strings.Contains(out.String(), "SIGSEGV") {
				t.Error("the dying test's output is lost")
			}
		})
	}
}

func TestLinesThatAreNoEventsPass(t *testing.T) {
	in := strings.NewReader("ld: warning\n" + `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n")
	var out bytes.Buffer
	if err := run(in, &out, false); err != nil || !strings.HasPrefix(out.String(), "ld: warning\n") {
		t.Errorf("error %v, wrote %q", err, out.String())
	}
}
