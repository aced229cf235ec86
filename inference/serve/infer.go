package serve

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/serve/oip"
)

// infer answers POST …/infer.
func (s *Server) infer(w http.ResponseWriter, r *http.Request) error {
	v, err := s.use(r.Context(), r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		return err
	}
	defer v.release()
	body, release, err := s.body(w, r)
	if err != nil {
		return err
	}
	defer release()
	began := time.Now()
	out, err := s.inferBody(r, v, body)
	v.stats.request(time.Since(began), err != nil)
	if err != nil {
		return err
	}
	return s.writeInfer(w, out)
}

// use finds a version that the request's key may use.
func (s *Server) use(ctx context.Context, name, id string) (*version, error) {
	if s.draining.Load() {
		return nil, ErrDraining
	}
	if !keyIn(ctx).mayUse(name) {
		return nil, &statusError{status: http.StatusForbidden, text: fmt.Sprintf("this key may not use model '%s'", name)}
	}
	return s.models.acquire(name, id)
}

func (s *Server) inferBody(r *http.Request, v *version, body []byte) (*oip.Response, error) {
	v.batcher.arriving.Add(1)
	req, err := s.decode(r, v, body)
	v.batcher.arriving.Add(-1)
	if err != nil {
		return nil, err
	}
	return s.inferRequest(r.Context(), v, req)
}

func (s *Server) decode(r *http.Request, v *version, body []byte) (*oip.Request, error) {
	header := -1
	if text := r.Header.Get(oip.HeaderLength); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%w: %s %q is no length", oip.ErrRequest, oip.HeaderLength, text)
		}
		header = n
	}
	if header == 0 {
		return rawRequest(v.runner, body)
	}
	return oip.DecodeRequest(body, header, s.limits())
}

// rawRequest is a body without any JSON: the binary elements of the only input,
// whose free dimension, if it has one, follows from their number.
func rawRequest(r Runner, body []byte) (*oip.Request, error) {
	inputs := r.Inputs()
	if len(inputs) != 1 || !inputs[0].Ranked || inputs[0].Type == onnx.String {
		return nil, fmt.Errorf("%w: a raw body needs a model with one numeric input of known rank", oip.ErrRequest)
	}
	p := inputs[0]
	shape, free, known := protocolShape(p), -1, int64(max(p.Type.Size(), 1))
	for i, d := range shape {
		if d >= 0 {
			known *= d
		} else if free >= 0 {
			return nil, fmt.Errorf("%w: a raw body cannot tell the shape of %s", oip.ErrRequest, p.Text)
		} else {
			free = i
		}
	}
	if free >= 0 && known > 0 {
		shape[free] = int64(len(body)) / known
	}
	t := oip.Tensor{Name: p.Name, Type: p.Type, Shape: shape}
	if err := t.SetBinary(body); err != nil {
		return nil, err
	}
	return &oip.Request{Inputs: []oip.Tensor{t}, BinaryOutput: true}, nil
}

// inferRequest runs a decoded request.
func (s *Server) inferRequest(ctx context.Context, v *version, req *oip.Request) (*oip.Response, error) {
	in, err := arrange(req.Inputs, v.runner.Inputs())
	if err == nil {
		err = checkOutputs(req.Outputs, v.runner.Outputs())
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.deadline(req.Params))
	defer cancel()
	result, err := v.infer(ctx, in)
	if err != nil {
		return nil, err
	}
	res := &oip.Response{Model: v.model, Version: v.id, ID: req.ID}
	res.Outputs, err = choose(result.out, req, v.runner.Info().Labels)
	return res, err
}

// deadline is the server's limit, or the shorter "timeout" in microseconds.
func (s *Server) deadline(p oip.Params) time.Duration {
	most := s.config.Limits.Timeout
	if us, ok := p["timeout"].(float64); ok && us > 0 && us < float64(most.Microseconds()) {
		return time.Duration(us) * time.Microsecond
	}
	return most
}

// arrange checks the inputs and brings them into the model's order.
func arrange(given []oip.Tensor, ports []model.Port) ([]oip.Tensor, error) {
	if len(given) != len(ports) {
		return nil, fmt.Errorf("%w: expected %d inputs but got %d inputs", model.ErrInput, len(ports), len(given))
	}
	in := make([]oip.Tensor, len(ports))
	named := map[string]int64{}
	for i, p := range ports {
		k := slices.IndexFunc(given, func(t oip.Tensor) bool { return t.Name == p.Name })
		if k < 0 {
			return nil, fmt.Errorf("%w: input '%s' is missing", model.ErrInput, p.Name)
		}
		t := given[k]
		if err := accept(p, t, named); err != nil {
			return nil, err
		}
		in[i] = t
	}
	return in, nil
}

func accept(p model.Port, t oip.Tensor, named map[string]int64) error {
	if err := p.Accepts(t.Type, t.Shape); err != nil {
		return err
	}
	for i, n := range t.Shape {
		if n == 0 {
			return fmt.Errorf("%w: input %q is empty: shape %v", model.ErrInput, p.Name, t.Shape)
		}
		if i >= len(p.Shape) || p.Shape[i].Param == "" {
			continue
		}
		name := p.Shape[i].Param
		if old, ok := named[name]; ok && old != n {
			return fmt.Errorf("%w: dimension %s is %d in input %q and %d in another", model.ErrInput, name, n, p.Name, old)
		}
		named[name] = n
	}
	return nil
}

func checkOutputs(wanted []oip.Wanted, ports []model.Port) error {
	for _, w := range wanted {
		if !slices.ContainsFunc(ports, func(p model.Port) bool { return p.Name == w.Name }) {
			return fmt.Errorf("%w: unexpected inference output '%s'", model.ErrInput, w.Name)
		}
	}
	return nil
}

// choose returns the outputs asked for, in the form asked for.
func choose(out []oip.Tensor, req *oip.Request, labels []string) ([]oip.Tensor, error) {
	if len(req.Outputs) == 0 {
		for i := range out {
			out[i].Binary = req.BinaryOutput
		}
		return out, nil
	}
	list := make([]oip.Tensor, 0, len(req.Outputs))
	for _, w := range req.Outputs {
		k := slices.IndexFunc(out, func(t oip.Tensor) bool { return t.Name == w.Name })
		t := out[k]
		if w.Classification > 0 {
			var err error
			if t, err = classification(t, w.Classification, labels); err != nil {
				return nil, err
			}
		}
		t.Binary = req.BinaryOutput
		if w.Binary != nil {
			t.Binary = *w.Binary
		}
		list = append(list, t)
	}
	return list, nil
}

// classification is the protocol's extension: the best k classes of each row as
// "score:index:label".
func classification(t oip.Tensor, k int, labels []string) (oip.Tensor, error) {
	if t.Type != onnx.Float || len(t.Shape) == 0 || len(t.Data) == 0 {
		return t, fmt.Errorf("%w: output %q holds no scores to classify", model.ErrInput, t.Name)
	}
	classes := int(t.Shape[len(t.Shape)-1])
	k = min(k, classes)
	out := oip.Tensor{Name: t.Name, Type: onnx.String, Shape: slices.Clone(t.Shape)}
	out.Shape[len(out.Shape)-1] = int64(k)
	for row := range slices.Chunk(floats(t.Data), classes) {
		for _, i := range best(row, k) {
			text := strconv.FormatFloat(float64(row[i]), 'f', 6, 32) + ":" + strconv.Itoa(i)
			if i < len(labels) {
				text += ":" + labels[i]
			}
			out.Texts = append(out.Texts, text)
		}
	}
	return out, nil
}

func floats(data []byte) []float32 {
	out := make([]float32, len(data)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return out
}

// best returns the indices of the k largest values, the largest first.
func best(row []float32, k int) []int {
	order := make([]int, len(row))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(row[b], row[a]) })
	return order[:k]
}

func (s *Server) writeInfer(w http.ResponseWriter, res *oip.Response) error {
	body, header, err := oip.AppendResponse(nil, res)
	if err != nil {
		return &statusError{status: http.StatusInternalServerError, text: err.Error()}
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	if header >= 0 {
		h.Set("Content-Type", "application/octet-stream")
		h.Set(oip.HeaderLength, strconv.Itoa(header))
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client left
	return nil
}
