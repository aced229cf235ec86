// Package floors_test holds the house to its floors: what a package may import
// is decided by the folder it stands in. docs/architecture.md tells them.
package floors_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"athanor/inference/testenv"
)

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// floors, from the ground up, with those each may import.
var floors = map[string][]string{
	"assets":    {"assets"},
	"inference": {"assets", "inference"},
	"pipeline":  {"assets", "inference", "pipeline"},
	"app":       {"assets", "inference", "pipeline", "app"},
	"ui":        {"assets", "inference", "pipeline", "app", "ui"},
}

// only names the one package that may import a module.
var only = map[string]string{
	"github.com/yalue/onnxruntime_go": "athanor/inference/runtime",
	"gocv.io/x/gocv":                  "athanor/inference/vision",
}

// never lists what no package below a folder may reach, even through others.
var never = map[string][]string{
	"athanor/inference":      {"fyne.io/fyne", "github.com/spf13/cobra"},
	"athanor/pipeline":       {"fyne.io/fyne", "github.com/spf13/cobra", "modernc.org/sqlite"},
	"athanor/app":            {"fyne.io/fyne"},
	"athanor/inference/onnx": {"github.com/yalue/onnxruntime_go", "gocv.io/x/gocv"},
}

// exceptions to never.
var exceptions = map[string][]string{}

func TestImportsStayOnTheirFloor(t *testing.T) {
	for _, p := range packages(t) {
		for _, broken := range climbs(p) {
			t.Error(broken)
		}
	}
}

func TestViewsDoNotKnowEachOther(t *testing.T) {
	for _, p := range packages(t) {
		if !isView(p.ImportPath) {
			continue
		}
		for _, i := range p.Imports {
			if isView(i) && i != p.ImportPath {
				t.Errorf("%s imports the view %s", p.ImportPath, i)
			}
		}
	}
}

func TestNothingReachesWhatItMustNotKnow(t *testing.T) {
	for _, p := range packages(t) {
		for below, modules := range never {
			if !within(p.ImportPath, below) {
				continue
			}
			for _, d := range p.Deps {
				if slices.ContainsFunc(modules, func(m string) bool { return strings.HasPrefix(d, m) }) &&
					!slices.Contains(exceptions[p.ImportPath], d) {
					t.Errorf("%s reaches %s", p.ImportPath, d)
				}
			}
		}
	}
}

// The rules themselves must bite: a test that cannot fail proves nothing.
func TestRulesBite(t *testing.T) {
	tests := map[string]struct {
		pkg, imports string
		broken       bool
	}{
		"climb one floor":   {"athanor/inference/model", "athanor/pipeline/train", true},
		"climb two floors":  {"athanor/pipeline/train", "athanor/ui/train", true},
		"go down":           {"athanor/ui/train", "athanor/pipeline/train", false},
		"foreign runtime":   {"athanor/pipeline/train", "github.com/yalue/onnxruntime_go", true},
		"foreign vision":    {"athanor/app/cli", "gocv.io/x/gocv", true},
		"the one importer":  {"athanor/inference/vision", "gocv.io/x/gocv", false},
		"standard library":  {"athanor/assets", "embed", false},
		"name begins alike": {"athanor/inference/runtime", "athanor/application", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := climbs(listed{ImportPath: test.pkg, Imports: []string{test.imports}})
			if (len(got) > 0) != test.broken {
				t.Errorf("%s → %s gives %v", test.pkg, test.imports, got)
			}
		})
	}
}

// climbs says which of p's imports its floor does not allow.
func climbs(p listed) []string {
	var broken []string
	for _, i := range p.Imports {
		for module, importer := range only {
			if within(i, module) && p.ImportPath != importer {
				broken = append(broken, p.ImportPath+" imports "+i+": only "+importer+" may")
			}
		}
		to := floor(i)
		if allowed, known := floors[floor(p.ImportPath)]; known && floors[to] != nil && !slices.Contains(allowed, to) {
			broken = append(broken, p.ImportPath+" imports "+i+", a floor above it")
		}
	}
	return broken
}

// floor is the top folder of one of our packages.
func floor(importPath string) string {
	rest, ours := strings.CutPrefix(importPath, "athanor/")
	if !ours {
		return ""
	}
	top, _, _ := strings.Cut(rest, "/")
	return top
}

// isView says whether a package is one screen: directly below ui, but for the
// parts that screens share.
func isView(importPath string) bool {
	name, ok := strings.CutPrefix(importPath, "athanor/ui/")
	shared := []string{"i18n", "look", "shell", "uitest", "widgets"}
	return ok && !strings.Contains(name, "/") && !slices.Contains(shared, name)
}

func within(importPath, folder string) bool {
	return importPath == folder || strings.HasPrefix(importPath, folder+"/")
}

// packages lists all packages of the module, their tests left out: a test may
// use what its package may not.
func packages(t *testing.T) []listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,Deps", "./...")
	command.Dir = testenv.Root(t)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		all = append(all, p)
	}
	if len(all) < 5 {
		t.Fatalf("only %d packages found", len(all))
	}
	return all
}
