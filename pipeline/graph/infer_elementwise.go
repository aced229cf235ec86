package graph

import (
	"fmt"

	"athanor/inference/onnx"
)

func elementwiseRules() map[string]inferFunc {
	table := map[string]inferFunc{"Where": inferWhere, "Cast": inferCast, "Sum": inferVariadic, "Max": inferVariadic, "Min": inferVariadic, "Mean": inferVariadic, "Clip": inferUnary, "PRelu": inferPRelu}
	for _, op := range []string{
		"Neg", "Exp", "Log", "Sqrt", "Relu", "LeakyRelu", "Sigmoid", "Tanh", "Erf", "Abs", "Sign",
		"Reciprocal", "Floor", "Ceil", "Round", "Identity", "Elu", "Selu", "Softplus", "Softsign", "HardSigmoid", "HardSwish",
		"Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh", "Not", "Mish", "Celu", "ThresholdedRelu", "Shrink",
	} {
		table[op] = inferUnary
	}
	for _, op := range []string{"Softmax", "LogSoftmax", "Hardmax"} {
		table[op] = inferAlongAxis
	}
	for _, op := range []string{"Add", "Sub", "Mul", "Div", "Pow", "Mod"} {
		table[op] = inferBinary
	}
	for _, op := range []string{"Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Xor"} {
		table[op] = inferCompare
	}
	for _, op := range []string{"IsNaN", "IsInf"} {
		table[op] = inferTest
	}
	return table
}

func inferUnary(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	return one(n.In[0].Type, n.In[0].Shape), nil
}

// inferAlongAxis is for operators that work along one axis, the last by default.
func inferAlongAxis(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	if _, err := axis(n.Attrs.Int("axis", -1), n.In[0].Rank()); err != nil {
		return nil, err
	}
	return inferUnary(n)
}

// inferPRelu: the slope broadcasts to the input, not the other way.
func inferPRelu(n *Node) ([]result, error) {
	r, err := inferBinary(n)
	if err == nil && !sameShape(r[0].shape, n.In[0].Shape) {
		err = fmt.Errorf("the slope %v does not broadcast to %v", n.In[1].Shape, n.In[0].Shape)
	}
	return r, err
}

func inferBinary(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	x, y := n.In[0], n.In[1]
	if x.Type != y.Type && n.Op != "Pow" {
		return nil, fmt.Errorf("types %v and %v differ", x.Type, y.Type)
	}
	shape, err := Broadcast(x.Shape, y.Shape)
	return one(x.Type, shape), err
}

func inferCompare(n *Node) ([]result, error) {
	r, err := inferBinary(n)
	if err != nil {
		return nil, err
	}
	return one(onnx.Bool, r[0].shape), nil
}

func inferTest(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	return one(onnx.Bool, n.In[0].Shape), nil
}

func inferVariadic(n *Node) ([]result, error) {
	if err := need(n, max(len(n.In), 1)); err != nil {
		return nil, err
	}
	shape := n.In[0].Shape
	for _, v := range n.In[1:] {
		if v.Type != n.In[0].Type {
			return nil, fmt.Errorf("types %v and %v differ", n.In[0].Type, v.Type)
		}
		var err error
		if shape, err = Broadcast(shape, v.Shape); err != nil {
			return nil, err
		}
	}
	return one(n.In[0].Type, shape), nil
}

func inferWhere(n *Node) ([]result, error) {
	if err := need(n, 3); err != nil {
		return nil, err
	}
	if n.In[0].Type != onnx.Bool || n.In[1].Type != n.In[2].Type {
		return nil, fmt.Errorf("needs a condition and two values of one type")
	}
	shape, err := Broadcast(n.In[1].Shape, n.In[2].Shape)
	if err != nil {
		return nil, err
	}
	shape, err = Broadcast(n.In[0].Shape, shape)
	return one(n.In[1].Type, shape), err
}

func inferCast(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	to := onnx.DataType(n.Attrs.Int("to", 0))
	if !to.Valid() {
		return nil, fmt.Errorf("there is no type %d to cast to", to)
	}
	return one(to, n.In[0].Shape), nil
}
