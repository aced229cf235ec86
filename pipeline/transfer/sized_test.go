package transfer_test

import (
	"errors"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// TestPicturesOfAnySizeTakeTheDatas: a file that leaves height and width open is
// taught at the size of the data, and refused with advice where nobody says one.
func TestPicturesOfAnySizeTakeTheDatas(t *testing.T) {
	m := builtFile(t, normalised)
	shape := m.Graph.Inputs[0].Type.Tensor.Shape
	shape[2], shape[3] = onnx.Named("height"), onnx.Named("width")
	if _, err := transfer.Open(m); !errors.Is(err, transfer.ErrInput) || !strings.Contains(err.Error(), "--size") {
		t.Errorf("without a size: %v", err)
	}
	n, err := transfer.OpenAt(m, 28)
	if err != nil {
		t.Fatal(err)
	}
	if n.Side() != 28 || n.Head.Width != 8 || shape[2].Known {
		t.Errorf("side %d, head %+v, the file now says %v", n.Side(), n.Head, shape)
	}
	how := train.Transfer{Scale: 1.0 / 255, Rate: 1}
	if _, taught := (lesson{network: n, set: parity(t, 200), how: how, epochs: 1}).run(t); weightOf(t, taught, "base/kernel") == nil {
		t.Error("its layers were not trained")
	}
	if other, err := transfer.OpenAt(m, 40); err != nil || other.Side() != 40 {
		t.Errorf("at another size: %v", err)
	}
}
