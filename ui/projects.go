package ui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"athanor/app/project"
	"athanor/app/store"
	"athanor/pipeline/dataset/source"
	"athanor/ui/home"
	"athanor/ui/shell"
)

// packedSuffix is the end of a packed project's name.
const packedSuffix = ".athanor"

// runsFolder is where runs of the window lie: those of the open project, else
// those of the command line.
func (s *Studio) runsFolder() string {
	if s.project != nil {
		return s.project.Runs()
	}
	return s.opts.Paths.Runs()
}

// capturesFolder is where pictures taken with the webcam lie.
func (s *Studio) capturesFolder() string {
	if s.project != nil {
		return s.project.Datasets()
	}
	return s.opts.Paths.Captures()
}

// projectsFolder is the folder of projects that the person chose.
func (s *Studio) projectsFolder() string {
	if s.prefs.Projects != "" {
		return s.prefs.Projects
	}
	return s.opts.Paths.Projects()
}

// reopenProject opens the project that was open last, if it is still there.
func (s *Studio) reopenProject() {
	if s.prefs.Last == "" {
		return
	}
	if p, err := project.Open(s.prefs.Last); err == nil {
		s.project = &p
	} else {
		s.prefs.Last = ""
	}
}

// listProjects brings the projects to Home.
func (s *Studio) listProjects(apply func(projects []home.Project, open string)) {
	folder, none := s.projectsFolder(), s.book.T("project.none")
	async(s, func(context.Context) ([]project.Project, error) { return project.List(folder) }, func(all []project.Project, err error) {
		if err != nil {
			s.fail(err)
			return
		}
		open, list := "", []home.Project{{Name: none}}
		if s.project != nil {
			open = s.project.Dir
			if !slices.ContainsFunc(all, func(p project.Project) bool { return p.Dir == open }) {
				all = append(all, *s.project) // it lies elsewhere
			}
		}
		for i, name := range projectNames(all) {
			list = append(list, home.Project{ID: all[i].Dir, Name: name})
		}
		apply(list, open)
	})
}

// projectNames are what projects are called in one list: those of one name, such as one
// and its unpacked copy, are told apart by their folders.
func projectNames(all []project.Project) []string {
	count := map[string]int{}
	for _, p := range all {
		count[p.Name]++
	}
	names := make([]string, len(all))
	for i, p := range all {
		if names[i] = p.Name; count[p.Name] > 1 {
			names[i] += " · " + filepath.Base(p.Dir)
		}
	}
	return names
}

// useProject switches to a project, or with "" to none, and opens its data.
func (s *Studio) useProject(dir string) {
	if dir == "" {
		s.project, s.prefs.Last = nil, ""
	} else {
		p, err := project.Open(dir)
		if err != nil {
			s.fail(err)
			return
		}
		s.project, s.prefs.Last = &p, dir
	}
	s.keep()
	s.build()
	if s.project == nil || s.project.Data == "" || s.jobs.live() {
		return
	}
	if data := s.locate(s.project.Data); !missing(data) {
		s.jobs.open(data, func() {})
	}
}

// noteData writes down which data the open project works with.
func (s *Studio) noteData(path string) {
	if s.project == nil {
		return
	}
	if rel, err := filepath.Rel(s.project.Dir, path); err == nil && filepath.IsLocal(rel) {
		path = rel // so that a packed project finds it elsewhere
	}
	if s.project.Data == path {
		return
	}
	s.project.Data = path
	s.fail(s.project.Save())
}

// locate finds data that a project brought along from another machine.
func (s *Studio) locate(path string) string {
	if s.project == nil || path == source.Digits {
		return path
	}
	if !filepath.IsAbs(path) {
		return filepath.Join(s.project.Dir, path)
	}
	if !missing(path) {
		return path
	}
	if _, rest, ok := strings.Cut(filepath.ToSlash(path), "/datasets/"); ok {
		if here := filepath.Join(s.project.Datasets(), filepath.FromSlash(rest)); !missing(here) {
			return here
		}
	}
	return path
}

// missing reports whether data are not where they were.
func missing(path string) bool {
	if path == source.Digits {
		return false
	}
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// findData asks where the data of a run are now.
func (s *Studio) findData(run, path string) {
	b := s.book
	shell.Ask(s.window, b, b.T("moved.title"), b.T("moved.text", path), b.T("moved.go"), func() {
		choose := s.pickFolder
		if filepath.Ext(path) != "" {
			choose = func(then func(string)) { s.chooseFile(nil, then) }
		}
		choose(func(now string) { s.openRunWith(run, now) })
	})
}

// newProject asks for a name and makes a project of it.
func (s *Studio) newProject() {
	b := s.book
	shell.Prompt(s.window, b, b.T("project.new"), b.T("project.name"), b.T("project.create"), func(name string) {
		p, err := project.Create(s.projectsFolder(), name, "", time.Now())
		if err != nil {
			s.fail(err)
			return
		}
		s.useProject(p.Dir)
	})
}

// packProject puts the open project into one file.
func (s *Studio) packProject() {
	if s.project == nil {
		return
	}
	p := *s.project
	s.chooseSave(store.SafeName(p.Name)+packedSuffix, func(path string) { s.packTo(p, path) })
}

// packTo packs a project with its checkpoints, so that its runs can go on
// elsewhere.
func (s *Studio) packTo(p project.Project, path string) {
	s.long(s.book.T("project.packing", p.Name), func(ctx context.Context, tell func(done, total int64)) error {
		usage, err := project.Measure(ctx, p.Dir)
		if err != nil {
			return err
		}
		return project.Pack(ctx, p, path, project.PackOptions{Checkpoints: true, Progress: func(done int64) { tell(done, usage.Total()) }})
	}, func() { s.toasts.Show(shell.Good, s.book.T("project.packed", filepath.Base(path)), "", nil) })
}

// chooseUnpack asks for a packed project.
func (s *Studio) chooseUnpack() { s.chooseFile([]string{packedSuffix, ".zip"}, s.unpack) }

// unpack makes a project of a packed one and opens it.
func (s *Studio) unpack(path string) {
	var made project.Project
	folder := s.projectsFolder()
	s.long(s.book.T("project.unpacking", filepath.Base(path)), func(ctx context.Context, _ func(done, total int64)) (err error) {
		made, err = project.Unpack(ctx, path, folder)
		return err
	}, func() {
		s.useProject(made.Dir)
		s.toasts.Show(shell.Good, s.book.T("project.unpacked", filepath.Base(made.Dir)), "", nil)
	})
}

// chooseProjects asks for the folder of projects.
func (s *Studio) chooseProjects(then func(path string)) {
	s.folder = s.projectsFolder()
	s.pickFolder(then)
}

// long does work that takes a while behind a dialog that tells how far it is and
// can cancel it; then follows a good end.
func (s *Studio) long(title string, work func(ctx context.Context, tell func(done, total int64)) error, then func()) {
	b := s.book
	var cancel context.CancelFunc
	wait := shell.ShowWait(s.window, b, title, func() { cancel() })
	last := time.Now()
	cancel = async(s, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, work(ctx, func(done, total int64) {
			if time.Since(last) < 100*time.Millisecond {
				return
			}
			last = time.Now()
			s.post(func() { wait.Set(float64(done)/float64(max(total, 1)), b.Bytes(done)) })
		})
	}, func(_ struct{}, err error) {
		wait.Hide()
		if err != nil {
			s.fail(fmt.Errorf("%s: %w", title, err))
			return
		}
		then()
	})
}
