package transfer

import (
	"fmt"
	"slices"

	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
	"athanor/pipeline/graph"
)

// Pixels says how the model wants pixels: value = (pixel·Scale − Mean)/Deviation
// for each channel, pixels from 0 to 255. The zero value passes them as they are.
type Pixels struct {
	Scale           float64 // 0 is 1
	Mean, Deviation []float64
	// Swap exchanges red and blue, for models that take BGR.
	Swap bool
}

// adapt turns a data set's column into the model's input. Pictures, [N, H, W, C],
// become numbers with channels first, are resized, and take the model's own
// scale; anything else must have the model's shape already.
func (n *Network) adapt(b *graph.Builder, x *graph.Value, p Pixels) (*graph.Value, error) {
	if n.bytes && x.Type == onnx.Uint8 && slices.Equal(x.Shape[1:], n.Shape) {
		return x, nil
	}
	picture, last := len(n.Shape) == 3 && x.Type == onnx.Uint8 && x.Rank() == 4, n.channelsLast()
	x = b.Cast(x, onnx.Float)
	if !picture {
		if !slices.Equal(x.Shape[1:], n.Shape) {
			return nil, fmt.Errorf("%w: the data gives %v for each sample, the model takes %v", ErrInput, x.Shape[1:], n.Shape)
		}
		return x, nil
	}
	want := n.Shape // channels, height, width
	if last {
		want = []int{n.Shape[2], n.Shape[0], n.Shape[1]}
	}
	x, err := matchChannels(b, b.Transpose(x, 0, 3, 1, 2), want[0], p.Swap)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(x.Shape[2:], want[1:]) {
		x = b.Op("Resize", graph.Attrs{"mode": "linear", "axes": []int{2, 3}}, x, nil, nil, b.Ints(want[1], want[2]))
	}
	if n.bytes {
		return n.toBytes(b, x, last), nil
	}
	if p.Scale != 0 {
		x = b.MulBy(x, p.Scale)
	}
	if x, err = normalise(b, x, p); err != nil || !last {
		return x, err
	}
	return b.Transpose(x, 0, 2, 3, 1), nil
}

// toBytes makes pixels of numbers from 0 to 255, for models that scale them
// themselves.
func (n *Network) toBytes(b *graph.Builder, x *graph.Value, last bool) *graph.Value {
	if last {
		x = b.Transpose(x, 0, 2, 3, 1)
	}
	return b.Cast(b.Op("Round", nil, x), onnx.Uint8)
}

// Side is the height of the pictures that the model takes, 0 where it takes none.
func (n *Network) Side() int {
	switch {
	case len(n.Shape) != 3:
		return 0
	case n.channelsLast():
		return n.Shape[0]
	}
	return n.Shape[1]
}

// channelsLast tells whether the model takes pictures as TensorFlow lays them out.
func (n *Network) channelsLast() bool {
	few := func(d int) bool { return d == 1 || d == 3 }
	return len(n.Shape) == 3 && few(n.Shape[2]) && !few(n.Shape[0])
}

// matchChannels makes gray of colours or three grays of one.
func matchChannels(b *graph.Builder, x *graph.Value, want int, swap bool) (*graph.Value, error) {
	have := x.Shape[1]
	switch {
	case have == 1 && want == 3:
		return b.Concat(1, x, x, x), nil
	case have == 3 && want == 1: // luma of BT.601
		parts := b.Split(x, 1, 1, 1, 1)
		return b.Add(b.Add(b.MulBy(parts[0], 0.299), b.MulBy(parts[1], 0.587)), b.MulBy(parts[2], 0.114)), nil
	case have != want:
		return nil, fmt.Errorf("%w: the pictures have %d channels, the model takes %d", ErrInput, have, want)
	case swap && want == 3:
		return b.Op("Gather", graph.Attrs{"axis": 1}, x, b.Ints(2, 1, 0)), nil
	}
	return x, nil
}

func normalise(b *graph.Builder, x *graph.Value, p Pixels) (*graph.Value, error) {
	for _, list := range [][]float64{p.Mean, p.Deviation} {
		if len(list) != 0 && len(list) != x.Shape[1] {
			return nil, fmt.Errorf("%w: mean and deviation need %d numbers, one a channel", ErrInput, x.Shape[1])
		}
	}
	if len(p.Mean) > 0 {
		x = b.Sub(x, b.Const(onnx.Float, []int{x.Shape[1], 1, 1}, p.Mean...))
	}
	if len(p.Deviation) > 0 {
		x = b.Div(x, b.Const(onnx.Float, []int{x.Shape[1], 1, 1}, p.Deviation...))
	}
	return x, nil
}

// column is the only column of a data set.
func column(set *dataset.Set) (dataset.Column, error) {
	columns := set.Train.Columns()
	if len(columns) != 1 {
		return dataset.Column{}, fmt.Errorf("%w: the data has %d columns, the model takes one input", ErrInput, len(columns))
	}
	return columns[0], nil
}
