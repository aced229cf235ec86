package graph

import "athanor/inference/onnx"

const (
	// BagKernel takes token ids [N, L], ratios and a table [rows, columns]; gives
	// Σ r·w / ‖r‖ over each sample's ids that are not 0, and ‖r‖, both [N, columns].
	// Its constant is added to ‖r‖².
	BagKernel = kernelPrefix + "Bag"
	// BagGradKernel takes ids, ratios, ‖r‖ and the sums' gradient; gives the table's.
	BagGradKernel = kernelPrefix + "BagGrad"
)

// Bag is the sum of a table's rows [rows, columns] over token ids [N, L], weighed
// by ratios of the same shape and divided by their norm, [N, columns]. Row 0 of
// ratios, the padding, must be 0.
func (b *Builder) Bag(ids, ratios, table *Value, epsilon float64) *Value {
	if b.kernels && ids.Size() != Unknown {
		sizes := []int{ids.Shape[0], ids.Shape[1], table.Shape[0], table.Shape[1]}
		return b.OpN(BagKernel, 2, KernelAttrs(sizes, epsilon), ids, ratios, table)[0]
	}
	r := b.Op("Gather", Attrs{"axis": 0}, ratios, ids) // [N, L, columns]
	w := b.Op("Gather", Attrs{"axis": 0}, table, ids)
	norm := b.Sqrt(b.AddTo(b.ReduceSum(b.Mul(r, r), false, 1), epsilon))
	return b.Div(b.ReduceSum(b.Mul(r, w), false, 1), norm)
}

func inferBagKernel(n *Node) ([]result, error) {
	if err := need(n, 3); err != nil {
		return nil, err
	}
	s := n.Attrs.Ints("sizes")
	sums := result{onnx.Float, []int{s[0], s[3]}}
	return []result{sums, sums}, nil
}

func inferBagGradKernel(n *Node) ([]result, error) {
	if err := need(n, 4); err != nil {
		return nil, err
	}
	s := n.Attrs.Ints("sizes")
	return one(onnx.Float, []int{s[2], s[3]}), nil
}
