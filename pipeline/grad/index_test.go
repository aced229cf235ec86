package grad_test

import (
	"testing"

	"athanor/pipeline/graph"
)

func TestIndexGradients(t *testing.T) {
	checkGradients(t, map[string]checkCase{
		"Gather": func(t *trial) *graph.Value {
			rows := t.among(1, 5)
			return t.Op("Gather", nil, t.x(append([]int{rows}, t.shape(t.among(1, 2))...)...), t.index(-rows, rows, t.shape(t.among(1, 3))...))
		},
	})
}
