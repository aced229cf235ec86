package project

import "errors"

// Errors a person can do something about.
var (
	// ErrHome says that the person's folders cannot be written.
	ErrHome = errors.New("the data folder cannot be written")
	// ErrNotProject says that a folder or file holds no project.
	ErrNotProject = errors.New("not an Athanor project")
	// ErrExists says that a project of that name is there already.
	ErrExists = errors.New("a project of that name exists")
	// ErrRunning says that the studio is open already.
	ErrRunning = errors.New("the studio is open already")
	// ErrUnsafe says that a packed project would write outside of its folder.
	ErrUnsafe = errors.New("the file is not safe to unpack")
	// ErrBusy says that a run of the project is being trained.
	ErrBusy = errors.New("a run of the project is being trained")
)
