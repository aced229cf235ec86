package graph

import (
	"fmt"
	"slices"
	"strings"
)

// Equation is an Einsum equation with every dimension of every operand named by
// one letter; an ellipsis is written out in capitals that are not used
// otherwise, so that equal places from the right have equal names.
type Equation struct {
	Operands []string
	Output   string
}

// String is the equation as the operator takes it.
func (e Equation) String() string { return strings.Join(e.Operands, ",") + "->" + e.Output }

// ParseEquation reads a node's Einsum equation for operands of the given ranks
// (NumPy's einsum: without an arrow the output has the letters that occur once,
// in alphabetical order).
func ParseEquation(text string, ranks []int) (Equation, error) {
	text = strings.ReplaceAll(text, " ", "")
	left, right, explicit := strings.Cut(text, "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(ranks) {
		return Equation{}, fmt.Errorf("equation %q has %d operands, the node %d", text, len(terms), len(ranks))
	}
	spare := spareLetters(text)
	e, widest := Equation{}, 0
	for i, term := range terms {
		hidden := ranks[i] - len(strings.ReplaceAll(term, "...", ""))
		if hidden < 0 || hidden > len(spare) || hidden > 0 && !strings.Contains(term, "...") {
			return e, fmt.Errorf("equation %q does not fit an operand of rank %d", text, ranks[i])
		}
		widest = max(widest, hidden)
		e.Operands = append(e.Operands, strings.Replace(term, "...", spare[len(spare)-hidden:], 1))
	}
	ellipsis := spare[len(spare)-widest:]
	if explicit {
		e.Output = strings.Replace(right, "...", ellipsis, 1)
	} else {
		e.Output = ellipsis + onceOnly(strings.ReplaceAll(left, "...", ""))
	}
	return e, e.check(text)
}

func (e Equation) check(text string) error {
	all := strings.Join(e.Operands, "")
	for _, r := range all + e.Output {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return fmt.Errorf("equation %q has the sign %q", text, r)
		}
	}
	for i, r := range e.Output {
		if !strings.ContainsRune(all, r) || strings.ContainsRune(e.Output[:i], r) {
			return fmt.Errorf("equation %q cannot give the dimension %q", text, r)
		}
	}
	return nil
}

func spareLetters(text string) string {
	var spare strings.Builder
	for r := 'A'; r <= 'Z'; r++ {
		if !strings.ContainsRune(text, r) {
			spare.WriteString(string(r))
		}
	}
	return spare.String()
}

func onceOnly(labels string) string {
	var once []rune
	for _, r := range labels {
		if r != ',' && strings.Count(labels, string(r)) == 1 {
			once = append(once, r)
		}
	}
	slices.Sort(once)
	return string(once)
}

// NodeEquation is the equation of an Einsum node.
func NodeEquation(n *Node) (Equation, error) {
	ranks := make([]int, len(n.In))
	for i, v := range n.In {
		ranks[i] = v.Rank()
	}
	return ParseEquation(n.Attrs.String("equation", ""), ranks)
}

func inferEinsum(n *Node) ([]result, error) {
	if err := need(n, max(1, len(n.In))); err != nil {
		return nil, err
	}
	e, err := NodeEquation(n)
	if err != nil {
		return nil, err
	}
	sizes := map[byte]int{}
	for i, labels := range e.Operands {
		for k, d := range n.In[i].Shape {
			known, ok := sizes[labels[k]]
			switch {
			case !ok || known == 1 || known == Unknown && d != 1:
				sizes[labels[k]] = d
			case d != 1 && !agree(d, known):
				return nil, fmt.Errorf("dimension %q is %d and %d", labels[k], known, d)
			}
		}
	}
	shape := make([]int, len(e.Output))
	for i := range shape {
		shape[i] = sizes[e.Output[i]]
	}
	return one(n.In[0].Type, shape), nil
}
