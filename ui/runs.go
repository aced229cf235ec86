package ui

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"athanor/app/store"
	"athanor/pipeline/train"
	"athanor/ui/home"
)

// mostRuns is how many runs Home lists.
const mostRuns = 8

// recentRuns reads the newest run folders, whoever wrote them; folders that are
// no runs are passed over.
func recentRuns(ctx context.Context, folder string, limit int) ([]store.Info, error) {
	dirs, err := store.RunDirs(folder)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	slices.SortFunc(dirs, func(a, b string) int { return cmp.Compare(filepath.Base(b), filepath.Base(a)) })
	var runs []store.Info
	for _, dir := range dirs {
		if len(runs) == limit || ctx.Err() != nil {
			break
		}
		if info, err := store.ReadInfo(dir); err == nil {
			runs = append(runs, info)
		}
	}
	return runs, ctx.Err()
}

// listRuns brings the recent runs to Home.
func (s *Studio) listRuns(apply func([]home.Run)) {
	folder := s.runsFolder()
	async(s, func(ctx context.Context) ([]store.Info, error) { return recentRuns(ctx, folder, mostRuns) },
		func(runs []store.Info, err error) {
			if err != nil {
				s.fail(err)
				return
			}
			var list []home.Run
			for _, r := range runs {
				list = append(list, home.Run{
					ID: r.Dir, Icon: iconOf(r.Recipe["task"]), Name: r.Name, Detail: s.detail(r), Resumable: resumable(r),
				})
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
func (s *Studio) detail(r store.Info) string {
	parts := []string{s.book.T("state." + string(stateOf(r)))}
	if v, ok := r.Status.Best["val_accuracy"]; ok && v == v {
		parts = append(parts, s.book.Percent(v))
	}
	at := r.Status.Ended
	if at.IsZero() {
		at = r.Status.Started
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

// stateOf is a run's state; a run that left none but a model is finished.
func stateOf(r store.Info) store.State {
	if r.Status.State != "" {
		return r.Status.State
	}
	if _, err := os.Stat(filepath.Join(r.Dir, "model.onnx")); err == nil {
		return store.Finished
	}
	return store.Interrupted
}

// resumable reports whether a run ended before its time and left something to
// go on from.
func resumable(r store.Info) bool {
	switch stateOf(r) {
	case store.Interrupted, store.Failed, store.Stopped:
	default:
		return false
	}
	return checkpointed(r.Dir)
}

// checkpointed reports whether a run left something to go on from.
func checkpointed(dir string) bool {
	left, err := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*.safetensors"))
	return err == nil && len(left) > 0
}

// openProject shows a run on the train screen: its data, its settings and how it went.
func (s *Studio) openProject(dir string) {
	s.openRun(dir, func(r train.Recipe) { s.jobs.show(dir, r) })
}

// openRun opens a run's data with its settings; then is called when they are
// there.
func (s *Studio) openRun(dir string, then func(train.Recipe)) {
	recipe, err := train.LoadRecipe(filepath.Join(dir, store.RecipeFile))
	if err != nil {
		s.fail(fmt.Errorf("open run: %w", err))
		return
	}
	if recipe.Data.Path = s.locate(recipe.Data.Path); missing(recipe.Data.Path) {
		s.findData(dir, recipe.Data.Path)
		return
	}
	s.openRecipe(recipe, then)
}

// openRunWith opens a run's settings with data that lie elsewhere now.
func (s *Studio) openRunWith(dir, data string) {
	recipe, err := train.LoadRecipe(filepath.Join(dir, store.RecipeFile))
	if err != nil {
		s.fail(fmt.Errorf("open run: %w", err))
		return
	}
	recipe.Data.Path = data
	s.openRecipe(recipe, func(train.Recipe) {})
}

func (s *Studio) openRecipe(recipe train.Recipe, then func(train.Recipe)) {
	s.Go(placeTrain)
	s.jobs.open(recipe.Data.Path, func() {
		s.jobs.recipe = recipe
		s.trainPart().setup()
		s.jobs.lookAgain()
		then(recipe)
	})
}
