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
	Reason string `json:"reason"`
}

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
		role, why := guessRole(p)
		if r, ok := w.Roles[p.Name]; ok {
			role, why = r, "as asked"
			if r == Group {
				s.Group = i
			}
		}
		s.Columns = append(s.Columns, Column{p.Name, role, why})
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
			s.Columns[i].Role, s.Columns[i].Reason = role, "as asked"
			return nil
		}
		all = append(all, c.Name)
	}
	return fmt.Errorf("%w: %q; the columns are %q", ErrColumn, name, all)
}

func guessRole(p *Profile) (Role, string) {
	n := p.Present()
	distinct := p.Distinct()
	switch {
	case n == 0:
		return Empty, "no cell has a value"
	case distinct == 1 && p.Missing == 0:
		return Constant, fmt.Sprintf("every row has %q", p.Top(1)[0])
	case p.Numbers*20 >= n*19:
		return numeric(p, n, distinct)
	case p.Dates*20 >= n*19:
		return Date, fmt.Sprintf("%d of %d values are dates", p.Dates, n)
	case p.MeanBytes() > 32 && distinct*2 > n:
		return Text, fmt.Sprintf("%.0f bytes on average, %d different", p.MeanBytes(), distinct)
	case distinct*2 > n && distinct > 50 && p.Missing*10 < p.Rows:
		return Identifier, fmt.Sprintf("%d different values in %d rows", distinct, n)
	}
	return Category, fmt.Sprintf("%d different values in %d rows", distinct, n)
}

func numeric(p *Profile, n, distinct int) (Role, string) {
	if p.Integers == n && !p.Many && distinct == n && n > 50 && p.Max-p.Min == float64(n-1) ||
		p.Integers == n && distinct == p.Rows && n > 20 && idName(p.Name) {
		return Identifier, "it counts the rows"
	}
	return Number, fmt.Sprintf("%d of %d values are numbers", p.Numbers, n)
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
	set := func(i int, why string) {
		s.Label = i
		s.Columns[i].Role, s.Columns[i].Reason = Label, why
	}
	for _, want := range labelNames() {
		for i, p := range profiles {
			if strings.EqualFold(strings.TrimSpace(p.Name), want) && p.Present() > 0 && s.Columns[i].Role != Text {
				set(i, "its name says so")
				return
			}
		}
	}
	for i := range slices.Backward(profiles) {
		if r := s.Columns[i].Role; r == Category || r == Number {
			set(i, "the last column that could be one")
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
