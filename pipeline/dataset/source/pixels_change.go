package source

import (
	"fmt"
	"strconv"

	"athanor/pipeline/dataset/idx"
	"athanor/pipeline/dataset/operation"
)

// pixelLabels are the labels of pictures after a person's changes.
type pixelLabels struct {
	classes        []string
	train, held    []int32 // class of each picture; of a dropped one 0
	kept, heldKept []int32 // pictures that are not left out
	dropped        int
}

// relabelPixels applies changes to pictures that are named by their number, those
// of the held part behind the others. Without changes classes are the numbers
// from 0 to the largest label.
func relabelPixels(l operation.List, all, held *idx.Samples) pixelLabels {
	out := pixelLabels{}
	changes := l.Labels()
	names := [2][]string{}
	index := map[string]int32{}
	if len(l) == 0 {
		for _, c := range numbered(classesOf(all)) {
			index[c] = 0
		}
	}
	base := 0
	for part, s := range [2]*idx.Samples{all, held} {
		if s == nil {
			continue
		}
		kept := make([]int32, 0, len(s.Labels))
		names[part] = make([]string, len(s.Labels))
		for i, label := range s.Labels {
			name, keep := changes.Apply(strconv.Itoa(base+i), strconv.Itoa(int(label)))
			if !keep {
				out.dropped++
				continue
			}
			names[part][i] = name
			index[name] = 0
			kept = append(kept, int32(i))
		}
		base += len(s.Labels)
		if part == 0 {
			out.kept = kept
		} else {
			out.heldKept = kept
		}
	}
	out.classes = sortedClasses(index)
	for i, c := range out.classes {
		index[c] = int32(i)
	}
	out.train, out.held = coded(names[0], index), coded(names[1], index)
	return out
}

// check refuses pictures nothing can be learnt from.
func (p *pixelLabels) check() error {
	if len(p.kept) == 0 {
		return fmt.Errorf("%w: give a source with at least two samples of two classes", ErrEmpty)
	}
	first := p.train[p.kept[0]]
	for _, i := range p.kept {
		if p.train[i] != first {
			return nil
		}
	}
	return fmt.Errorf("%w: all %d samples have label %s; add samples of another class", ErrOneClass, len(p.kept), p.classes[first])
}

func coded(names []string, index map[string]int32) []int32 {
	out := make([]int32, len(names))
	for i, n := range names {
		out[i] = index[n]
	}
	return out
}
