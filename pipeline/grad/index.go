package grad

import (
	"errors"
	"fmt"

	"athanor/pipeline/graph"
)

// ErrNoRule says that an operator is used in a way that has no gradient.
var ErrNoRule = errors.New("no gradient")

func errPadMode(mode string) error {
	return fmt.Errorf("%w for Pad mode %q: only constant padding has one", ErrNoRule, mode)
}

func indexRules() map[string]Rule { return map[string]Rule{"Gather": gatherRule} }

// gatherRule adds the gradients of all uses of a row. ScatterElements adds one
// after another, so that repeated indices sum exactly at any number of threads;
// ScatterND does not (onnxruntime #18048).
func gatherRule(c *Context) ([]*graph.Value, error) {
	table, index := c.X(0), c.X(1)
	if a := c.Node.Attrs.Int("axis", 0); a != 0 {
		return nil, fmt.Errorf("%w for Gather along axis %d: only axis 0 has one", ErrNoRule, a)
	}
	count, width := index.Size(), table.Size()/table.Shape[0]
	updates := c.Reshape(c.DY(0), count, width)
	rows := c.Expand(c.Reshape(index, count, 1), count, width)
	flat := c.Expand(c.Scalar(table, 0), table.Shape[0], width)
	sum := c.Op("ScatterElements", graph.Attrs{"axis": 0, "reduction": "add"}, flat, rows, updates)
	return []*graph.Value{c.Reshape(sum, table.Shape...)}, nil
}
