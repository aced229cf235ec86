package remote

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/serve/oip"
)

// metadata is a model's metadata as services send it.
type metadata struct {
	Name       string
	Versions   []string
	Platform   string
	Inputs     []port
	Outputs    []port
	Properties map[string]string
}

type port struct {
	Name     string
	Datatype string
	Shape    []int64
}

// Open makes a model of the service usable like one of this machine: the latest
// version where version is empty. What the file says of itself comes from the
// metadata's properties, or from the parameters of Triton's model
// configuration, where athanor export writes it; without them only Run works.
func (c *Client) Open(ctx context.Context, name, version string) (*model.Model, error) {
	return c.open(ctx, name, version, false)
}

func (c *Client) open(ctx context.Context, name, version string, owned bool) (*model.Model, error) {
	var m metadata
	if err := c.get(ctx, http.MethodGet, modelPath(name, version), nil, &m); err != nil {
		return nil, fmt.Errorf("open remote model %s: %w", name, err)
	}
	inputs, err := ports(m.Inputs)
	if err != nil {
		return nil, fmt.Errorf("open remote model %s: %w", name, err)
	}
	outputs, err := ports(m.Outputs)
	if err != nil {
		return nil, fmt.Errorf("open remote model %s: %w", name, err)
	}
	info, err := model.NewInfo(inputs, outputs, c.pairs(ctx, name, version, m.Properties))
	if err != nil {
		return nil, fmt.Errorf("open remote model %s: %w", name, err)
	}
	info.Producer = m.Platform
	return model.Attach(info, &runner{client: c, name: name, version: version, inputs: inputs, outputs: outputs, owned: owned})
}

// pairs is the metadata in a steady order.
func (c *Client) pairs(ctx context.Context, name, version string, properties map[string]string) []onnx.Pair {
	if len(properties) == 0 {
		properties = c.parameters(ctx, name, version)
	}
	var list []onnx.Pair
	for _, key := range []string{model.KeyTask, model.KeyLabels, model.KeyTokenizer, model.KeyFit, model.KeyVersion} {
		if v, ok := properties[key]; ok {
			list = append(list, onnx.Pair{Key: key, Value: v})
		}
	}
	return list
}

// parameters asks for Triton's model configuration, which not every service has.
func (c *Client) parameters(ctx context.Context, name, version string) map[string]string {
	var config struct {
		Parameters map[string]struct {
			Value string `json:"string_value"`
		}
	}
	if err := c.get(ctx, http.MethodGet, modelPath(name, version)+"/config", nil, &config); err != nil {
		return nil
	}
	list := map[string]string{}
	for key, v := range config.Parameters {
		list[key] = v.Value
	}
	return list
}

func ports(list []port) ([]model.Port, error) {
	out := make([]model.Port, len(list))
	for i, p := range list {
		kind, err := oip.ParseType(p.Datatype)
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrAnswer, p.Name, err)
		}
		out[i] = model.NewPort(p.Name, kind, p.Shape)
	}
	return out, nil
}

// runner runs a model on the service.
type runner struct {
	client          *Client
	name, version   string
	inputs, outputs []model.Port
	owned           bool // the client goes with the model
}

// Close leaves the client alone where it is the caller's.
func (r *runner) Close() {
	if r.owned {
		r.client.Close()
	}
}

// Run sends the inputs in binary and brings the outputs into order.
func (r *runner) Run(ctx context.Context, in []*runtime.Tensor) ([]*runtime.Tensor, error) {
	req := &oip.Request{BinaryOutput: true}
	for i, t := range in {
		req.Inputs = append(req.Inputs, oip.Tensor{
			Name: r.inputs[i].Name, Type: t.Type(), Shape: t.Shape(), Data: t.Bytes(), Texts: t.Strings(), Binary: true,
		})
	}
	res, err := r.client.Infer(ctx, r.name, r.version, req)
	if err != nil {
		return nil, err
	}
	out := make([]*runtime.Tensor, len(r.outputs))
	for i, p := range r.outputs {
		k := slices.IndexFunc(res.Outputs, func(t oip.Tensor) bool { return t.Name == p.Name })
		if k < 0 {
			err = fmt.Errorf("%w: output %q is missing", ErrAnswer, p.Name)
		} else {
			out[i], err = tensor(&res.Outputs[k])
		}
		if err != nil {
			closeAll(out)
			return nil, err
		}
	}
	return out, nil
}

func tensor(t *oip.Tensor) (*runtime.Tensor, error) {
	if t.Type == onnx.String {
		return runtime.NewStrings(t.Shape, t.Texts)
	}
	out, err := runtime.NewZeros(t.Type, t.Shape)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	copy(out.Bytes(), t.Data)
	return out, nil
}
