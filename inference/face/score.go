package face

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Truth is the true boxes of a picture or frame, drawn by a person.
type Truth struct {
	Name    string // of the picture, or the number of a frame
	Boxes   []Box
	Ignored []Box // faces that may be found or missed without consequence
}

// Quality is how well a detector did on a set of pictures.
type Quality struct {
	Truths, Finds     int
	Hits, FalseAlarms int
	Precision, Recall float64 // at the detector's confidence; 1 when nothing was found or to be found
	AP                float64 // area under the precision-recall curve, all points
}

// ErrBoxes says that a table of true boxes cannot be read.
var ErrBoxes = errors.New("table of boxes")

// maxBoxes bounds a table of true boxes.
const maxBoxes = 1 << 20

// ReadBoxes reads a table with a header that names at least image, x, y, w and
// h; a column ignore of 1 marks faces that do not count. Boxes of one picture
// that overlap by more than 0.6 are the same face, drawn again, and the first
// counts; a box without an area only says that the picture was looked at.
// Pictures come in the order of the file.
func ReadBoxes(r io.Reader) ([]Truth, error) {
	rows := csv.NewReader(r)
	rows.FieldsPerRecord = -1
	head, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBoxes, err)
	}
	col := map[string]int{}
	for i, name := range head {
		col[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))] = i
	}
	for _, name := range []string{"image", "x", "y", "w", "h"} {
		if _, ok := col[name]; !ok {
			return nil, fmt.Errorf("%w: no column %q; it needs image, x, y, w, h", ErrBoxes, name)
		}
	}
	t := &truths{index: map[string]int{}}
	for n := 0; ; n++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return t.list, nil
		}
		if err == nil && n >= maxBoxes {
			err = fmt.Errorf("over %d lines", maxBoxes)
		}
		if err == nil {
			err = t.add(row, col)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrBoxes, n+2, err)
		}
	}
}

// WriteBoxes writes a table that ReadBoxes reads. A picture without a face is
// one row of zeros: what is found there is a false alarm.
func WriteBoxes(w io.Writer, truths []Truth) error {
	rows := csv.NewWriter(w)
	_ = rows.Write([]string{"image", "x", "y", "w", "h", "ignore"}) // Flush keeps the error
	write := func(name string, b Box, ignore string) {
		num := func(v float32) string { return strconv.FormatFloat(float64(v), 'f', -1, 32) }
		_ = rows.Write([]string{name, num(b.X), num(b.Y), num(b.W), num(b.H), ignore})
	}
	for _, t := range truths {
		if len(t.Boxes)+len(t.Ignored) == 0 {
			write(t.Name, Box{}, "0")
		}
		for _, b := range t.Boxes {
			write(t.Name, b, "0")
		}
		for _, b := range t.Ignored {
			write(t.Name, b, "1")
		}
	}
	rows.Flush()
	if err := rows.Error(); err != nil {
		return fmt.Errorf("write boxes: %w", err)
	}
	return nil
}

// truths gathers the rows of a table by picture.
type truths struct {
	list  []Truth
	index map[string]int
}

func (t *truths) add(row []string, col map[string]int) error {
	if len(row) <= max(col["image"], col["x"], col["y"], col["w"], col["h"]) {
		return fmt.Errorf("%d fields", len(row))
	}
	var v [4]float32
	for i, name := range []string{"x", "y", "w", "h"} {
		f, err := strconv.ParseFloat(strings.TrimSpace(row[col[name]]), 32)
		if err != nil || f != f || f > 1e6 || f < -1e6 {
			return fmt.Errorf("%s is %q", name, row[col[name]])
		}
		v[i] = float32(f)
	}
	name, box := row[col["image"]], Box{v[0], v[1], v[2], v[3]}
	if _, ok := t.index[name]; !ok {
		t.index[name] = len(t.list)
		t.list = append(t.list, Truth{Name: name})
	}
	truth := &t.list[t.index[name]]
	to := &truth.Boxes
	if i, ok := col["ignore"]; ok && i < len(row) && strings.TrimSpace(row[i]) == "1" {
		to = &truth.Ignored
	}
	again := func(b Box) bool { return IoU(b, box) > 0.6 }
	if box.Area() > 0 && !slices.ContainsFunc(*to, again) {
		*to = append(*to, box)
	}
	return nil
}

// Measure compares finds with truths, finds[i] belonging to truths[i]. A find
// hits the true box it overlaps most, when that is at least iou and no better
// find has it already. Precision, recall and hits count finds of at least
// confidence; AP uses all of them (area under the interpolated precision-recall
// curve as in PASCAL VOC 2010).
func Measure(truths []Truth, finds [][]Face, iou, confidence float32) Quality {
	var q Quality
	var marks []mark
	for i, t := range truths {
		q.Truths += len(t.Boxes)
		marks = append(marks, match(t, finds[i], iou)...)
	}
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(b.score, a.score) })
	for _, m := range marks {
		if m.score < confidence {
			continue
		}
		q.Finds++
		if m.hit {
			q.Hits++
		}
	}
	q.FalseAlarms = q.Finds - q.Hits
	q.Precision, q.Recall = ratio(q.Hits, q.Finds), ratio(q.Hits, q.Truths)
	q.AP = averagePrecision(marks, q.Truths)
	return q
}

type mark struct {
	score float32
	hit   bool
}

// match marks the finds of one picture; those on ignored faces are left out.
func match(t Truth, finds []Face, iou float32) []mark {
	sorted := slices.Clone(finds)
	byScore(sorted)
	used := make([]bool, len(t.Boxes))
	var marks []mark
	for _, f := range sorted {
		best, at := float32(0), -1
		for i, b := range t.Boxes {
			if v := IoU(b, f.Box); v > best && !used[i] {
				best, at = v, i
			}
		}
		hit := at >= 0 && best >= iou
		if hit {
			used[at] = true
		} else if slices.ContainsFunc(t.Ignored, func(b Box) bool { return IoU(b, f.Box) >= iou }) {
			continue
		}
		marks = append(marks, mark{f.Score, hit})
	}
	return marks
}

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// averagePrecision takes marks sorted by score.
func averagePrecision(marks []mark, truths int) float64 {
	if truths == 0 {
		return ratio(0, len(marks))
	}
	precision := make([]float64, len(marks))
	hits := 0
	for i, m := range marks {
		if m.hit {
			hits++
		}
		precision[i] = float64(hits) / float64(i+1)
	}
	area, best := 0.0, 0.0
	for i, m := range slices.Backward(marks) {
		best = max(best, precision[i])
		if m.hit {
			area += best
		}
	}
	return area / float64(truths)
}
