package store_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"athanor/app/store"
	"athanor/pipeline/train"
)

// makeRun makes a finished run whose best validation accuracy is accuracy.
func makeRun(t testing.TB, runs, name, optimizer string, accuracy float64) string {
	t.Helper()
	r, err := store.CreateRun(runs, name, start)
	must(t, err)
	text := []byte("seed = 7\n[model]\nname = \"cnn\"\nchannels = [8, 16]\n[optimizer]\nname = \"" + optimizer + "\"\nlearning_rate = 0.001\n")
	must(t, os.WriteFile(filepath.Join(r.Dir(), store.RecipeFile), text, 0o644))
	must(t, r.Begin(2, start))
	must(t, r.AppendEvent(train.Epoch{Epoch: 1, Epochs: 2, Step: 10, ValAccuracy: accuracy, ValLoss: 0.2, Best: true}))
	must(t, r.AppendEvent(train.Epoch{Epoch: 2, Epochs: 2, Step: 20, ValAccuracy: accuracy / 2, ValLoss: 0.3}))
	must(t, r.Close())
	return r.Dir()
}

func ids(infos []store.Info) []string {
	var out []string
	for _, i := range infos {
		out = append(out, i.Name)
	}
	slices.Sort(out)
	return out
}

func TestTheIndexFollowsTheFolders(t *testing.T) {
	home := t.TempDir()
	runs := filepath.Join(home, "runs")
	a := makeRun(t, runs, "a", "adam", 0.99)
	makeRun(t, runs, "b", "sgd", 0.9)
	must(t, os.MkdirAll(filepath.Join(runs, "no run"), 0o755))
	x, err := store.OpenIndex(filepath.Join(home, "index.db"))
	must(t, err)
	defer x.Close()
	sync := func(want bool, names ...string) {
		t.Helper()
		news, err := x.Sync(t.Context(), runs)
		must(t, err)
		got, err := x.Runs(t.Context(), runs, nil)
		must(t, err)
		if news != want || !slices.Equal(ids(got), names) {
			t.Errorf("news %v, runs %v; want %v, %v", news, ids(got), want, names)
		}
	}
	sync(true, "a", "b")
	sync(false, "a", "b")
	must(t, store.WriteNotes(a, store.Notes{Title: "first", Tags: []string{"good", "旧"}}))
	sync(true, "b", "first")
	tags, err := x.Tags(t.Context())
	must(t, err)
	if tags["good"] != 1 || tags["旧"] != 1 {
		t.Errorf("tags %v", tags)
	}
	trashed, err := store.DeleteRun(a)
	must(t, err)
	sync(true, "b")
	back, err := store.RestoreRun(trashed)
	must(t, err)
	if back != a {
		t.Errorf("restored to %s, want %s", back, a)
	}
	sync(true, "b", "first")
}

func TestFilter(t *testing.T) {
	runs := t.TempDir()
	makeRun(t, runs, "fast adam", "adam", 0.99)
	makeRun(t, runs, "slow", "sgd", 0.9)
	tagged := makeRun(t, runs, "数字", "adam", 0.5)
	must(t, store.WriteNotes(tagged, store.Notes{Tags: []string{"keep"}, Note: "a night's work"}))
	infos, err := store.ListRuns(runs)
	must(t, err)
	for filter, want := range map[string][]string{
		"": {"fast-adam", "slow", "数字"},
		"val_accuracy > 0.98 and optimizer = adam":         {"fast-adam"},
		"val_accuracy>=0.9":                                {"fast-adam", "slow"},
		"optimizer.name = adam and not tag:keep":           {"fast-adam"},
		"tag = keep or optimizer = sgd":                    {"slow", "数字"},
		"(tag = keep or optimizer = sgd) val_accuracy<0.8": {"数字"},
		"数字":                       {"数字"},
		`"night's"`:                {"数字"},
		"seed = 7.0 slow":          {"slow"},
		"learning_rate < 0.01":     {"fast-adam", "slow", "数字"},
		"last.val_accuracy < 0.3":  {"数字"},
		"val_loss = 0.2 name~adam": {"fast-adam"},
		"state = finished":         {"fast-adam", "slow", "数字"},
		"nothing != 3 name = slow": {"slow"},
		"model = cnn channels~16":  {"fast-adam", "slow", "数字"},
	} {
		f, err := store.ParseFilter(filter)
		must(t, err)
		var got []store.Info
		for _, i := range infos {
			if f(i) {
				got = append(got, i)
			}
		}
		if !slices.Equal(ids(got), want) {
			t.Errorf("%q shows %v, want %v", filter, ids(got), want)
		}
	}
	for _, bad := range []string{"a >", "(", "and", "= 3", "a ) b", "a =! 3", "not"} {
		if _, err := store.ParseFilter(bad); bad != "and" && !errors.Is(err, store.ErrFilter) {
			t.Errorf("%q: error %v, want ErrFilter", bad, err)
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("val_accuracy > 0.98 and (optimizer = adam or not tag:'x y')")
	f.Add("((((")
	info := store.Info{Name: "a", Status: store.Status{Best: map[string]float64{"loss": 1}}, Recipe: map[string]string{"model.name": "x"}}
	f.Fuzz(func(_ *testing.T, text string) {
		if filter, err := store.ParseFilter(text); err == nil {
			filter(info)
		}
	})
}

func TestANewerIndexIsRefusedAndLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	x, err := store.OpenIndex(path)
	must(t, err)
	must(t, x.Close())
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.Exec("PRAGMA user_version = 999")
	must(t, err)
	must(t, db.Close())
	before, err := os.ReadFile(path)
	must(t, err)
	if _, err := store.OpenIndex(path); !errors.Is(err, store.ErrNewer) {
		t.Errorf("error %v, want ErrNewer", err)
	}
	after, err := os.ReadFile(path)
	must(t, err)
	if !slices.Equal(before, after) {
		t.Error("the newer database was changed")
	}
}

func TestADamagedIndexIsMovedAsideAndRebuilt(t *testing.T) {
	home := t.TempDir()
	path, runs := filepath.Join(home, "index.db"), filepath.Join(home, "runs")
	makeRun(t, runs, "a", "adam", 0.99)
	must(t, os.WriteFile(path, []byte("this is no database, whatever its name says, and it is long enough to be looked at"), 0o644))
	x, err := store.OpenIndex(path)
	must(t, err)
	defer x.Close()
	if x.Aside == "" {
		t.Error("nothing says that the database was moved aside")
	}
	if _, err := os.Stat(x.Aside); err != nil {
		t.Error(err)
	}
	_, err = x.Sync(t.Context(), runs)
	must(t, err)
	got, err := x.Runs(t.Context(), "", nil)
	must(t, err)
	if len(got) != 1 || got[0].Metric("val_accuracy") != 0.99 || got[0].Recipe["model.channels"] != "8, 16" {
		t.Errorf("rebuilt runs %+v", got)
	}
}

func TestTwoProcessesShareTheIndex(t *testing.T) {
	home := t.TempDir()
	path, runs := filepath.Join(home, "index.db"), filepath.Join(home, "runs")
	for i := range 5 {
		makeRun(t, runs, string(rune('a'+i)), "adam", 0.9)
	}
	var wait sync.WaitGroup
	for range 4 {
		x, err := store.OpenIndex(path)
		must(t, err)
		defer x.Close()
		wait.Go(func() {
			for range 3 {
				if _, err := x.Sync(t.Context(), runs); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

func TestRecentProjectsAndDatasets(t *testing.T) {
	x, err := store.OpenIndex(filepath.Join(t.TempDir(), "a b", "index.db"))
	must(t, err)
	defer x.Close()
	must(t, x.OpenedProject(t.Context(), "/p/a", "a", start))
	must(t, x.OpenedProject(t.Context(), "/p/b", "b", start.Add(time.Hour)))
	must(t, x.OpenedProject(t.Context(), "/p/a", "a2", start.Add(2*time.Hour)))
	got, err := x.RecentProjects(t.Context())
	must(t, err)
	if len(got) != 2 || got[0].Name != "a2" || !got[0].Opened.Equal(start.Add(2*time.Hour)) {
		t.Errorf("projects %+v", got)
	}
	must(t, x.ForgetProject(t.Context(), "/p/a"))
	must(t, x.UsedDataset(t.Context(), store.Dataset{Dir: "/d", Name: "digits", Samples: 5, Used: start}))
	sets, err := x.Datasets(t.Context())
	must(t, err)
	if got, err = x.RecentProjects(t.Context()); err != nil || len(got) != 1 || len(sets) != 1 || sets[0].Samples != 5 {
		t.Errorf("projects %+v, sets %+v, %v", got, sets, err)
	}
}

func TestDeletingARunThatTrainsIsRefused(t *testing.T) {
	r := newRun(t)
	if _, err := store.DeleteRun(r.Dir()); !errors.Is(err, store.ErrLocked) {
		t.Errorf("error %v, want ErrLocked", err)
	}
}

func TestDiff(t *testing.T) {
	a := map[string]string{"same": "1", "x": "2", "only": "a"}
	b := map[string]string{"same": "1", "x": "3", "new": "b"}
	want := []store.Difference{{Key: "new", B: "b"}, {Key: "only", A: "a"}, {Key: "x", A: "2", B: "3"}}
	if got := store.Diff(a, b); !slices.Equal(got, want) {
		t.Errorf("differences %+v, want %+v", got, want)
	}
}
