package runtime_test

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// The library is loaded once for a process, so each way of failing is tried in
// a process of its own: this test binary again, told to load and to report.
const helperVariable = "ATHANOR_TEST_LOAD"

func TestMain(m *testing.M) {
	if os.Getenv(helperVariable) == "" {
		os.Exit(m.Run())
	}
	err := runtime.Load()
	again := runtime.Load()
	switch {
	case err == nil:
		_, _ = os.Stdout.WriteString("loaded " + runtime.Version())
	case !errors.Is(again, err):
		_, _ = os.Stdout.WriteString("the second error differs")
	case errors.Is(err, runtime.ErrLibraryMissing):
		_, _ = os.Stdout.WriteString("missing: " + err.Error())
	case errors.Is(err, runtime.ErrLibraryWrong):
		_, _ = os.Stdout.WriteString("wrong: " + err.Error())
	default:
		_, _ = os.Stdout.WriteString("other: " + err.Error())
	}
}

// loadElsewhere loads the library at path in a new process.
func loadElsewhere(t *testing.T, path string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), helperVariable+"=1", runtime.PathVariable+"="+path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// Official builds of the library keep events for their makers under the person's
// cache folder, and send them; ours may leave nothing behind.
func TestLibraryCollectsNothing(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	path, err := runtime.LibraryPath()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv("ORT_DISABLE_TELEMETRY", "") // set by this process' own Load
	if said := loadElsewhere(t, path); !strings.HasPrefix(said, "loaded ") {
		t.Fatal(said)
	}
	if err := filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && path != home {
			t.Errorf("loading the library left %s", path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestLoadTellsWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	cases := map[string]struct {
		content []byte
		want    []string
	}{
		"absent": {nil, []string{"missing:", runtime.PathVariable, "scripts/setup"}},
		"text":   {[]byte("this is no library"), []string{"wrong:", "not a shared library", "scripts/setup"}},
		"empty":  {[]byte{}, []string{"wrong:", "not a shared library"}},
		"other":  {elfHeader(elf.EM_S390), []string{"wrong:", "EM_S390", "this machine is", "scripts/setup"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if goruntime.GOOS != "linux" && c.content != nil {
				t.Skip("only Linux libraries are inspected before they are loaded")
			}
			path := filepath.Join(dir, name+".so")
			if c.content != nil {
				if err := os.WriteFile(path, c.content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got := loadElsewhere(t, path)
			for _, part := range append(c.want, path) {
				if !strings.Contains(got, part) {
					t.Errorf("%q does not say %q", got, part)
				}
			}
		})
	}
}

// elfHeader is a shared object for another machine, with nothing in it.
func elfHeader(machine elf.Machine) []byte {
	h := elf.Header64{
		Type: uint16(elf.ET_DYN), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Phentsize: 56, Shentsize: 64,
	}
	copy(h.Ident[:], []byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2MSB), byte(elf.EV_CURRENT)})
	raw, err := binary.Append(nil, binary.BigEndian, h)
	if err != nil {
		panic(err)
	}
	return raw
}

// TestLoadRefusesAnOldLibrary compiles a library that, like old releases, does
// not know the API version the binding asks for.
func TestLoadRefusesAnOldLibrary(t *testing.T) {
	compiler, err := exec.LookPath("cc")
	if err != nil || goruntime.GOOS != "linux" {
		t.Skip("needs a C compiler on Linux")
	}
	for name, source := range map[string]string{
		"old": `static const void *api(unsigned v) { return 0; }
			static const char *version(void) { return "1.2.0"; }
			static struct { const void *(*api)(unsigned); const char *(*version)(void); } base = {api, version};
			void *OrtGetApiBase(void) { return &base; }`,
		"stranger": `int unrelated(void) { return 1; }`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			code, path := filepath.Join(dir, "lib.c"), filepath.Join(dir, "lib.so")
			if err := os.WriteFile(code, []byte(source), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), compiler, "-shared", "-fPIC", "-o", path, code).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			got := loadElsewhere(t, path)
			for _, part := range []string{"wrong:", path, runtime.LibraryVersion, "scripts/setup"} {
				if !strings.Contains(got, part) {
					t.Errorf("%q does not say %q", got, part)
				}
			}
		})
	}
}

func TestLoadFindsTheInstalledLibrary(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	path, err := runtime.LibraryPath()
	if err != nil {
		t.Fatal(err)
	}
	if got := loadElsewhere(t, path); got != "loaded "+runtime.LibraryVersion {
		t.Errorf("loading %s: %q", path, got)
	}
}
