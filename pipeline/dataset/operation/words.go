package operation

import (
	"fmt"
	"strconv"
	"strings"
)

// Sentence says in English what the operation does.
func (o *Operation) Sentence() string {
	switch o.Kind {
	case Drop:
		return fmt.Sprintf("leave out %s%s", o.which(), o.because())
	case DropColumn:
		return fmt.Sprintf("leave out column %q%s", o.Column, o.because())
	case Relabel:
		if o.From != "" {
			return fmt.Sprintf("label %s of class %q as %q", o.which(), o.From, o.To)
		}
		return fmt.Sprintf("label %s as %q", o.which(), o.To)
	case Rename:
		return fmt.Sprintf("call class %q %q%s", o.From, o.To, o.because())
	case Fill:
		return fmt.Sprintf("fill missing cells of column %q with %q", o.Column, o.To)
	case Convert:
		return fmt.Sprintf("replace %q by %q in column %q", o.From, o.To, o.Column)
	case Cap:
		return fmt.Sprintf("bound column %q to %s … %s", o.Column, bound(o.Low), bound(o.High))
	}
	return string(o.Kind)
}

func bound(v *float64) string {
	if v == nil {
		return "any"
	}
	return strconv.FormatFloat(*v, 'g', 6, 64)
}

func (o *Operation) which() string {
	const named = 3
	list := strings.Join(o.Samples[:min(named, len(o.Samples))], ", ")
	if len(o.Samples) > named {
		list += ", …"
	}
	if len(o.Samples) == 1 {
		return "sample " + list
	}
	return fmt.Sprintf("%d samples (%s)", len(o.Samples), list)
}

func (o *Operation) because() string {
	if o.Why == "" {
		return ""
	}
	return ": " + o.Why
}
