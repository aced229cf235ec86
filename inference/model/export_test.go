package model

import (
	"context"
	"fmt"

	"athanor/inference/runtime"
)

// gone is an engine whose device is lost.
type gone struct{ engine }

func (gone) Run(context.Context, []*runtime.Tensor, []*runtime.Tensor) error {
	return fmt.Errorf("%w: it is gone", runtime.ErrDevice)
}

// LoseDevice makes the model's session fail as that of a lost device does.
func (m *Model) LoseDevice() {
	m.running.Lock()
	defer m.running.Unlock()
	m.session = gone{m.session}
}
