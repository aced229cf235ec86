package ui

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"athanor/app/datasets"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/dataset/table"
	"athanor/ui/data"
)

// mostRows is how many rows of a table are read for the screen.
const mostRows = 5000

// preview is some rows of a table, or texts, with their numbers.
type preview struct {
	columns []string
	rows    [][]string
}

// errEnough ends a scan that has read what the screen shows.
var errEnough = errors.New("enough rows")

// listRows shows the rows of the chosen part and class where samples are no
// pictures.
func (p *dataPart) listRows() {
	o := p.s.jobs.data
	if o.set.Task == dataset.Image {
		p.view.ApplyRows(nil, nil)
		return
	}
	if p.reading != nil {
		p.reading()
	}
	config, err := o.kept.Config()
	if err != nil {
		p.s.fail(err)
		return
	}
	config.Cache = p.s.opts.Paths.Cache
	feed, numbers := p.feed(), make([]int, len(p.rows))
	for i, row := range p.rows {
		numbers[i] = feed.Row(row)
	}
	p.view.ApplyRows([]string{""}, nil)
	p.reading = async(p.s, func(ctx context.Context) (preview, error) { return readSamples(ctx, config, numbers) }, func(v preview, err error) {
		if err == nil { // Health says what cannot be read
			p.view.ApplyRows(v.columns, v.rows)
		}
	})
}

// rowsView is a table of the samples with these numbers; it fills itself.
func (s *Studio) rowsView(config source.Config, numbers []int) fyne.CanvasObject {
	view := data.NewRows()
	config.Cache = s.opts.Paths.Cache
	async(s, func(ctx context.Context) (preview, error) { return readSamples(ctx, config, numbers) }, func(v preview, err error) {
		if err != nil {
			s.fail(err)
			return
		}
		view.Set(v.columns, v.rows)
	})
	return view
}

// rowsOfRun is a table of samples that a run was made with.
func (s *Studio) rowsOfRun(run *activeRun, numbers []int) fyne.CanvasObject {
	config, err := datasets.Config(run.request.Recipe)
	s.fail(err)
	return s.rowsView(config, numbers)
}

// readSamples reads the samples with these numbers in their source (see
// dataset.Feed.Row), mostRows of them at most, in the order of the source. Numbers
// are shown from 1 on.
func readSamples(ctx context.Context, c source.Config, numbers []int) (preview, error) {
	wanted := make(map[int]bool, len(numbers))
	for _, n := range numbers {
		wanted[n] = true
	}
	found, err := source.Locate(ctx, c)
	if err != nil {
		return preview{}, err
	}
	if found.Kind != source.Table {
		return readTexts(ctx, c, numbers)
	}
	var v preview
	base := 0 // rows of the files before
	for _, part := range found.Parts {
		n, err := v.scan(ctx, part.Path, c.Read, base, wanted)
		if err != nil {
			return v, err
		}
		if base += n; len(v.rows) >= mostRows || len(v.rows) == len(wanted) {
			break
		}
	}
	return v, nil
}

// scan reads the wanted rows of one file and tells how many it has, as far as it was
// read.
func (v *preview) scan(ctx context.Context, path string, o table.Options, base int, wanted map[int]bool) (rows int, err error) {
	_, _, err = table.Scan(ctx, path, o, nil, func(columns []string, row *table.Row) error {
		if v.columns == nil {
			v.columns = append([]string{"#"}, slices.Clone(columns)...)
		}
		rows = row.Number + 1
		number := base + row.Number
		if !wanted[number] {
			return nil
		}
		cells := []string{strconv.Itoa(number + 1)}
		for _, c := range row.Cells {
			cells = append(cells, oneLine(c.String()))
		}
		if v.rows = append(v.rows, cells); len(v.rows) >= mostRows || len(v.rows) == len(wanted) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return rows, err
}

// readTexts reads samples that are files of text.
func readTexts(ctx context.Context, c source.Config, numbers []int) (preview, error) {
	numbers = slices.Sorted(slices.Values(numbers))
	numbers = numbers[:min(len(numbers), mostRows)]
	raw, err := source.ReadRaw(ctx, c, func(n int) bool {
		_, ok := slices.BinarySearch(numbers, n)
		return ok
	})
	if err != nil {
		return preview{}, err
	}
	v := preview{columns: []string{"#", c.Text}}
	for _, n := range numbers {
		v.rows = append(v.rows, []string{raw.Name(n), oneLine(raw.TextOf(n))})
	}
	return v, nil
}

// oneLine makes a cell fit into a line of a table.
func oneLine(s string) string {
	const longest = 400
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return s
}

// numbersOf are the numbers that names of samples stand for; ok is false where they
// are names of files.
func numbersOf(names []string) (numbers []int, ok bool) {
	for _, name := range names {
		n, err := strconv.Atoi(name)
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	return numbers, len(numbers) > 0
}
