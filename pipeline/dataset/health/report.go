// Package health looks a data set over before anybody trains on it, and tells
// what is wrong, how bad it is, which samples it concerns and what would mend
// it. It reads only; the mending is a list of operations.
package health

import (
	"cmp"
	"slices"

	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/table"
)

// Severity is how bad a finding is.
type Severity string

// Severities.
const (
	Bad     Severity = "bad"     // training would fail or deceive
	Warning Severity = "warning" // training would suffer
	Note    Severity = "note"    // good to know
)

// Kind is what was found.
type Kind string

// Kinds of findings.
const (
	Unreadable     Kind = "unreadable"
	EmptyFile      Kind = "empty-file"
	WrongType      Kind = "wrong-type"
	Changed        Kind = "changed"
	PassedOver     Kind = "passed-over"
	EmptyText      Kind = "empty-text"
	Missing        Kind = "missing"
	MissingLabel   Kind = "missing-label"
	Duplicates     Kind = "duplicates"
	NearDuplicates Kind = "near-duplicates"
	Alike          Kind = "alike"
	Leak           Kind = "leak"
	Conflict       Kind = "label-conflict"
	Imbalance      Kind = "imbalance"
	TinyClass      Kind = "tiny-class"
	OneClass       Kind = "one-class"
	ManyClasses    Kind = "many-classes"
	Constant       Kind = "constant-column"
	Identifying    Kind = "identifying-column"
	Outliers       Kind = "outliers"
	MixedTypes     Kind = "mixed-types"
	MixedSizes     Kind = "mixed-sizes"
	MixedModes     Kind = "mixed-modes"
	Orientation    Kind = "exif-orientation"
	Spelling       Kind = "label-spelling"
	Spaces         Kind = "stray-spaces"
	Sorted         Kind = "sorted"
	BadRows        Kind = "bad-rows"
	Damaged        Kind = "damaged-text"
)

// shown is how many samples a finding names; fixed is how many a fix may hold.
const (
	shown = 100
	fixed = 100_000
)

// Finding is one thing that was found.
type Finding struct {
	Kind     Kind     `json:"kind"`
	Severity Severity `json:"severity"`
	Count    int      `json:"count"`
	Of       int      `json:"of,omitempty"`     // out of so many
	Column   string   `json:"column,omitempty"` // or class
	Detail   string   `json:"detail,omitempty"` // marks, sizes, names
	// Samples names the first samples concerned: row numbers or file names.
	Samples []string `json:"samples,omitempty"`
	// Fix mends it when applied; nil where nothing can or need be done.
	Fix operation.List `json:"fix,omitempty"`
}

// Class is a label with its samples.
type Class struct {
	Name    string `json:"name"`
	Samples int    `json:"samples"`
}

// Report is what is known of a data set.
type Report struct {
	Path    string  `json:"path"`
	Kind    string  `json:"kind"` // table, pictures, texts, idx, digits
	Task    string  `json:"task"`
	Samples int     `json:"samples"` // all that were seen, the unreadable ones included
	Classes []Class `json:"classes,omitempty"`
	// Format says in words how the source is written, with the reasons of guesses.
	Format   []string       `json:"format,omitempty"`
	Columns  []table.Column `json:"columns,omitempty"`
	Findings []Finding      `json:"findings"`
	Seconds  float64        `json:"seconds"`
	// Rate is in samples a second.
	Rate float64 `json:"samples_per_second"`
}

// add keeps a finding that concerns anything.
func (r *Report) add(f Finding) {
	if f.Count > 0 {
		f.Samples = f.Samples[:min(len(f.Samples), shown)]
		r.Findings = append(r.Findings, f)
	}
}

// sort puts the worst first.
func (r *Report) sort() {
	rank := map[Severity]int{Bad: 0, Warning: 1, Note: 2}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(rank[a.Severity], rank[b.Severity]) })
}

// Find returns the findings of a kind.
func (r *Report) Find(k Kind) []Finding {
	var out []Finding
	for _, f := range r.Findings {
		if f.Kind == k {
			out = append(out, f)
		}
	}
	return out
}

// Count is the number of samples, cells or columns found of a kind.
func (r *Report) Count(k Kind) (n int) {
	for _, f := range r.Find(k) {
		n += f.Count
	}
	return n
}

// Fixes is every fix of findings of at least the given severity, ready to be
// applied.
func (r *Report) Fixes(at Severity) operation.List {
	var out operation.List
	for _, f := range r.Findings {
		if f.Severity == Bad || f.Severity == at || at == Note {
			out = append(out, f.Fix...)
		}
	}
	return out
}
