package train

import (
	"path"
	"slices"
	"strconv"
	"strings"

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
		t.Head, t.Hidden, t.Rank, t.Alpha, t.Keep, t.Adapter = what == TeachHead, nil, 0, 0, "", ""
		switch what {
		case TeachHead:
			t.From, t.Train, t.Freeze, t.Scratch = "", nil, nil, false
		case TeachAll:
			t.From = ""
		case TeachLow:
			t.From, t.Rank, t.Scratch = "", lowRank, false
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
	next := *r
	next.Transfer = &t
	next, _ = next.Resolve() //nolint:errcheck // what is out of its range the run refuses
	r.Transfer = next.Transfer
}

// teachFields are the settings of a network from a file that matter most.
func teachFields() []Field {
	return ofGiven(true, []Field{
		{
			Key: "teach", Kind: Choice, Choices: []string{TeachHead, TeachFrom, TeachAll, TeachLow},
			Get: Teaching, Set: func(r *train.Recipe, s string) { teach(r, s, "") },
		},
		ofTransfer("layer", Choice, func(t *train.Transfer) string { return t.From }, func(t *train.Transfer, s string) { t.From = s }).
			when(func(r *train.Recipe) bool { return Teaching(r) == TeachFrom }),
		transferNames("only", func(t *train.Transfer) *[]string { return &t.Train }).when(layered),
		transferNames("freeze", func(t *train.Transfer) *[]string { return &t.Freeze }).when(layered),
		ofTransfer("rank", Whole, func(t *train.Transfer) string { return strconv.Itoa(t.Rank) }, func(t *train.Transfer, s string) {
			if n, err := strconv.Atoi(s); err == nil {
				t.Rank, t.Alpha = n, 0
			}
		}).within(1, 1024).when(low),
		ofTransfer("keep", Choice, func(t *train.Transfer) string { return t.Keep }, func(t *train.Transfer, s string) { t.Keep = s }).
			of(train.KeepBoth, train.KeepMerged, train.KeepAdapter).usually(train.KeepBoth).when(low),
		ofTransfer("head_units", Sizes, func(t *train.Transfer) string { return joinSizes(t.Hidden) }, func(t *train.Transfer, s string) {
			if v, ok := parseSizes(s); ok {
				t.Hidden = v
			}
		}).within(1, 8192).when(func(r *train.Recipe) bool { return Teaching(r) == TeachHead }),
		transferReal("layer_rate", func(t *train.Transfer) *float64 { return &t.Rate }).within(1e-6, 100).when(layered),
		transferReal("layer_decay", func(t *train.Transfer) *float64 { return &t.Decay }).within(0.01, 1).when(layered),
		ofTransfer("batch_norm", Choice, func(t *train.Transfer) string { return t.BatchNorm }, func(t *train.Transfer, s string) { t.BatchNorm = s }).
			of("frozen", "updated").when(func(r *train.Recipe) bool { return layered(r) && pictures(r) }),
		ofTransfer("pixels", Choice, transferPixels, func(t *train.Transfer, s string) { setPixels(&t.Scale, &t.Mean, &t.Deviation, s) }).
			of(pixelNames()...).when(pictures),
		whole("pieces", 3, 512, func(r *train.Recipe) *int { return &r.Model.Length }).when(texts),
	})
}

// moreTeachFields are the rarer settings of a network from a file.
func moreTeachFields() []Field {
	return ofGiven(false, []Field{
		ofTransfer("order", Choice, func(t *train.Transfer) string { return channelOrder(t.Swap) }, func(t *train.Transfer, s string) { t.Swap = s == orderBGR }).
			of(orderRGB, orderBGR).when(pictures),
		transferReal("alpha", func(t *train.Transfer) *float64 { return &t.Alpha }).within(1e-3, 1e6).when(low),
		ofTransfer("adapter", File, func(t *train.Transfer) string { return t.Adapter }, func(t *train.Transfer, s string) { t.Adapter = s }).when(low),
		ofTransfer("vocabulary", File, func(t *train.Transfer) string { return t.Vocabulary }, func(t *train.Transfer, s string) { t.Vocabulary = s }).when(texts),
		ofTransfer("begin", Choice, beginning, func(t *train.Transfer, s string) { t.Scratch = s == beginNew }).
			of(beginFile, beginNew).when(func(r *train.Recipe) bool { return layered(r) && !low(r) }),
	})
}

// The order of a picture's channels, and what layers begin with.
const (
	orderRGB  = "rgb"
	orderBGR  = "bgr"
	beginFile = "file"
	beginNew  = "new"
)

func channelOrder(swapped bool) string {
	if swapped {
		return orderBGR
	}
	return orderRGB
}

func beginning(t *train.Transfer) string {
	if t.Scratch {
		return beginNew
	}
	return beginFile
}

func layered(r *train.Recipe) bool  { return Teaching(r) != TeachHead }
func low(r *train.Recipe) bool      { return Teaching(r) == TeachLow }
func texts(r *train.Recipe) bool    { return r.Task == string(dataset.Text) }
func pictures(r *train.Recipe) bool { return !texts(r) }

func ofGiven(basic bool, list []Field) []Field {
	for i := range list {
		list[i] = list[i].only(train.GivenName)
		list[i].Basic = basic
	}
	return list
}

// transferNames is a field of patterns of names.
func transferNames(key string, at func(*train.Transfer) *[]string) Field {
	return ofTransfer(key, Names, func(t *train.Transfer) string { return strings.Join(*at(t), ", ") }, func(t *train.Transfer, s string) {
		if v, ok := parseNames(s); ok {
			*at(t) = v
		}
	})
}

// parseNames takes patterns apart; ok is false where one can match nothing.
func parseNames(text string) (patterns []string, ok bool) {
	split := func(r rune) bool { return r == ',' || r == ' ' || r == '，' || r == '、' }
	for _, p := range strings.FieldsFunc(text, split) {
		if _, err := path.Match(p, ""); err != nil {
			return nil, false
		}
		patterns = append(patterns, p)
	}
	return patterns, true
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

func (f Field) of(choices ...string) Field {
	f.Choices = choices
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

func pixelNames() (names []string) {
	for _, p := range pixelScales() {
		names = append(names, p.name)
	}
	return names
}

func transferPixels(t *train.Transfer) string { return pixelsName(t.Scale, t.Mean, t.Deviation) }

// pixelsName is the usual way that a network takes pixels, "" for another.
func pixelsName(scale float64, mean, deviation []float64) string {
	for _, p := range pixelScales() {
		if p.scale == scale && slices.Equal(p.mean, mean) && slices.Equal(p.deviation, deviation) {
			return p.name
		}
	}
	return ""
}

func setPixels(scale *float64, mean, deviation *[]float64, name string) {
	for _, p := range pixelScales() {
		if p.name == name {
			*scale, *mean, *deviation = p.scale, p.mean, p.deviation
		}
	}
}
