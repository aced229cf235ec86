package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// section is one part of the report.
type section struct {
	title, text string
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

// writeReport replaces the file at once.
func writeReport(path string, machine table, sections []section) error {
	var s strings.Builder
	s.WriteString("# Measured\n\nWritten by `make bench`; every number here was measured in that one run.\n\n")
	s.WriteString(machine.markdown())
	for _, part := range sections {
		fmt.Fprintf(&s, "\n## %s\n", part.title)
		if part.text != "" {
			s.WriteString("\n" + part.text + "\n")
		}
		for _, t := range part.tables {
			s.WriteString("\n" + t.markdown())
		}
	}
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := writeFile(temp, s.String()); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	if err := os.Chmod(temp, 0o644); err != nil { //nolint:gosec // a page for everybody
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
