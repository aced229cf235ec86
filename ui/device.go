package ui

import (
	"context"

	"athanor/app/device"
	"athanor/inference/model"
	"athanor/inference/remote"
	"athanor/ui/shell"
)

// modelOptions say where the window's models run: on the device of the settings,
// which is tested before anything is trusted to it. Where the processor takes its
// place, now or later, a message says why.
type modelOptions struct {
	device  string
	threads int
	tell    func(note string) // from any goroutine
}

// modelOptions are those of the settings; 0 threads is one for each processor.
func (s *Studio) modelOptions(threads int) modelOptions {
	return modelOptions{device: s.prefs.Device, threads: threads, tell: func(note string) {
		s.post(func() { s.toasts.Show(shell.Plain, s.book.T("device.left", note), "", nil) })
	}}
}

// open opens a model file, or the model of a service, whose device is its own.
// It takes a second where a graphics processor is tested.
func (o modelOptions) open(ctx context.Context, path string) (*model.Model, error) {
	if remote.IsRef(path) {
		return remote.OpenFile(ctx, path, model.Options{})
	}
	options, err := device.Options(ctx, o.device, o.threads, o.tell)
	if err != nil {
		return nil, err
	}
	return model.Open(path, options)
}
