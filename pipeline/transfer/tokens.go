package transfer

import (
	"fmt"
	"slices"
	"sort"

	"athanor/inference/onnx"
	"athanor/inference/text"
	"athanor/pipeline/dataset"
	"athanor/pipeline/graph"
)

// Tokens are the inputs of a network of the BERT family: token ids, most often an
// attention mask and the sentences' numbers, each [N, L] of whole numbers. From a
// data set's ids alone it is told the rest, so that what is trained takes ids only.
type Tokens struct {
	// Length is how many tokens the file fixes, 0 where it takes any.
	Length int
	// Words is how many token ids the network knows, 0 where that was not found.
	Words int

	ports []tokenPort
	pad   int64 // the padding's id
}

type tokenPort struct {
	name string
	role text.Role
	elem onnx.DataType
}

// mostPorts is how many inputs such a network has at most.
const mostPorts = 3

// trialLength is of how many tokens the texts are that a network is opened with.
const trialLength = 8

// findTokens tells a network that reads tokens by its inputs; nil is any other.
func findTokens(m *onnx.Model) *Tokens {
	if m == nil || m.Graph == nil {
		return nil
	}
	t := &Tokens{}
	for _, in := range m.Graph.Feeds() {
		if in.Type == nil || in.Type.Tensor == nil || len(in.Type.Tensor.Shape) != 2 {
			return nil
		}
		tensor := in.Type.Tensor
		if tensor.Elem != onnx.Int64 && tensor.Elem != onnx.Int32 {
			return nil
		}
		if d := tensor.Shape[1]; d.Known && d.Value > 0 {
			t.Length = int(d.Value)
		}
		t.ports = append(t.ports, tokenPort{in.Name, text.RoleOf(in.Name), tensor.Elem})
	}
	if len(t.ports) == 0 || len(t.ports) > mostPorts {
		return nil
	}
	t.Words = t.rows(m.Graph)
	return t
}

// rows is how long the table is that token ids are looked up in, 0 where none is.
func (t *Tokens) rows(g *onnx.Graph) int {
	ids := map[string]bool{}
	for _, p := range t.ports {
		ids[p.name] = p.role == text.RoleIDs
	}
	for _, n := range g.Nodes {
		switch {
		case n.OpType == "Cast" && ids[n.Inputs[0]]:
			ids[n.Outputs[0]] = true
		case n.OpType == "Gather" && len(n.Inputs) == 2 && ids[n.Inputs[1]]:
			if table := g.Initializer(n.Inputs[0]); table != nil && len(table.Dims) == 2 {
				return int(table.Dims[0])
			}
		}
	}
	return 0
}

// trial says how a network is imported that is only looked at. What it reads are
// inputs of b where the file leaves their length open.
func (n *Network) trial(b *graph.Builder, batch int) graph.ImportConfig {
	c := graph.ImportConfig{Batch: batch}
	if n.Tokens == nil {
		return c
	}
	length := n.Tokens.Length
	if length == 0 {
		length = trialLength
	}
	c.Inputs = map[string]*graph.Value{}
	for _, p := range n.Tokens.ports {
		c.Inputs[p.name] = b.Input("trial/"+p.name, p.elem, batch, length)
	}
	return c
}

// LongestText is how many tokens of a text the network reads, most of them at most: a
// network has only so many positions. It is 0 where it reads no texts, and the length
// that the file fixes where it does.
func (n *Network) LongestText(most int) int {
	if n.Tokens == nil || n.Tokens.Length > 0 {
		return n.length()
	}
	reads := func(length int) bool {
		one := *n
		one.Tokens = &Tokens{Length: length, ports: n.Tokens.ports}
		b := graph.New("length")
		_, err := b.Import(n.model, one.trial(b, 1))
		return err == nil
	}
	if reads(most) {
		return most
	}
	return trialLength + sort.Search(max(most-trialLength, 0), func(i int) bool { return !reads(trialLength + i + 1) })
}

func (n *Network) length() int {
	if n.Tokens == nil {
		return 0
	}
	return n.Tokens.Length
}

// encoder is the head of a network that ends with a vector a token: the mean of
// those of a text is what a new head reads.
func (n *Network) encoder(y *graph.Value) (Head, error) {
	width := y.Shape[2]
	if y.Type != onnx.Float || width == graph.Unknown || len(n.model.Graph.Outputs) == 0 {
		return Head{}, fmt.Errorf("%w: the output is %v %v, not a vector of numbers for each token", ErrNoHead, y.Type, y.Shape)
	}
	return Head{Node: "mean", Feature: n.model.Graph.Outputs[0].Name, Width: width}, nil
}

// fitted is the network on a data set: one that reads tokens takes the padding of
// the set's own.
func (n *Network) fitted(set *dataset.Set) (*Network, error) {
	if n.Tokens == nil {
		return n, nil
	}
	at := slices.IndexFunc(set.Metadata, func(p onnx.Pair) bool { return p.Key == text.MetadataKey })
	if set.Task != dataset.Text || at < 0 {
		return nil, fmt.Errorf("%w: the network reads texts, the data is of the task %s", ErrInput, set.Task)
	}
	tokens, err := text.Parse([]byte(set.Metadata[at].Value))
	if err != nil {
		return nil, err
	}
	d := tokens.Definition()
	switch {
	case d.Kind != text.KindWordPiece:
		return nil, fmt.Errorf("%w: the network reads WordPiece tokens; name the vocab.txt or tokenizer.json that came with it (--vocab)", ErrInput)
	case n.Tokens.Words > 0 && len(d.Tokens) > n.Tokens.Words:
		return nil, fmt.Errorf("%w: the vocabulary has %d tokens, the network knows %d; choose the one that came with it", ErrInput, len(d.Tokens), n.Tokens.Words)
	}
	out, own := *n, *n.Tokens
	own.pad = d.Pad()
	out.Tokens = &own
	return &out, nil
}

// inputs makes all inputs of ids [N, L].
func (t *Tokens) inputs(b *graph.Builder, x *graph.Value) (map[string]*graph.Value, error) {
	if x.Type != onnx.Int64 || x.Rank() != 2 {
		return nil, fmt.Errorf("%w: the network reads token ids, the data gives %v %v", ErrInput, x.Type, x.Shape)
	}
	if t.Length > 0 && x.Shape[1] != t.Length {
		return nil, fmt.Errorf("%w: the network reads exactly %d tokens, texts are cut to %d; set the length to %d", ErrInput, t.Length, x.Shape[1], t.Length)
	}
	in := map[string]*graph.Value{}
	for _, p := range t.ports {
		v := x
		switch p.role {
		case text.RoleIDs:
		case text.RoleMask:
			v = t.present(b, x)
		case text.RoleTypes:
			v = b.Sub(x, x)
		}
		in[p.name] = b.Cast(v, p.elem)
	}
	return in, nil
}

// present is true for ids that are no padding.
func (t *Tokens) present(b *graph.Builder, x *graph.Value) *graph.Value {
	return b.Op("Not", nil, b.Equal(x, b.Const(onnx.Int64, nil, float64(t.pad))))
}

// mean is the mean of vectors [N, L, D] over the tokens that are no padding.
func (t *Tokens) mean(b *graph.Builder, x, y *graph.Value) *graph.Value {
	shown := b.Unsqueeze(b.Cast(t.present(b, x), onnx.Float), 2)
	count := b.Op("Max", nil, b.ReduceSum(shown, false, 1), b.Scalar(y, 1))
	return b.Div(b.ReduceSum(b.Mul(y, shown), false, 1), count)
}
