package training

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// Choice is what a recipe chooses of a network's weights.
type Choice struct {
	Chosen  map[string]bool // by name
	Numbers int             // that are trained of them; with low-rank additions those of the additions
	Of      int             // weights in front of the head
	// Idle are patterns that no weight matches, and Blocked the operators that keep
	// gradients from chosen weights.
	Idle, Blocked []string
}

// Choose tells which weights a transfer trains. Wrong patterns are an error.
func (p Pupil) Choose(t train.Transfer) (Choice, error) {
	c := Choice{Chosen: map[string]bool{}}
	begin, idle := p.begin(t.From), map[string]bool{}
	for _, pattern := range slices.Concat(t.Train, t.Freeze) {
		idle[pattern] = true
	}
	for _, l := range p.Layers {
		for _, w := range l.Parts {
			c.Of++
			on, err := chosen(t, w.Name, idle)
			if err != nil {
				return c, err
			}
			if on && w.Last >= begin && (t.Rank == 0 || w.Matrix) {
				c.take(l, w, t.Rank)
			}
		}
	}
	for _, pattern := range slices.Concat(t.Train, t.Freeze) {
		if idle[pattern] && !slices.Contains(c.Idle, pattern) {
			c.Idle = append(c.Idle, pattern)
		}
	}
	return c, nil
}

// begin is the place of the node that training begins from.
func (p Pupil) begin(from string) int {
	if i := slices.IndexFunc(p.Layers, func(l transfer.Layer) bool { return l.Node == from }); i >= 0 {
		return p.Layers[i].At
	}
	return 0
}

// chosen tells whether patterns choose a name, and strikes those that match it off
// idle.
func chosen(t train.Transfer, name string, idle map[string]bool) (bool, error) {
	matches := func(patterns []string) (found bool, err error) {
		for _, pattern := range patterns {
			ok, err := path.Match(pattern, name)
			if err != nil {
				return false, fmt.Errorf("%w: pattern %q: %w", train.ErrRecipe, pattern, err)
			}
			if ok {
				idle[pattern], found = false, true
			}
		}
		return found, nil
	}
	taught, err := matches(t.Train)
	if err != nil {
		return false, err
	}
	frozen, err := matches(t.Freeze)
	return (taught || len(t.Train) == 0) && !frozen, err
}

func (c *Choice) take(l transfer.Layer, w transfer.Part, rank int) {
	c.Chosen[w.Name] = true
	if l.Blocked != "" && !slices.Contains(c.Blocked, l.Blocked) {
		c.Blocked = append(c.Blocked, l.Blocked)
	}
	if rank == 0 {
		c.Numbers += w.Numbers
		return
	}
	rows, columns := w.Shape[0], w.Shape[1]
	c.Numbers += min(rank, rows, columns) * (rows + columns)
}

// Trained counts the numbers that a recipe trains with so many classes, the new
// head's included; 0 where its patterns are wrong.
func (p Pupil) Trained(r train.Recipe, classes int) int {
	t := *r.Transfer
	if t.Head {
		total, width := 0, p.Head.Width
		for _, units := range append(slices.Clone(t.Hidden), classes) {
			total, width = total+(width+1)*units, units
		}
		return total
	}
	c, err := p.Choose(t)
	if err != nil {
		return 0
	}
	return c.Numbers + (p.Head.Width+1)*classes
}

// Block is a part of a network that its names tell, such as a residual block, or a
// layer of its own.
type Block struct {
	Name    string
	Node    string // its first layer
	Layers  int
	Numbers int
	Blocked string // the operator that keeps gradients from one of its layers
}

// Blocks groups neighbouring layers by what their names begin with: all layers of
// encoder/layer.3, of layer4.1 or of blocks.7 are one.
func (p Pupil) Blocks() (list []Block) {
	for _, l := range p.Layers {
		name := blockOf(l)
		if n := len(list); n == 0 || list[n-1].Name != name {
			list = append(list, Block{Name: name, Node: l.Node})
		}
		b := &list[len(list)-1]
		b.Layers, b.Numbers, b.Blocked = b.Layers+1, b.Numbers+l.Numbers, max(b.Blocked, l.Blocked)
	}
	return list
}

// blockOf names the block of a layer: its path up to the first part that counts,
// without one the path without its last part. Where nodes have no paths for names,
// those of weights serve.
func blockOf(l transfer.Layer) string {
	name := l.Node
	if !strings.ContainsAny(name, "/.") && len(l.Weights) > 0 && strings.Contains(l.Weights[0], ".") {
		name = l.Weights[0]
	}
	name = strings.TrimPrefix(name, "/")
	end := len(name)
	for at := 0; at < len(name); {
		n := strings.IndexAny(name[at:], "/.")
		if n < 0 {
			break
		}
		if end = at + n; counts(name[at:end]) {
			return name[:end]
		}
		at = end + 1
	}
	return name[:end]
}

// counts tells whether a part of a name numbers blocks, as in 3, layer.3 or block_3.
func counts(part string) bool {
	digits := len(part) - len(strings.TrimRight(part, "0123456789"))
	return digits > 0 && (digits == len(part) || part[len(part)-digits-1] == '_')
}
