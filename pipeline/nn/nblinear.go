package nn

import (
	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

// nbLinear is linear in n-grams that count as much as they tell by themselves
// (Wang and Manning 2012, NB-SVM): with r the log-count ratios of a text's
// n-grams and w what is trained, a class's logit is Σ r·w / ‖r‖ + b. Two classes
// share one column, which speaks for the second.
//
// The weights start at 0: at a common value the model would begin with every
// n-gram that the training texts hold by chance.
func nbLinear(c *Context, x []*graph.Value, cfg Config) *graph.Value {
	columns := cfg.Outputs
	if columns == 2 {
		columns = 1
	}
	rows := len(cfg.Weights) / columns
	if rows == 0 || rows*columns != len(cfg.Weights) {
		c.Fail("nb-linear needs weights of the token ids, as a table of labelled texts gives them")
		return c.Scalar(c.Cast(x[0], onnx.Float), 0)
	}
	ratios := c.Initializer("ratios", onnx.FloatTensor("ratios", []int64{int64(rows), int64(columns)}, cfg.Weights))
	table := c.Param(Parameter{Name: "weights.table", Shape: []int{rows, columns}, Decay: true})
	z := c.Bag(x[0], ratios, table, 1e-12)
	if columns == 1 && cfg.Outputs == 2 {
		z = c.Concat(1, c.MulBy(z, -0.5), c.MulBy(z, 0.5))
	}
	bias := c.Param(Parameter{Name: "output.bias", Shape: []int{cfg.Outputs}})
	return c.Add(z, bias)
}
