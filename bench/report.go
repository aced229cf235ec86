package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// section is one part of the report.
type section struct {
	title, text string
	when        string // filled in by the harness
	tables      []table
}

type table struct {
	head []string
	rows [][]string
}

func (t table) markdown() string {
	var s strings.Builder
	line := func(cells []string) { s.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(t.head)
	rule := make([]string, len(t.head))
	for i := range rule {
		rule[i] = "---"
	}
	line(rule)
	for _, row := range t.rows {
		line(row)
	}
	return s.String()
}

// heading is the page above its sections.
const heading = "# Measured\n\nWritten by `make bench`, which measures every part; `go run ./bench -only PART` measures one anew. " +
	"Each section says when it was measured and how busy the machine was.\n\n"

// markdown is the section below its title.
func (p section) markdown() string {
	var s strings.Builder
	for _, text := range []string{p.when, p.text} {
		if text != "" {
			s.WriteString("\n" + text + "\n")
		}
	}
	for _, t := range p.tables {
		s.WriteString("\n" + t.markdown())
	}
	return s.String()
}

// page is a report: what stands above its sections, and these in order.
type page struct {
	titles []string
	bodies map[string]string
}

// readPage takes a report that was written before apart; without one it is empty.
func readPage(path string) (page, error) {
	p := page{bodies: map[string]string{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	} else if err != nil {
		return p, fmt.Errorf("read the results: %w", err)
	}
	for i, part := range strings.Split(string(text), "\n## ") {
		if title, body, ok := strings.Cut(part, "\n"); ok && i > 0 {
			p.put(title, strings.TrimRight(body, "\n")+"\n")
		}
	}
	return p, nil
}

func (p *page) put(title, body string) {
	if _, known := p.bodies[title]; !known {
		p.titles = append(p.titles, title)
	}
	p.bodies[title] = body
}

// writeReport puts the sections into the report at path, in place of older ones
// of the same title, and replaces the file at once.
func writeReport(path string, machine table, sections []section) error {
	p, err := readPage(path)
	if err != nil {
		return err
	}
	for _, s := range sections {
		p.put(s.title, s.markdown())
	}
	var text strings.Builder
	text.WriteString(heading + machine.markdown())
	for _, title := range p.titles {
		fmt.Fprintf(&text, "\n## %s\n%s", title, p.bodies[title])
	}
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := writeFile(temp, text.String()); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	if err := os.Chmod(temp, 0o644); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return os.Rename(temp, path)
}

// median of the values; 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

func spread(values []float64, say func(float64) string) string {
	if len(values) == 0 {
		return ""
	}
	return say(slices.Min(values)) + " to " + say(slices.Max(values))
}

func times(x float64) string   { return fmt.Sprintf("%.2f×", x) }
func percent(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }
func millis(x float64) string  { return fmt.Sprintf("%.0f ms", x) }

// thousands is a whole number with its thousands apart.
func thousands(x float64) string {
	s := fmt.Sprintf("%.0f", x)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func verdict(reached bool) string {
	if reached {
		return "reached"
	}
	return "**not reached**"
}
