package store

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// ErrFilter says that a filter cannot be understood.
var ErrFilter = errors.New("cannot understand the filter")

// Filter decides which runs a list shows.
type Filter func(Info) bool

// ParseFilter reads a filter such as
//
//	val_accuracy > 0.98 and optimizer = adam and not tag:old
//
// Conditions compare a key with =, !=, <, <=, >, >= or ~ (contains); keys are
// recipe keys in full or by their last or first part, the metrics of the epochs
// (their best value; last.val_loss for the last), and state, name, tag, star,
// archived, epoch, step, note. A plain word is looked for in name, tags and
// notes. Words and conditions are joined by and, or, not and parentheses; and
// may be left out. An empty filter shows all.
func ParseFilter(text string) (Filter, error) {
	p := &filterParser{tokens: tokens(text)}
	if len(p.tokens) == 0 {
		return func(Info) bool { return true }, nil
	}
	f, err := p.or(0)
	if err == nil && p.at < len(p.tokens) {
		err = fmt.Errorf("%w: unexpected %q", ErrFilter, p.tokens[p.at].text)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

type token struct {
	text   string
	quoted bool
}

// is reports whether a token is one of the words that mean something.
func (t token) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

// tokens splits a filter into words, quoted strings, operators and parentheses.
func tokens(text string) []token {
	var out []token
	r := []rune(text)
	for i := 0; i < len(r); {
		switch {
		case unicode.IsSpace(r[i]):
			i++
		case r[i] == '"' || r[i] == '\'':
			end := i + 1
			for end < len(r) && r[end] != r[i] {
				end++
			}
			out = append(out, token{string(r[i+1 : end]), true})
			i = end + 1
		case strings.ContainsRune("()", r[i]):
			out = append(out, token{text: string(r[i])})
			i++
		default:
			operator := isOperator(r[i])
			end := i
			for end < len(r) && isOperator(r[end]) == operator && !unicode.IsSpace(r[end]) && !strings.ContainsRune("()\"'", r[end]) {
				end++
			}
			out = append(out, token{text: string(r[i:end])})
			i = end
		}
	}
	return out
}

func isOperator(r rune) bool { return strings.ContainsRune("=!<>~:", r) }

// filterParser reads by recursive descent.
type filterParser struct {
	tokens []token
	at     int
}

// maxDepth bounds how deep parentheses may nest.
const maxDepth = 50

func (p *filterParser) peek(word string) bool {
	return p.at < len(p.tokens) && p.tokens[p.at].is(word)
}

func (p *filterParser) or(depth int) (Filter, error) {
	f, err := p.and(depth)
	for err == nil && p.peek("or") {
		p.at++
		left := f
		var right Filter
		right, err = p.and(depth)
		f = func(i Info) bool { return left(i) || right(i) }
	}
	return f, err
}

func (p *filterParser) and(depth int) (Filter, error) {
	f, err := p.term(depth)
	for err == nil && p.at < len(p.tokens) && !p.peek("or") && !p.peek(")") {
		if p.peek("and") {
			p.at++
		}
		left := f
		var right Filter
		right, err = p.term(depth)
		f = func(i Info) bool { return left(i) && right(i) }
	}
	return f, err
}

func (p *filterParser) term(depth int) (Filter, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: nested too deep", ErrFilter)
	}
	if p.at >= len(p.tokens) {
		return nil, fmt.Errorf("%w: it ends too early", ErrFilter)
	}
	switch {
	case p.peek("not"):
		p.at++
		f, err := p.term(depth + 1)
		return func(i Info) bool { return !f(i) }, err
	case p.peek("("):
		p.at++
		f, err := p.or(depth + 1)
		if err == nil && !p.peek(")") {
			err = fmt.Errorf("%w: a parenthesis is not closed", ErrFilter)
		}
		p.at++
		return f, err
	}
	return p.condition()
}

// condition reads key operator value, or a single word.
func (p *filterParser) condition() (Filter, error) {
	word := p.tokens[p.at]
	p.at++
	if !word.quoted && (isOperator([]rune(word.text + " ")[0]) || word.is(")")) {
		return nil, fmt.Errorf("%w: unexpected %q", ErrFilter, word.text)
	}
	if p.at >= len(p.tokens) || p.tokens[p.at].quoted || !isOperator([]rune(p.tokens[p.at].text + " ")[0]) {
		return func(i Info) bool { return i.contains(word.text) }, nil
	}
	op := p.tokens[p.at].text
	p.at++
	compare, ok := comparison(op)
	if !ok || p.at >= len(p.tokens) {
		return nil, fmt.Errorf("%w after %q: write for example val_accuracy > 0.9", ErrFilter, word.text+" "+op)
	}
	value := p.tokens[p.at].text
	p.at++
	return func(i Info) bool {
		for _, have := range i.values(word.text) {
			if compare(have, value) {
				return true
			}
		}
		return op == "!=" && len(i.values(word.text)) == 0
	}, nil
}

// comparison returns what an operator does. Numbers are compared as numbers.
func comparison(op string) (func(have, want string) bool, bool) {
	number := func(f func(a, b float64) bool) func(a, b string) bool {
		return func(a, b string) bool {
			x, errX := strconv.ParseFloat(a, 64)
			y, errY := strconv.ParseFloat(b, 64)
			return errX == nil && errY == nil && f(x, y)
		}
	}
	same := func(a, b string) bool {
		return strings.EqualFold(a, b) || number(func(x, y float64) bool { return x == y })(a, b)
	}
	switch op {
	case "=", "==", ":":
		return same, true
	case "!=":
		return func(a, b string) bool { return !same(a, b) }, true
	case "~":
		return containsFold, true
	case "<":
		return number(func(x, y float64) bool { return x < y }), true
	case "<=":
		return number(func(x, y float64) bool { return x <= y }), true
	case ">":
		return number(func(x, y float64) bool { return x > y }), true
	case ">=":
		return number(func(x, y float64) bool { return x >= y }), true
	}
	return nil, false
}

func (i Info) contains(word string) bool {
	for _, text := range append([]string{i.Name, i.ID(), i.Notes.Note, string(i.Status.State)}, i.Notes.Tags...) {
		if containsFold(text, word) {
			return true
		}
	}
	return false
}

// values returns what a run has under a key, nothing when it lacks it.
func (i Info) values(key string) []string {
	key = strings.ToLower(key)
	switch key {
	case "tag", "tags":
		return i.Notes.Tags
	case "state":
		return []string{string(i.Status.State)}
	case "name":
		return []string{i.Name}
	case "note":
		return []string{i.Notes.Note}
	case "star":
		return []string{strconv.FormatBool(i.Notes.Star)}
	case "archived":
		return []string{strconv.FormatBool(i.Notes.Archived)}
	case "step":
		return []string{strconv.Itoa(i.Status.Step)}
	case "epoch":
		return []string{strconv.Itoa(i.Status.Epoch)}
	}
	if v := i.Metric(key); !math.IsNaN(v) {
		return []string{strconv.FormatFloat(v, 'g', -1, 64)}
	}
	return i.recipeValues(key)
}

// Metric returns the best value of an epoch metric, or the last one of
// "last.NAME"; NaN when there is none.
func (i Info) Metric(name string) float64 {
	values := i.Status.Best
	if rest, ok := strings.CutPrefix(name, "last."); ok {
		name, values = rest, i.Status.Last
	}
	if v, ok := values[strings.TrimPrefix(name, "best.")]; ok {
		return v
	}
	return math.NaN()
}

// recipeValues finds a recipe key in full, or as KEY.name, or by its last part.
func (i Info) recipeValues(key string) []string {
	for _, k := range []string{key, key + ".name"} {
		if v, ok := i.Recipe[k]; ok {
			return []string{v}
		}
	}
	var out []string
	for k, v := range i.Recipe {
		if strings.HasSuffix(k, "."+key) {
			out = append(out, v)
		}
	}
	return out
}
