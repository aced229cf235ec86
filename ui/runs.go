package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"athanor/app/store"
	"athanor/pipeline/train"
	"athanor/ui/home"
)

// runInfo is one run folder as lists show it.
type runInfo struct {
	dir    string
	name   string
	recipe train.Recipe
	status store.Status
}

// mostRuns is how many runs Home lists.
const mostRuns = 8

// recentRuns reads the newest run folders, whoever wrote them; folders that are
// no runs are passed over.
func recentRuns(ctx context.Context, folder string, limit int) ([]runInfo, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return cmp.Compare(b.Name(), a.Name()) })
	var runs []runInfo
	for _, e := range entries {
		if len(runs) == limit || ctx.Err() != nil {
			break
		}
		if run, ok := readRun(filepath.Join(folder, e.Name())); ok {
			runs = append(runs, run)
		}
	}
	return runs, ctx.Err()
}

func readRun(dir string) (runInfo, bool) {
	recipe, err := train.LoadRecipe(filepath.Join(dir, store.RecipeFile))
	if err != nil {
		return runInfo{}, false
	}
	run := runInfo{dir: dir, name: runName(filepath.Base(dir)), recipe: recipe}
	run.status, err = store.ReadStatus(dir)
	return run, err == nil || errors.Is(err, fs.ErrNotExist)
}

// runName is a run folder's name without its time.
func runName(base string) string {
	parts := strings.SplitN(base, "-", 3)
	if len(parts) == 3 && len(parts[0]) == 8 && len(parts[1]) == 6 {
		return parts[2]
	}
	return base
}

// listProjects brings the recent runs to Home.
func (s *Studio) listProjects(apply func([]home.Project)) {
	folder := s.runsFolder()
	async(s, func(ctx context.Context) ([]runInfo, error) { return recentRuns(ctx, folder, mostRuns) },
		func(runs []runInfo, err error) {
			if err != nil {
				s.fail(err)
				return
			}
			var list []home.Project
			for _, r := range runs {
				list = append(list, home.Project{ID: r.dir, Icon: iconOf(r.recipe.Task), Name: r.name, Detail: s.detail(r)})
			}
			apply(list)
		})
}

func iconOf(task string) string {
	if task == "text" || task == "table" {
		return task
	}
	return "image"
}

// detail says state, best accuracy and age of a run.
func (s *Studio) detail(r runInfo) string {
	parts := []string{s.book.T("state." + string(cmp.Or(r.status.State, store.Interrupted)))}
	if v, ok := r.status.Best["val_accuracy"]; ok && v == v {
		parts = append(parts, s.book.Percent(v))
	}
	at := r.status.Ended
	if at.IsZero() {
		at = r.status.Started
	}
	if !at.IsZero() {
		parts = append(parts, s.book.Ago(at, time.Now()))
	}
	return strings.Join(parts, " · ")
}

// runsChanged brings lists of runs up to date.
func (s *Studio) runsChanged() {
	if p := s.parts[s.place]; p != nil {
		p.shown()
	}
}

// openProject goes on with a run's data and settings.
func (s *Studio) openProject(dir string) {
	run, ok := readRun(dir)
	if !ok {
		s.fail(fmt.Errorf("open run %s: %w", dir, store.ErrNotRun))
		return
	}
	s.Go(placeTrain)
	s.jobs.open(run.recipe.Data.Path, func() {
		s.jobs.recipe = run.recipe
		s.trainPart().setup()
	})
}
