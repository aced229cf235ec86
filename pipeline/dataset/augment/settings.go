package augment

// Setting is one change of a Picture by its name in a recipe. A switch has no
// strength: Most is 0 and Value 1 where it is on.
type Setting struct {
	Name               string
	Value, Usual, Most float64
}

// Settings lists all changes with their strengths, in the order of Names.
func (p *Picture) Settings() []Setting {
	on := map[bool]float64{true: 1}
	out := []Setting{{Name: "flip", Value: on[p.Flip], Usual: 1}, {Name: "flip-up-down", Value: on[p.FlipUpDown], Usual: 1}}
	for _, s := range p.names() {
		out = append(out, Setting{Name: s.name, Value: *s.value, Usual: s.fallback, Most: s.most})
	}
	return out
}

// With returns the picture changed by one setting; names that are not known
// change nothing.
func (p Picture) With(name string, value float64) Picture {
	switch name {
	case "flip":
		p.Flip = value > 0
	case "flip-up-down":
		p.FlipUpDown = value > 0
	}
	for _, s := range p.names() {
		if s.name == name {
			*s.value = min(max(value, 0), s.most)
		}
	}
	return p
}
