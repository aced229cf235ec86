package train

import (
	"strconv"

	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// teacherFields are the settings of a network that others learn from: the small one
// learns its answers besides the labels.
func teacherFields() []Field {
	list := []Field{
		{
			Key: "teacher", Kind: File,
			Get: func(r *train.Recipe) string {
				if r.Distill == nil {
					return ""
				}
				return r.Distill.Model
			},
			Set: SetTeacher, When: canLearn,
		},
		ofTeacher("temperature", Real, func(d *train.Distill) string { return strconv.FormatFloat(d.Temperature, 'g', -1, 64) },
			func(d *train.Distill, s string) { setNumber(&d.Temperature, s) }).within(1, 100),
		ofTeacher("share", Real, func(d *train.Distill) string { return strconv.FormatFloat(d.Weight, 'g', -1, 64) },
			func(d *train.Distill, s string) { setNumber(&d.Weight, s) }).within(0.01, 1),
		ofTeacher("teacher_pixels", Choice, func(d *train.Distill) string { return pixelsName(d.Scale, d.Mean, d.Deviation) },
			func(d *train.Distill, s string) { setPixels(&d.Scale, &d.Mean, &d.Deviation, s) }).of(pixelNames()...),
		ofTeacher("teacher_order", Choice, func(d *train.Distill) string { return channelOrder(d.Swap) },
			func(d *train.Distill, s string) { d.Swap = s == orderBGR }).of(orderRGB, orderBGR),
	}
	for i := range list {
		list[i].Basic = i < 4
	}
	return list
}

// canLearn tells whether a teacher makes sense: a network of our own that tells
// pictures apart.
func canLearn(r *train.Recipe) bool {
	return r.Transfer == nil && (r.Task == "" || r.Task == string(dataset.Image))
}

// SetTeacher lets a recipe's network learn from the one in the file, or from labels
// alone where path is empty.
func SetTeacher(r *train.Recipe, path string) {
	if path == "" {
		r.Distill = nil
		return
	}
	next := *r
	next.Distill = &train.Distill{Model: path}
	if d := r.Distill; d != nil {
		copied := *d
		copied.Model, next.Distill = path, &copied
	}
	if resolved, err := next.Resolve(); err == nil {
		r.Distill = resolved.Distill
	}
}

// ofTeacher is a field of a recipe's teacher.
func ofTeacher(key string, kind Kind, get func(*train.Distill) string, set func(*train.Distill, string)) Field {
	return Field{
		Key: key, Kind: kind,
		Get: func(r *train.Recipe) string {
			if r.Distill == nil {
				return ""
			}
			return get(r.Distill)
		},
		Set: func(r *train.Recipe, s string) {
			if r.Distill == nil {
				return
			}
			d := *r.Distill // recipes share it
			set(&d, s)
			r.Distill = &d
		},
		When: func(r *train.Recipe) bool { return r.Distill != nil && canLearn(r) },
	}
}

func setNumber(to *float64, text string) {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		*to = v
	}
}
