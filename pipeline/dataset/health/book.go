package health

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"athanor/pipeline/dataset/feed"
	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/near"
	"athanor/pipeline/dataset/operation"
)

// maxLabels is how many different labels are told apart.
const maxLabels = 20_000

// book keeps a few bytes of every sample: its label, its part, and where it
// meets samples that are the same.
type book struct {
	n        int
	names    []string // of files; nil where samples are numbered
	index    map[string]int32
	labels   feed.Codes // two more than the label: see label
	last     int32      // the last sample's label
	counts   []int
	sides    []folder.Side
	sided    bool
	runs     int
	keys     *near.Buckets // exact
	texts    *near.Texts
	pictures *near.Pictures
	empties  int // empty samples, which no finder sees
	dropped  int // samples left out by the person; they keep their number
}

func newBook(cache string, names []string) *book {
	return &book{names: names, index: map[string]int32{}, keys: near.NewBuckets(cache, 0)}
}

func (b *book) close() {
	b.keys.Close()
	if b.texts != nil {
		b.texts.Close()
	}
	if b.pictures != nil {
		b.pictures.Close()
	}
}

// sample notes the next sample; an empty label is none.
func (b *book) sample(label []byte, side folder.Side) {
	code := int32(-1)
	if len(label) > 0 {
		code = b.code(label)
	}
	if b.n == 0 || b.last != code {
		b.runs++
	}
	b.last = code
	b.labels.Add(code + 2)
	if side != folder.Whole || b.sided {
		for len(b.sides) < b.n {
			b.sides = append(b.sides, folder.Whole)
		}
		b.sides = append(b.sides, side)
		b.sided = true
	}
	b.n++
}

func (b *book) code(label []byte) int32 {
	code, ok := b.index[string(label)]
	if !ok {
		if len(b.index) >= maxLabels {
			return -2
		}
		code = int32(len(b.index))
		b.index[string(label)] = code
		b.counts = append(b.counts, 0)
	}
	b.counts[code]++
	return code
}

// label is the code of a sample's label: -1 for none, -2 beyond maxLabels.
func (b *book) label(i int) int { return b.labels.At(i) - 2 }

// kept is how many samples are not left out.
func (b *book) kept() int { return b.n - b.dropped }

// name is what a sample is called in reports and operations.
func (b *book) name(i int) string {
	if b.names != nil {
		return b.names[i]
	}
	return strconv.Itoa(i)
}

// classes are the labels by falling number of samples.
func (b *book) classes() []Class {
	out := make([]Class, 0, len(b.index))
	for name, code := range b.index {
		if b.counts[code] > 0 {
			out = append(out, Class{name, b.counts[code]})
		}
	}
	slices.SortFunc(out, func(x, y Class) int {
		return cmp.Or(cmp.Compare(y.Samples, x.Samples), cmp.Compare(x.Name, y.Name))
	})
	return out
}

// report adds everything that samples, labels and parts tell.
func (b *book) report(ctx context.Context, r *Report) error {
	r.Classes = b.classes()
	b.balance(r)
	b.spelling(r)
	b.order(r)
	exact, similar, err := b.same(ctx)
	if err != nil {
		return err
	}
	b.repeated(r, exact, similar)
	b.leaks(r, similar)
	b.conflicts(r, exact)
	return nil
}

func (b *book) same(ctx context.Context) (exact, similar *near.Union, err error) {
	switch {
	case b.texts != nil:
		return b.texts.Find(ctx)
	case b.pictures != nil:
		return b.pictures.Find(ctx)
	}
	exact = &near.Union{}
	err = b.keys.Each(ctx, func(rows []int) error {
		for _, row := range rows[1:] {
			exact.Join(rows[0], row)
		}
		return ctx.Err()
	})
	return exact, exact, err
}

func (b *book) repeated(r *Report, exact, similar *near.Union) {
	more := max(0, b.empties-1)
	f := Finding{Kind: Duplicates, Severity: Warning, Count: exact.Joined() + more, Of: b.kept()}
	if more > 0 {
		f.Detail = fmt.Sprintf(" (%d empty)", more)
	}
	drop := operation.Operation{Kind: operation.Drop, Why: string(Duplicates)}
	exact.Copies(func(sample, _ int) bool {
		drop.Samples = append(drop.Samples, b.name(sample))
		return len(drop.Samples) < fixed
	})
	if f.Samples = drop.Samples; len(drop.Samples) > 0 {
		f.Fix = operation.List{drop}
	}
	r.add(f)
	f = Finding{Kind: NearDuplicates, Severity: Note, Count: similar.Joined() - exact.Joined(), Of: b.kept()}
	similar.Copies(func(sample, first int) bool {
		if exact.Find(sample) != exact.Find(first) {
			f.Samples = append(f.Samples, b.name(sample))
		}
		return len(f.Samples) < shown
	})
	r.add(f)
	b.alike(r, exact, similar)
}

// fewestAlike is from how many samples on a set of near duplicates is said to
// make up a class.
const fewestAlike = 10

// alike finds classes of which more than half are nearly the same.
func (b *book) alike(r *Report, exact, similar *near.Union) {
	if similar.Joined() == exact.Joined() {
		return
	}
	sizes := map[int]int{}
	similar.Copies(func(_, first int) bool {
		sizes[first]++
		return true
	})
	for _, first := range slices.Sorted(maps.Keys(sizes)) {
		label, size := b.label(first), sizes[first]+1
		if size < fewestAlike || label < 0 || 2*size <= b.counts[label] {
			continue
		}
		r.add(Finding{
			Kind: Alike, Severity: Warning, Count: min(size, b.counts[label]), Of: b.counts[label], Column: b.class(label), Samples: []string{b.name(first)},
		})
	}
}

// class is the label of a code.
func (b *book) class(code int) string {
	for name, c := range b.index {
		if int(c) == code {
			return name
		}
	}
	return ""
}

// leaks finds samples whose likes stand in another part.
func (b *book) leaks(r *Report, similar *near.Union) {
	if !b.sided {
		return
	}
	f := Finding{Kind: Leak, Severity: Bad, Detail: "train, validation or test"}
	drop := operation.Operation{Kind: operation.Drop, Why: string(Leak)}
	similar.Copies(func(sample, first int) bool {
		if b.sides[sample] == b.sides[first] {
			return true
		}
		f.Count++
		out := sample
		if b.sides[first] < b.sides[sample] {
			out = first // leave the training sample out, keep the measure whole
		}
		if len(drop.Samples) < fixed {
			drop.Samples = append(drop.Samples, b.name(out))
		}
		return true
	})
	slices.Sort(drop.Samples)
	drop.Samples = slices.Compact(drop.Samples)
	if f.Samples = drop.Samples; f.Count > 0 {
		f.Fix = operation.List{drop}
	}
	r.add(f)
}

func (b *book) conflicts(r *Report, exact *near.Union) {
	f := Finding{Kind: Conflict, Severity: Bad, Of: b.kept()}
	drop := operation.Operation{Kind: operation.Drop, Why: string(Conflict)}
	exact.Copies(func(sample, first int) bool {
		if one, other := b.label(sample), b.label(first); one != other && one >= 0 && other >= 0 {
			f.Count++
			if len(drop.Samples) < fixed {
				drop.Samples = append(drop.Samples, b.name(sample))
			}
		}
		return true
	})
	if f.Samples = drop.Samples; f.Count > 0 {
		f.Fix = operation.List{drop}
	}
	r.add(f)
}

// Limits of balance.
const (
	unbalanced = 4  // times the smallest class
	tiny       = 10 // samples
)

func (b *book) balance(r *Report) {
	all := r.Classes
	if len(all) == 0 {
		return
	}
	least, most := all[len(all)-1], all[0]
	switch {
	case len(all) == 1:
		r.add(Finding{Kind: OneClass, Severity: Bad, Count: most.Samples, Column: most.Name})
		return
	case len(all) > 1000:
		r.add(Finding{Kind: ManyClasses, Severity: Warning, Count: len(all)})
		return
	case most.Samples >= unbalanced*least.Samples:
		r.add(Finding{
			Kind: Imbalance, Severity: Note, Count: most.Samples, Column: most.Name,
			Detail: fmt.Sprintf("%.1f", float64(most.Samples)/float64(least.Samples)),
		})
	}
	for _, c := range all {
		if c.Samples < tiny {
			r.add(Finding{Kind: TinyClass, Severity: Warning, Count: c.Samples, Column: c.Name})
		}
	}
}

// spelling finds labels that differ only in spaces and case; the fix turns all
// into the most frequent.
func (b *book) spelling(r *Report) {
	same := map[string][]Class{}
	for _, c := range r.Classes {
		key := strings.ToLower(strings.Join(strings.Fields(c.Name), " "))
		same[key] = append(same[key], c)
	}
	f := Finding{Kind: Spelling, Severity: Warning}
	var details []string
	for _, c := range r.Classes {
		key := strings.ToLower(strings.Join(strings.Fields(c.Name), " "))
		first := same[key][0]
		if first.Name == c.Name {
			continue
		}
		f.Count += c.Samples
		details = append(details, fmt.Sprintf("%q for %q", c.Name, first.Name))
		f.Fix = append(f.Fix, operation.Operation{Kind: operation.Rename, From: c.Name, To: first.Name, Why: string(Spelling)})
	}
	f.Detail = strings.Join(details[:min(len(details), 10)], ", ")
	r.add(f)
}

// order tells sorted samples by their few runs of one label.
func (b *book) order(r *Report) {
	if len(r.Classes) < 2 || len(r.Classes) > 1000 || b.n < 50 || b.names != nil {
		return
	}
	expected := float64(b.n)
	for _, c := range r.Classes {
		share := float64(c.Samples) / float64(b.n)
		expected -= share * float64(c.Samples)
	}
	if float64(b.runs) < expected/8 {
		r.add(Finding{Kind: Sorted, Severity: Note, Count: b.runs, Of: b.n, Column: "label"})
	}
}
