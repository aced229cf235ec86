// Package doctor looks at the machine and says what Athanor finds, what is
// missing and the one command that mends it. The command `athanor doctor` and
// the Settings screen show the same findings.
package doctor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"athanor/inference/runtime"
)

// State is how a finding stands.
type State string

// States, from good to bad.
const (
	OK       State = "ok"
	Optional State = "optional" // missing, and only needed for what the finding says
	Warning  State = "warning"  // works, but not well
	Missing  State = "missing"  // part of the studio cannot work
)

// Finding is one thing looked at. It holds no text of its own: Message and
// Title say it in the person's language.
type Finding struct {
	ID     string            `json:"id"` // onnxruntime, opencv, camera, …
	State  State             `json:"state"`
	Code   string            `json:"code"`             // which message: found, missing, old, …
	Values map[string]string `json:"values,omitempty"` // what the message names
	Cure   string            `json:"cure,omitempty"`   // the one command that mends it
}

// Host is the machine to look at. The zero value is this machine; tests give
// their own folders and variables.
type Host struct {
	Root     string                                   // stands before absolute paths of the system
	Env      func(string) string                      // os.Getenv
	LookPath func(string) (string, error)             // exec.LookPath
	DataDir  string                                   // where projects are kept
	Runtime  func() (path, version string, err error) // nil: not looked at
	Devices  func() ([]runtime.Device, error)         // what can compute here; nil: not looked at
	Test     DeviceTest                               // measures one of them
}

// Check looks at everything, in the order a person reads it. It takes some
// tens of milliseconds, most of them for starting ONNX Runtime, and about a
// second for each device where the host has those tested; it stops early with
// ctx.
func Check(ctx context.Context, host Host) []Finding {
	host = host.filled()
	checks := []func(Host) Finding{
		onnxRuntime, openCV, cascades, camera,
		display, openGL, input, font,
		ffmpeg, dataFolder, disk, memory, threads,
	}
	findings := make([]Finding, 0, len(checks))
	for _, check := range checks {
		if ctx.Err() != nil {
			break
		}
		findings = append(findings, check(host))
	}
	if host.Devices != nil && ctx.Err() == nil {
		findings = append(findings, devices(ctx, host))
	}
	return findings
}

// Worst is the worst state of all findings.
func Worst(findings []Finding) State {
	rank := map[State]int{OK: 0, Optional: 1, Warning: 2, Missing: 3}
	worst := OK
	for _, f := range findings {
		if rank[f.State] > rank[worst] {
			worst = f.State
		}
	}
	return worst
}

func (h Host) filled() Host {
	if h.Env == nil {
		h.Env = os.Getenv
	}
	if h.LookPath == nil {
		h.LookPath = exec.LookPath
	}
	return h
}

// path is a path of the system, below Root.
func (h Host) path(name string) string { return filepath.Join(h.Root, name) }

// first is the first existing file of the patterns, or "".
func (h Host) first(patterns ...string) string {
	for _, pattern := range patterns {
		if found, err := filepath.Glob(h.path(pattern)); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// apt is the command that installs Debian packages.
func apt(packages string) string { return "sudo apt-get install -y " + packages }
