// Package runtime runs ONNX models on ONNX Runtime: it finds the library, opens
// sessions on a device, and moves tensors. It is the only importer of
// onnxruntime_go and does not know what a model means.
package runtime

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// LibraryVersion is the release of ONNX Runtime that Athanor is built against
// and that scripts/setup installs.
const LibraryVersion = "1.30.0"

// PathVariable is the environment variable that overrides where the library is.
const PathVariable = "ATHANOR_ORT"

// Errors of Load. Each is wrapped with the path and the cure.
var (
	ErrLibraryMissing = errors.New("ONNX Runtime library not found")
	ErrLibraryWrong   = errors.New("ONNX Runtime library cannot be used")
)

type library struct {
	once sync.Once
	path string
	err  error
}

// loaded is written once, under its sync.Once: the runtime's environment is
// one per process by its own design.
var loaded library //nolint:gochecknoglobals // mirrors the process-wide OrtEnv

// Load finds ONNX Runtime and starts it, once for the process; later calls
// return the first call's result. It may be called from any goroutine.
func Load() error {
	loaded.once.Do(func() {
		loaded.path, loaded.err = findLibrary()
		if loaded.err == nil {
			loaded.err = start(loaded.path)
		}
	})
	return loaded.err
}

// LibraryPath is the file that Load uses, or would use; an error says where it
// was looked for.
func LibraryPath() (string, error) { return findLibrary() }

// Version is the version of the loaded library, or "" before a successful Load.
func Version() string {
	if Load() != nil {
		return ""
	}
	return ort.GetVersion()
}

func start(path string) error {
	if err := inspect(path); err != nil {
		return err
	}
	ort.SetSharedLibraryPath(path)
	if err := silence(); err != nil {
		return err
	}
	if err := ort.InitializeEnvironment(ort.WithLogLevelFatal()); err != nil {
		return fmt.Errorf("%w: %s: %w; Athanor needs version %s or newer: run scripts/setup, or point %s at one",
			ErrLibraryWrong, path, err, LibraryVersion, PathVariable)
	}
	if err := ort.DisableTelemetry(); err != nil {
		return fmt.Errorf("switch off what %s tells its makers: %w", path, err)
	}
	if err := bindNative(path); err != nil {
		return fmt.Errorf("%w: %s: %w; run scripts/setup to install version %s", ErrLibraryWrong, path, err, LibraryVersion)
	}
	return nil
}

// noTelemetry is the variable by which the library, when it starts, is kept from
// collecting events for its makers in a database under the person's cache
// folder and sending them: official builds for Linux do so from 1.30 on.
const noTelemetry = "ORT_DISABLE_TELEMETRY"

// silence keeps the library from telling anybody anything: nothing leaves the
// machine. It has to come before the library is started.
func silence() error {
	if err := os.Setenv(noTelemetry, "1"); err != nil {
		return fmt.Errorf("switch off the library's telemetry: %w", err)
	}
	return nil
}

// inspect refuses files that the loader would fail on with an obscure message.
func inspect(path string) error {
	if goruntime.GOOS != "linux" {
		return nil
	}
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("%w: %s is not a shared library (%w): run scripts/setup to install it anew", ErrLibraryWrong, path, err)
	}
	defer f.Close()
	want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[goruntime.GOARCH]
	if f.Machine != want {
		return fmt.Errorf("%w: %s is built for %s, this machine is %s: run scripts/setup to install the right one",
			ErrLibraryWrong, path, f.Machine, want)
	}
	return nil
}

func findLibrary() (string, error) {
	if path := os.Getenv(PathVariable); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%w: %s points at %s: %w; correct it, or unset it and run scripts/setup",
				ErrLibraryMissing, PathVariable, path, err)
		}
		return path, nil
	}
	for _, path := range candidates() {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: run scripts/setup in the project's folder, or set %s to its path", ErrLibraryMissing, PathVariable)
}

// candidates lists where a package, an installation and a checkout keep the library.
func candidates() []string {
	name := map[string]string{"darwin": "libonnxruntime.1.dylib", "windows": "onnxruntime.dll"}[goruntime.GOOS]
	if name == "" {
		name = "libonnxruntime.so.1"
	}
	var list []string
	if exe, err := os.Executable(); err == nil {
		if target, err := filepath.EvalSymlinks(exe); err == nil {
			exe = target
		}
		dir := filepath.Dir(exe)
		list = append(list, filepath.Join(dir, name), filepath.Join(dir, "..", "lib", "athanor", name))
		list = append(list, inCheckout(dir, name)...)
	}
	if wd, err := os.Getwd(); err == nil {
		list = append(list, inCheckout(wd, name)...)
	}
	return append(list, filepath.Join("/usr/lib/athanor", name), filepath.Join("/usr/local/lib", name))
}

// inCheckout lists the project's own folder of native libraries in dir and above it.
func inCheckout(dir, name string) []string {
	var list []string
	for {
		list = append(list, filepath.Join(dir, ".native", "onnxruntime-"+LibraryVersion, name))
		up := filepath.Dir(dir)
		if up == dir {
			return list
		}
		dir = up
	}
}
