package project_test

import (
	"archive/zip"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"athanor/app/project"
	"athanor/app/store"
	"athanor/inference/face"
	"athanor/pipeline/train"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPathsFollowTheEnvironment(t *testing.T) {
	home := t.TempDir()
	t.Setenv("ATHANOR_HOME", home)
	p, err := project.DefaultPaths()
	must(t, err)
	if p.Data != home || p.Settings() != filepath.Join(home, "settings.toml") {
		t.Errorf("paths %+v", p)
	}
	must(t, p.Check())
	t.Setenv("ATHANOR_HOME", "")
	t.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
	if p, err = project.DefaultPaths(); err != nil || p.Data != filepath.Join(home, "data", "athanor") {
		t.Errorf("paths %+v, %v", p, err)
	}
	file := filepath.Join(home, "file")
	must(t, os.WriteFile(file, nil, 0o644))
	if err := (project.Paths{Data: filepath.Join(file, "x"), Config: home}).Check(); !errors.Is(err, project.ErrHome) {
		t.Errorf("error %v, want ErrHome", err)
	}
}

func TestSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c", "settings.toml")
	s, err := project.LoadSettings(path)
	must(t, err)
	if !reflect.DeepEqual(s, project.DefaultSettings()) {
		t.Errorf("first settings %+v", s)
	}
	s.Language, s.Threads, s.Window.Width = "zh", -3, 100
	s.Faces.Tuned = map[string]face.Params{"yunet": {Side: 320, Single: true}}
	must(t, s.Save(path))
	if s, err = project.LoadSettings(path); err != nil || s.Language != "zh" || s.Threads != 0 || s.Window.Width != 640 || s.Faces.Tuned["yunet"] != (face.Params{Side: 320, Single: true}) {
		t.Errorf("settings %+v, %v", s, err)
	}
	must(t, os.WriteFile(path, []byte("language = [oops"), 0o644))
	s, err = project.LoadSettings(path)
	if err == nil || !reflect.DeepEqual(s, project.DefaultSettings()) || !strings.Contains(err.Error(), "moved to") {
		t.Errorf("broken settings give %+v, %v", s, err)
	}
	if s, err = project.LoadSettings(path); err != nil || !reflect.DeepEqual(s, project.DefaultSettings()) {
		t.Errorf("after that %+v, %v", s, err)
	}
}

// trained makes a project with one run in it.
func trained(t testing.TB) (p project.Project, run string) {
	t.Helper()
	p, err := project.Create(filepath.Join(t.TempDir(), "projects"), "My 数字", "digits", time.Now())
	must(t, err)
	r, err := store.CreateRun(p.Runs(), "first", time.Now())
	must(t, err)
	must(t, r.Begin(1, time.Now()))
	must(t, r.AppendEvent(train.Epoch{Epoch: 1, Epochs: 1, Step: 10, ValAccuracy: 0.9}))
	must(t, os.MkdirAll(filepath.Join(r.Dir(), "checkpoints"), 0o755))
	for _, name := range []string{"step-1.safetensors", "step-2.safetensors", "step-3.safetensors", "best.safetensors"} {
		must(t, os.WriteFile(filepath.Join(r.Dir(), "checkpoints", name), make([]byte, 1000), 0o644))
	}
	must(t, r.Close())
	return p, r.Dir()
}

func TestAProjectTravelsInOneFile(t *testing.T) {
	p, run := trained(t)
	must(t, os.Symlink("/etc/passwd", filepath.Join(p.Dir, "link")))
	for _, checkpoints := range []bool{false, true} {
		file := filepath.Join(t.TempDir(), "p.zip")
		must(t, project.Pack(t.Context(), p, file, project.PackOptions{Checkpoints: checkpoints}))
		there := t.TempDir()
		must(t, os.Mkdir(filepath.Join(there, filepath.Base(p.Dir)), 0o755)) // the name is taken
		q, err := project.Unpack(t.Context(), file, there)
		must(t, err)
		if q.Name != p.Name || filepath.Base(q.Dir) != filepath.Base(p.Dir)+"-2" || !q.Created.Equal(p.Created) {
			t.Errorf("unpacked %+v", q)
		}
		info, err := store.ReadInfo(filepath.Join(q.Runs(), filepath.Base(run)))
		must(t, err)
		if info.Status.State != store.Finished || info.Metric("val_accuracy") != 0.9 {
			t.Errorf("unpacked run %+v", info)
		}
		_, err = os.Stat(filepath.Join(info.Dir, "checkpoints", "best.safetensors"))
		if (err == nil) != checkpoints {
			t.Errorf("checkpoints %v: %v", checkpoints, err)
		}
		if _, err := os.Lstat(filepath.Join(q.Dir, "link")); err == nil {
			t.Error("a link was packed")
		}
	}
}

func TestUnsafeFilesAreRefused(t *testing.T) {
	for name, entries := range map[string][]string{
		"climbs":     {"project.toml", "../evil"},
		"absolute":   {"project.toml", "/etc/evil"},
		"windows":    {"project.toml", `a\..\..\evil`},
		"sideways":   {"project.toml", "a/../../evil"},
		"no project": {"readme"},
		"twice":      {"project.toml", "a", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "p.zip")
			f, err := os.Create(file)
			must(t, err)
			z := zip.NewWriter(f)
			for _, e := range entries {
				w, err := z.Create(e)
				must(t, err)
				_, err = w.Write([]byte("name = \"x\""))
				must(t, err)
			}
			must(t, z.Close())
			must(t, f.Close())
			there := t.TempDir()
			if _, err := project.Unpack(t.Context(), file, filepath.Join(there, "projects")); err == nil {
				t.Error("it was unpacked")
			}
			left, _ := os.ReadDir(filepath.Join(there, "projects"))
			outside, _ := os.ReadDir(there)
			if len(left) != 0 || len(outside) > 1 {
				t.Errorf("it left %v and %v", left, outside)
			}
		})
	}
}

func FuzzUnpack(f *testing.F) {
	p, _ := trained(f)
	file := filepath.Join(f.TempDir(), "p.zip")
	must(f, project.Pack(f.Context(), p, file, project.PackOptions{}))
	data, err := os.ReadFile(file)
	must(f, err)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "p.zip")
		must(t, os.WriteFile(file, data, 0o644))
		_, _ = project.Unpack(t.Context(), file, t.TempDir())
	})
}

func TestABusyProjectIsNotPacked(t *testing.T) {
	p, run := trained(t)
	r, err := store.OpenRun(run)
	must(t, err)
	defer r.Close()
	if err := project.Pack(t.Context(), p, filepath.Join(t.TempDir(), "p.zip"), project.PackOptions{}); !errors.Is(err, project.ErrBusy) {
		t.Errorf("error %v, want ErrBusy", err)
	}
}

func TestStorageIsMeasuredAndCleaned(t *testing.T) {
	p, run := trained(t)
	u, err := project.Measure(t.Context(), p.Dir)
	must(t, err)
	if u.Checkpoints != 4000 || u.Metrics == 0 || u.Total() < 4000 {
		t.Errorf("usage %+v", u)
	}
	freed, err := project.CleanCheckpoints(run, 1)
	must(t, err)
	left, err := os.ReadDir(filepath.Join(run, "checkpoints"))
	must(t, err)
	if freed != 2000 || len(left) != 2 {
		t.Errorf("freed %d, left %v", freed, left)
	}
}

func TestOneStudio(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	got := make(chan []string, 1)
	i, err := project.Lock(dir, func(paths []string) { got <- paths })
	must(t, err)
	if _, err := project.Lock(dir, nil); !errors.Is(err, project.ErrRunning) {
		t.Errorf("error %v, want ErrRunning", err)
	}
	must(t, project.Send(dir, []string{"/data/图片.zip"}))
	if paths := <-got; !slices.Equal(paths, []string{"/data/图片.zip"}) {
		t.Errorf("received %v", paths)
	}
	must(t, i.Close())
	if err := project.Send(dir, nil); err == nil {
		t.Error("a closed studio answers")
	}
	i, err = project.Lock(dir, nil)
	must(t, err)
	must(t, i.Close())
}

func TestList(t *testing.T) {
	p, _ := trained(t)
	projects := filepath.Dir(p.Dir)
	must(t, os.Mkdir(filepath.Join(projects, "no project"), 0o755))
	list, err := project.List(projects)
	must(t, err)
	if len(list) != 1 || list[0].Name != "My 数字" {
		t.Errorf("projects %+v", list)
	}
	if _, err := project.Open(t.TempDir()); !errors.Is(err, project.ErrNotProject) {
		t.Errorf("error %v, want ErrNotProject", err)
	}
}
