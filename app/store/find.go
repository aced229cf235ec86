package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// ErrNoRun says that no run answers to a name.
var ErrNoRun = errors.New("no such run")

// FindRun finds a run by its folder's path, its folder's name, its title, the
// beginning of either when only one run has it, or "last" for the newest.
func FindRun(folders []string, name string) (Info, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return ReadInfo(name)
	}
	var all []Info
	for _, folder := range folders {
		list, err := ListRuns(folder)
		if err != nil {
			return Info{}, err
		}
		all = append(all, list...)
	}
	if name == "last" && len(all) > 0 {
		return newest(all), nil
	}
	return match(all, name)
}

func newest(all []Info) Info {
	best := all[0]
	for _, i := range all[1:] {
		if i.Status.Started.After(best.Status.Started) {
			best = i
		}
	}
	return best
}

// match prefers equal names to beginnings.
func match(all []Info, name string) (Info, error) {
	for _, same := range []func(string) bool{
		func(s string) bool { return s == name },
		func(s string) bool { return strings.HasPrefix(s, name) },
	} {
		var found []Info
		for _, i := range all {
			if same(i.ID()) || same(i.Name) {
				found = append(found, i)
			}
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0], nil
		}
		return Info{}, fmt.Errorf("%w: %q fits %d runs, of which the newest is %s: use its folder's name", ErrNoRun, name, len(found), newest(found).ID())
	}
	return Info{}, fmt.Errorf("%w: %q; see athanor runs list", ErrNoRun, name)
}
