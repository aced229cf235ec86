package table

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what a column is used for.
type Role string

// Roles.
const (
	Number     Role = "number"
	Category   Role = "category"
	Text       Role = "text"
	Date       Role = "date"
	Identifier Role = "identifier" // different in every row: nothing to learn from
	Constant   Role = "constant"
	Empty      Role = "empty"
	Label      Role = "label"
	Group      Role = "group"
)

// Choosable are the roles that a person may give to a column; Empty leaves it out.
func Choosable() []Role {
	return []Role{Number, Category, Text, Date, Identifier, Group, Empty}
}

// Column is one column's role and why it was given.
type Column struct {
	Name   string `json:"name"`
	Role   Role   `json:"role"`
	Reason string `json:"reason"` // Why in English
	Why    Why    `json:"-"`
}

// Why is the reason of a role: its name and what belongs to it, for saying it in
// any language.
type Why struct {
	Name string
	Args []any
}

func why(name string, args ...any) Why { return Why{name, args} }

// String is the reason in English.
func (w Why) String() string {
	return fmt.Sprintf(map[string]string{
		"asked": "as asked", "empty": "no cell has a value", "constant": "every row has %q", "dates": "%d of %d values are dates",
		"long": "%.0f bytes on average, %d different", "different": "%d different values in %d rows", "counts": "it counts the rows",
		"numbers": "%d of %d values are numbers", "name": "its name says so", "last": "the last column that could be one",
	}[w.Name], w.Args...)
}

// give gives a column a role.
func (c *Column) give(role Role, w Why) { c.Role, c.Why, c.Reason = role, w, w.String() }

// Schema is what a table's columns are used for.
type Schema struct {
	Columns []Column `json:"columns"`
	// Label, Text, Group and Time are indices into Columns, -1 for none.
	Label int `json:"label"`
	Text  int `json:"text"`
	Group int `json:"group"`
	Time  int `json:"time"`
	// Regression says that the label is a quantity, not a class.
	Regression bool `json:"regression"`
}

// Wish overrides guesses of a schema; empty fields are guessed.
type Wish struct {
	// Label may end in ":number" or ":class" to say how it is meant.
	Label, Text, Group, Time string
	// Roles overrides single columns.
	Roles map[string]Role
	// NeedText guesses a text column even where texts are short.
	NeedText bool
}

// regressionFrom is how many different whole numbers make a label a quantity.
const regressionFrom = 20

// Guess decides the roles of columns from their profiles.
func Guess(profiles []*Profile, w Wish) (Schema, error) {
	s := Schema{Label: -1, Text: -1, Group: -1, Time: -1}
	for i, p := range profiles {
		role, because := guessRole(p)
		if r, ok := w.Roles[p.Name]; ok {
			role, because = r, why("asked")
			if r == Group {
				s.Group = i
			}
		}
		s.Columns = append(s.Columns, Column{Name: p.Name})
		s.Columns[i].give(role, because)
	}
	if err := s.apply(profiles, w); err != nil {
		return s, err
	}
	return s, nil
}

func (s *Schema) apply(profiles []*Profile, w Wish) error {
	name, kind := splitLabel(profiles, w.Label)
	var err error
	if name != "" {
		err = s.choose(&s.Label, name, Label)
	} else {
		s.guessLabel(profiles)
	}
	if err == nil && w.Group != "" {
		err = s.choose(&s.Group, w.Group, Group)
	}
	if err == nil && w.Time != "" {
		err = s.choose(&s.Time, w.Time, Date)
	}
	if err == nil && w.Text != "" {
		err = s.choose(&s.Text, w.Text, Text)
	}
	if err != nil {
		return err
	}
	if w.Text == "" {
		s.guessText(profiles, w.NeedText)
	}
	s.decideRegression(profiles, kind)
	return nil
}

// splitLabel takes ":number" or ":class" off a label's name, unless a column is
// really called so.
func splitLabel(profiles []*Profile, label string) (name, kind string) {
	if slices.ContainsFunc(profiles, func(p *Profile) bool { return p.Name == label }) {
		return label, ""
	}
	for _, k := range []string{"number", "class"} {
		if n, ok := strings.CutSuffix(label, ":"+k); ok {
			return n, k
		}
	}
	return label, ""
}

func (s *Schema) choose(at *int, name string, role Role) error {
	var all []string
	for i, c := range s.Columns {
		if c.Name == name {
			*at = i
			s.Columns[i].give(role, why("asked"))
			return nil
		}
		all = append(all, c.Name)
	}
	return fmt.Errorf("%w: %q; the columns are %q", ErrColumn, name, all)
}

func guessRole(p *Profile) (Role, Why) {
	n := p.Present()
	distinct := p.Distinct()
	switch {
	case n == 0:
		return Empty, why("empty")
	case distinct == 1 && p.Missing == 0:
		return Constant, why("constant", p.Top(1)[0])
	case p.Numbers*20 >= n*19:
		return numeric(p, n, distinct)
	case p.Dates*20 >= n*19:
		return Date, why("dates", p.Dates, n)
	case p.MeanBytes() > 32 && distinct*2 > n:
		return Text, why("long", p.MeanBytes(), distinct)
	case distinct*2 > n && distinct > 50 && p.Missing*10 < p.Rows:
		return Identifier, why("different", distinct, n)
	}
	return Category, why("different", distinct, n)
}

func numeric(p *Profile, n, distinct int) (Role, Why) {
	if p.Integers == n && !p.Many && distinct == n && n > 50 && p.Max-p.Min == float64(n-1) ||
		p.Integers == n && distinct == p.Rows && n > 20 && idName(p.Name) {
		return Identifier, why("counts")
	}
	return Number, why("numbers", p.Numbers, n)
}

func idName(name string) bool {
	l := strings.ToLower(name)
	return l == "id" || strings.HasSuffix(l, "_id") || strings.HasSuffix(name, "Id") || strings.HasSuffix(name, "ID") ||
		l == "index" || l == "编号" || l == "序号"
}

// labelNames are usual names of what is to be predicted, best first.
func labelNames() []string {
	return []string{
		"label", "labels", "class", "target", "y", "sentiment", "polarity", "标签", "类别", "分类", "情感",
		"feedback", "survived", "outcome", "species", "category", "quality", "price", "median_house_value", "rating", "score",
	}
}

// guessLabel takes a column with a usual name, else the last that could be one.
func (s *Schema) guessLabel(profiles []*Profile) {
	set := func(i int, w Why) {
		s.Label = i
		s.Columns[i].give(Label, w)
	}
	for _, want := range labelNames() {
		for i, p := range profiles {
			if strings.EqualFold(strings.TrimSpace(p.Name), want) && p.Present() > 0 && s.Columns[i].Role != Text {
				set(i, why("name"))
				return
			}
		}
	}
	for i := range slices.Backward(profiles) {
		if r := s.Columns[i].Role; r == Category || r == Number {
			set(i, why("last"))
			return
		}
	}
}

// guessText takes the column with the longest texts.
func (s *Schema) guessText(profiles []*Profile, need bool) {
	best := 0.0
	for i, p := range profiles {
		role := s.Columns[i].Role
		if role != Text && !(need && (role == Identifier || role == Category)) {
			continue
		}
		if p.MeanBytes() > best {
			best, s.Text = p.MeanBytes(), i
		}
	}
}

func (s *Schema) decideRegression(profiles []*Profile, kind string) {
	if s.Label < 0 {
		return
	}
	p := profiles[s.Label]
	switch {
	case kind == "number":
		s.Regression = true
	case kind == "class":
	default:
		whole := p.Integers == p.Numbers
		s.Regression = p.Numbers == p.Present() && p.Numbers > 0 && (!whole && p.Distinct() > 10 || p.Distinct() > regressionFrom)
	}
}
