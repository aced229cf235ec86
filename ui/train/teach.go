package train

import (
	"slices"
	"strconv"

	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// What of a network from a file is taught.
const (
	TeachHead = "head" // a new head on features that are computed once
	TeachFrom = "from" // the layers from one on
	TeachAll  = "all"
	TeachLow  = "lora" // low-rank additions to matrices
)

// Teaching is what of the network a recipe teaches, "" where it teaches none.
func Teaching(r *train.Recipe) string {
	t := r.Transfer
	switch {
	case t == nil:
		return ""
	case t.Head:
		return TeachHead
	case t.Rank > 0:
		return TeachLow
	case t.From != "":
		return TeachFrom
	}
	return TeachAll
}

// lowRank is the rank that low-rank additions begin with.
const lowRank = 8

// teach changes what of the network is taught; layer is where "from" begins where
// none was chosen.
func teach(r *train.Recipe, what, layer string) {
	edit(r, func(t *train.Transfer) {
		t.Head, t.Rank, t.Alpha = what == TeachHead, 0, 0
		switch what {
		case TeachHead:
			t.From = ""
		case TeachAll:
			t.From = ""
		case TeachLow:
			t.From, t.Rank = "", lowRank
		case TeachFrom:
			if t.From == "" {
				t.From = layer
			}
		}
	})
}

// edit changes a copy of the transfer: recipes share it.
func edit(r *train.Recipe, change func(t *train.Transfer)) {
	if r.Transfer == nil {
		return
	}
	t := *r.Transfer
	change(&t)
	r.Transfer = &t
}

// teachFields are the settings of a network from a file.
func teachFields() []Field {
	layers := func(r *train.Recipe) bool { return Teaching(r) != TeachHead }
	texts := func(r *train.Recipe) bool { return r.Task == string(dataset.Text) }
	pictures := func(r *train.Recipe) bool { return !texts(r) }
	list := []Field{
		{
			Key: "teach", Kind: Choice, Choices: []string{TeachHead, TeachFrom, TeachAll, TeachLow},
			Get: Teaching, Set: func(r *train.Recipe, s string) { teach(r, s, "") },
		},
		ofTransfer("layer", Choice, func(t *train.Transfer) string { return t.From }, func(t *train.Transfer, s string) { t.From = s }).
			when(func(r *train.Recipe) bool { return Teaching(r) == TeachFrom }),
		ofTransfer("rank", Whole, func(t *train.Transfer) string { return strconv.Itoa(t.Rank) }, func(t *train.Transfer, s string) {
			if n, err := strconv.Atoi(s); err == nil {
				t.Rank, t.Alpha = n, 0
			}
		}).within(1, 1024).when(func(r *train.Recipe) bool { return Teaching(r) == TeachLow }),
		ofTransfer("head_units", Sizes, func(t *train.Transfer) string { return joinSizes(t.Hidden) }, func(t *train.Transfer, s string) {
			if v, ok := parseSizes(s); ok {
				t.Hidden = v
			}
		}).within(1, 8192).when(func(r *train.Recipe) bool { return Teaching(r) == TeachHead }),
		transferReal("layer_rate", func(t *train.Transfer) *float64 { return &t.Rate }).within(1e-6, 100).when(layers),
		transferReal("layer_decay", func(t *train.Transfer) *float64 { return &t.Decay }).within(0.01, 1).when(layers),
		ofTransfer("batch_norm", Choice, func(t *train.Transfer) string { return t.BatchNorm }, func(t *train.Transfer, s string) { t.BatchNorm = s }).
			when(func(r *train.Recipe) bool { return layers(r) && pictures(r) }),
		ofTransfer("pixels", Choice, pixelsName, setPixels).when(pictures),
		whole("pieces", 3, 512, func(r *train.Recipe) *int { return &r.Model.Length }).when(texts),
	}
	list[6].Choices = []string{"frozen", "updated"}
	for _, p := range pixelScales() {
		list[7].Choices = append(list[7].Choices, p.name)
	}
	for i := range list {
		list[i] = list[i].only(train.GivenName).basic()
	}
	return list
}

// ofTransfer is a field of a recipe's transfer.
func ofTransfer(key string, kind Kind, get func(*train.Transfer) string, set func(*train.Transfer, string)) Field {
	return Field{
		Key: key, Kind: kind,
		Get: func(r *train.Recipe) string {
			if r.Transfer == nil {
				return ""
			}
			return get(r.Transfer)
		},
		Set: func(r *train.Recipe, s string) { edit(r, func(t *train.Transfer) { set(t, s) }) },
	}
}

func transferReal(key string, at func(*train.Transfer) *float64) Field {
	return ofTransfer(key, Real, func(t *train.Transfer) string { return strconv.FormatFloat(*at(t), 'g', -1, 64) }, func(t *train.Transfer, s string) {
		if v, err := strconv.ParseFloat(s, 64); err == nil {
			*at(t) = v
		}
	})
}

func (f Field) within(low, high float64) Field {
	f.Min, f.Max = low, high
	return f
}

func (f Field) when(matters func(*train.Recipe) bool) Field {
	f.When = matters
	return f
}

// pixelScale is a usual way to give a network its pixels.
type pixelScale struct {
	name            string
	scale           float64
	mean, deviation []float64
}

// pixelScales lists the usual ones; "imagenet" is that of torchvision's models.
func pixelScales() []pixelScale {
	return []pixelScale{
		{name: "bytes", scale: 1},
		{name: "unit", scale: 1.0 / 255},
		{name: "imagenet", scale: 1.0 / 255, mean: []float64{0.485, 0.456, 0.406}, deviation: []float64{0.229, 0.224, 0.225}},
		{name: "centred", scale: 2.0 / 255, mean: []float64{1, 1, 1}},
	}
}

// pixelsName is the usual way that a transfer takes, "" for another.
func pixelsName(t *train.Transfer) string {
	for _, p := range pixelScales() {
		if p.scale == t.Scale && slices.Equal(p.mean, t.Mean) && slices.Equal(p.deviation, t.Deviation) {
			return p.name
		}
	}
	return ""
}

func setPixels(t *train.Transfer, name string) {
	for _, p := range pixelScales() {
		if p.name == name {
			t.Scale, t.Mean, t.Deviation = p.scale, p.mean, p.deviation
		}
	}
}
