package quantize

import "athanor/inference/onnx"

// dynamic replaces each product with constant weights by
//
//	x8, sx, zx = DynamicQuantizeLinear(x)
//	y = Cast(MatMulInteger(x8, w8, zx)) · (sx · sw) + bias
//
// which ONNX Runtime fuses into one operator.
func dynamic(g *onnx.Graph, report *Report) {
	rewrite(g, false, report, func(w *writer, l *layer) {
		x := w.once(l.x, func() []string {
			return w.outputs("DynamicQuantizeLinear", []string{l.x + "_uint8", l.x + "_scale", l.x + "_zero"}, []string{l.x})
		})
		q, scales := l.quantized()
		out := l.op.Outputs[0]
		w8 := w.constant(out+"_weights", func(n string) *onnx.Tensor { return onnx.NewTensor(n, l.dims, q) })
		zero := w.constant(out+"_weights_zero", func(n string) *onnx.Tensor { return onnx.NewTensor(n, nil, []int8{0}) })
		sw := w.floats(out+"_weights_scale", []int64{int64(len(scales))}, scales)
		sum := w.node("MatMulInteger", out+"_int32", []string{x[0], w8, x[2], zero})
		sum = w.node("Cast", out+"_sum", []string{sum}, onnx.IntAttr("to", int64(onnx.Float)))
		scale := w.node("Mul", out+"_scale", []string{x[1], sw})
		y := w.node("Mul", out+"_float", []string{sum, scale})
		if l.bias != nil {
			w.node("Add", out+"_biased", []string{y, w.floats(out+"_bias", []int64{int64(len(l.bias))}, l.bias)})
		}
		w.into(out)
	})
}
