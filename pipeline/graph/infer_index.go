package graph

import (
	"fmt"
	"slices"

	"athanor/inference/onnx"
)

func indexRules() map[string]inferFunc {
	return map[string]inferFunc{
		"Gather": inferGather, "GatherElements": inferGatherElements, "GatherND": inferGatherND,
		"ScatterElements": inferScatterElements, "ScatterND": inferScatterND, "OneHot": inferOneHot,
		"TopK": inferTopK, "CumSum": inferCumSum, "ReverseSequence": inferReverseSequence,
		"Shape": inferShape, "Size": inferSize,
	}
}

// indexed checks that the second input holds indices.
func indexed(n *Node, inputs int) error {
	if err := need(n, inputs); err != nil {
		return err
	}
	if k := n.In[1].Type; k != onnx.Int64 && k != onnx.Int32 {
		return fmt.Errorf("indices must be integers, not %v", k)
	}
	return nil
}

func inferGather(n *Node) ([]result, error) {
	if err := indexed(n, 2); err != nil {
		return nil, err
	}
	at, err := axis(n.Attrs.Int("axis", 0), n.In[0].Rank())
	if err != nil {
		return nil, err
	}
	shape := slices.Concat(n.In[0].Shape[:at], n.In[1].Shape, n.In[0].Shape[at+1:])
	return one(n.In[0].Type, shape), nil
}

// elementIndex checks the index of GatherElements and ScatterElements.
func elementIndex(n *Node) error {
	x, index := n.In[0], n.In[1]
	at, err := axis(n.Attrs.Int("axis", 0), x.Rank())
	if err != nil {
		return err
	}
	if x.Rank() != index.Rank() {
		return fmt.Errorf("indices %v and values %v need one rank", index.Shape, x.Shape)
	}
	for i, d := range index.Shape {
		if i != at && d != Unknown && x.Shape[i] != Unknown && d > x.Shape[i] {
			return fmt.Errorf("indices %v reach beyond %v", index.Shape, x.Shape)
		}
	}
	return nil
}

func inferGatherElements(n *Node) ([]result, error) {
	if err := indexed(n, 2); err != nil {
		return nil, err
	}
	return one(n.In[0].Type, n.In[1].Shape), elementIndex(n)
}

func inferScatterElements(n *Node) ([]result, error) {
	if err := indexed(n, 3); err != nil {
		return nil, err
	}
	if !sameShape(n.In[1].Shape, n.In[2].Shape) {
		return nil, fmt.Errorf("indices %v and updates %v differ", n.In[1].Shape, n.In[2].Shape)
	}
	return one(n.In[0].Type, n.In[0].Shape), elementIndex(n)
}

// ndIndex checks the indices of GatherND and ScatterND and tells how many
// dimensions of x an index tuple names, after batch leading ones that both share.
func ndIndex(n *Node, batch int) (width int, err error) {
	x, index := n.In[0], n.In[1]
	if index.Rank() < 1 || batch < 0 || batch >= index.Rank() || batch > x.Rank() {
		return 0, fmt.Errorf("indices %v do not fit %v", index.Shape, x.Shape)
	}
	width = index.Shape[index.Rank()-1]
	if width < 1 || batch+width > x.Rank() || !everyPair(index.Shape[:batch], x.Shape, agree) {
		return 0, fmt.Errorf("indices %v do not fit %v", index.Shape, x.Shape)
	}
	return width, nil
}

func inferGatherND(n *Node) ([]result, error) {
	if err := indexed(n, 2); err != nil {
		return nil, err
	}
	batch := n.Attrs.Int("batch_dims", 0)
	width, err := ndIndex(n, batch)
	if err != nil {
		return nil, err
	}
	index := n.In[1].Shape
	return one(n.In[0].Type, slices.Concat(index[:len(index)-1], n.In[0].Shape[batch+width:])), nil
}

func inferScatterND(n *Node) ([]result, error) {
	if err := indexed(n, 3); err != nil {
		return nil, err
	}
	width, err := ndIndex(n, 0)
	if err != nil {
		return nil, err
	}
	index := n.In[1].Shape
	if want := slices.Concat(index[:len(index)-1], n.In[0].Shape[width:]); !sameShape(want, n.In[2].Shape) {
		return nil, fmt.Errorf("updates %v should be %v", n.In[2].Shape, want)
	}
	return one(n.In[0].Type, n.In[0].Shape), nil
}

func inferTopK(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	k, ok := ConstInts(n.In[1])
	at, err := axis(n.Attrs.Int("axis", -1), n.In[0].Rank())
	if err != nil {
		return nil, err
	}
	if d := n.In[0].Shape[at]; !ok || len(k) != 1 || k[0] < 0 || d != Unknown && k[0] > d {
		return nil, fmt.Errorf("k must be a constant from 0 to %d", d)
	}
	shape := slices.Clone(n.In[0].Shape)
	shape[at] = k[0]
	return []result{{n.In[0].Type, shape}, {onnx.Int64, shape}}, nil
}

func inferCumSum(n *Node) ([]result, error) {
	if err := indexed(n, 2); err != nil {
		return nil, err
	}
	if list, ok := ConstInts(n.In[1]); ok {
		if len(list) != 1 {
			return nil, fmt.Errorf("needs one axis, has %v", list)
		}
		if _, err := axis(list[0], n.In[0].Rank()); err != nil {
			return nil, err
		}
	}
	return inferUnary(n)
}

func inferReverseSequence(n *Node) ([]result, error) {
	if err := indexed(n, 2); err != nil {
		return nil, err
	}
	batch, time := n.Attrs.Int("batch_axis", 1), n.Attrs.Int("time_axis", 0)
	if batch+time != 1 || batch < 0 || time < 0 || n.In[0].Rank() < 2 || n.In[1].Rank() != 1 || !agree(n.In[1].Shape[0], n.In[0].Shape[batch]) {
		return nil, fmt.Errorf("lengths %v do not fit %v", n.In[1].Shape, n.In[0].Shape)
	}
	return inferUnary(n)
}

func inferShape(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	rank := n.In[0].Rank()
	from, to := bounded(n.Attrs.Int("start", 0), rank), bounded(n.Attrs.Int("end", rank), rank)
	return one(onnx.Int64, []int{max(0, to-from)}), nil
}

func inferSize(n *Node) ([]result, error) { return one(onnx.Int64, []int{}), need(n, 1) }

func inferOneHot(n *Node) ([]result, error) {
	if err := need(n, 3); err != nil {
		return nil, err
	}
	depth, ok := ConstInts(n.In[1])
	if !ok || len(depth) != 1 {
		return nil, fmt.Errorf("needs a constant depth")
	}
	at, err := axis(n.Attrs.Int("axis", -1), n.In[0].Rank()+1)
	if err != nil {
		return nil, err
	}
	return one(n.In[2].Type, slices.Insert(slices.Clone(n.In[0].Shape), at, depth[0])), nil
}
