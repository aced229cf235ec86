package train

import (
	"slices"
	"strconv"
	"strings"

	"athanor/pipeline/train"
)

// Kind is how a setting is entered.
type Kind int

// Kinds.
const (
	Whole  Kind = iota // a whole number
	Real               // a number
	Choice             // one of Choices
	Sizes              // whole numbers with commas: layer sizes
	Names              // patterns of names with commas
	File               // the path of a file
)

// Field is one setting of a recipe as the form shows it.
type Field struct {
	Key     string // translation "field."+Key
	Kind    Kind
	Min     float64
	Max     float64
	Choices []string
	// Basic fields are always shown, the others under "More".
	Basic bool
	// For names the models the field is for; empty is all.
	For []string
	// OfModel fields are sizes of the network, which another one does not take over.
	OfModel bool
	// When, where set, says whether the field matters for a recipe.
	When func(*train.Recipe) bool

	Get func(*train.Recipe) string
	Set func(*train.Recipe, string)
}

// Suits reports whether the field matters for a recipe.
func (f Field) Suits(r *train.Recipe) bool {
	return (len(f.For) == 0 || slices.Contains(f.For, r.Model.Name)) && (f.When == nil || f.When(r))
}

// Fields lists all settings in the order of the form.
func Fields() []Field {
	return slices.Concat(teachFields(), basicFields(), teacherFields(), moreFields(), moreTeachFields())
}

func basicFields() []Field {
	return []Field{
		whole("epochs", 1, 10000, func(r *train.Recipe) *int { return &r.Train.Epochs }).basic(),
		whole("batch", 1, 65536, func(r *train.Recipe) *int { return &r.Train.Batch }).basic(),
		real("learning_rate", 1e-8, 100, func(r *train.Recipe) *float64 { return &r.Optimizer.LearningRate }).basic(),
		choice("optimizer", []string{"adam", "adamw", "sgd", "momentum", "nesterov"}, func(r *train.Recipe) *string { return &r.Optimizer.Name }).basic(),
		sizes("hidden", func(r *train.Recipe) *[]int { return &r.Model.Hidden }).only("mlp", "table-mlp", "gru").basic(),
		sizes("channels", func(r *train.Recipe) *[]int { return &r.Model.Channels }).only("cnn", "resnet", "separable").basic(),
	}
}

func moreFields() []Field {
	return []Field{
		choice("schedule", []string{"constant", "cosine", "step", "plateau"}, func(r *train.Recipe) *string { return &r.Schedule.Name }),
		dropoutField(),
		whole("embed", 0, 64, func(r *train.Recipe) *int { return &r.Model.Embed }).only("table-mlp"),
		whole("language", 0, 1000, func(r *train.Recipe) *int { return &r.Model.Language }).only("gru"),
		real("weight_decay", 0, 1, func(r *train.Recipe) *float64 { return &r.Optimizer.WeightDecay }),
		real("label_smoothing", 0, 0.5, func(r *train.Recipe) *float64 { return &r.Optimizer.LabelSmoothing }),
		real("clip", 0, 1000, func(r *train.Recipe) *float64 { return &r.Optimizer.Clip }),
		whole("patience", 0, 1000, func(r *train.Recipe) *int { return &r.Train.Patience }),
		real("validation", 0.01, 0.9, func(r *train.Recipe) *float64 { return &r.Data.Validation }),
		choice("precision", []string{train.Float32, train.Float16, train.AutoPrecision}, func(r *train.Recipe) *string { return &r.Precision }).usually(train.Float32),
		whole("micro_batch", 0, 65536, func(r *train.Recipe) *int { return &r.Train.MicroBatch }),
		choice("device_loss", []string{train.LossContinue, train.LossStop}, func(r *train.Recipe) *string { return &r.Train.DeviceLoss }).usually(train.LossContinue),
		whole("threads", 0, 256, func(r *train.Recipe) *int { return &r.Threads }),
		seedField(),
	}
}

func whole(key string, low, high float64, at func(*train.Recipe) *int) Field {
	return Field{
		Key: key, Kind: Whole, Min: low, Max: high,
		Get: func(r *train.Recipe) string { return strconv.Itoa(*at(r)) },
		Set: func(r *train.Recipe, s string) {
			if n, err := strconv.Atoi(s); err == nil {
				*at(r) = n
			}
		},
	}
}

func real(key string, low, high float64, at func(*train.Recipe) *float64) Field {
	return Field{
		Key: key, Kind: Real, Min: low, Max: high,
		Get: func(r *train.Recipe) string { return strconv.FormatFloat(*at(r), 'g', -1, 64) },
		Set: func(r *train.Recipe, s string) {
			if v, err := strconv.ParseFloat(s, 64); err == nil {
				*at(r) = v
			}
		},
	}
}

func choice(key string, choices []string, at func(*train.Recipe) *string) Field {
	return Field{
		Key: key, Kind: Choice, Choices: choices,
		Get: func(r *train.Recipe) string { return *at(r) },
		Set: func(r *train.Recipe, s string) { *at(r) = s },
	}
}

func sizes(key string, at func(*train.Recipe) *[]int) Field {
	return Field{
		Key: key, Kind: Sizes, Min: 1, Max: 8192,
		Get: func(r *train.Recipe) string { return joinSizes(*at(r)) },
		Set: func(r *train.Recipe, s string) {
			if v, ok := parseSizes(s); ok || s == "" {
				*at(r) = v
			}
		},
	}
}

// dropoutField shows 0 for none, which the recipe says otherwise where the network
// has dropout by default.
func dropoutField() Field {
	f := real("dropout", 0, 0.95, func(r *train.Recipe) *float64 { return &r.Model.Dropout })
	f.OfModel = true
	get, set := f.Get, f.Set
	f.Get = func(r *train.Recipe) string {
		shown := *r
		shown.Model.Dropout = max(shown.Model.Dropout, 0)
		return get(&shown)
	}
	f.Set = func(r *train.Recipe, s string) {
		before := r.Model.Dropout
		if set(r, s); r.Model.Dropout == 0 && before != 0 {
			r.Model.Dropout = train.NoDropout
		}
	}
	return f
}

func seedField() Field {
	return Field{
		Key: "seed", Kind: Whole, Min: 0, Max: 1 << 53,
		Get: func(r *train.Recipe) string { return strconv.FormatUint(r.Seed, 10) },
		Set: func(r *train.Recipe, s string) {
			if n, err := strconv.ParseUint(s, 10, 64); err == nil {
				r.Seed = n
			}
		},
	}
}

// usually shows a choice for a value that is left open.
func (f Field) usually(open string) Field {
	get, put := f.Get, f.Set
	f.Get = func(r *train.Recipe) string {
		if v := get(r); v != "" {
			return v
		}
		return open
	}
	f.Set = func(r *train.Recipe, s string) {
		if s == open {
			s = ""
		}
		put(r, s)
	}
	return f
}

func (f Field) basic() Field {
	f.Basic = true
	return f
}

func (f Field) only(models ...string) Field {
	f.For, f.OfModel = models, true
	return f
}

// Clamp reads what a person typed: the value as it will be used, whether it had
// to be moved into the field's range, and whether it could be read at all.
func (f Field) Clamp(text string) (value string, moved, ok bool) {
	text = strings.TrimSpace(text)
	switch f.Kind {
	case Choice, File:
		return text, false, true
	case Names:
		patterns, ok := parseNames(text)
		return strings.Join(patterns, ", "), false, ok
	case Sizes:
		if text == "" {
			return "", false, true // the architecture's own
		}
		values, ok := parseSizes(text)
		return f.clampSizes(values, ok)
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64)
	if err != nil || v != v {
		return text, false, false
	}
	within := min(max(v, f.Min), f.Max)
	if f.Kind == Whole {
		return strconv.FormatInt(int64(within), 10), within != v || v != float64(int64(v)), true
	}
	return strconv.FormatFloat(within, 'g', -1, 64), within != v, true
}

func (f Field) clampSizes(values []int, ok bool) (string, bool, bool) {
	if !ok {
		return "", false, false
	}
	moved := false
	for i, v := range values {
		within := min(max(v, int(f.Min)), int(f.Max))
		moved = moved || within != v
		values[i] = within
	}
	return joinSizes(values), moved, true
}

func joinSizes(values []int) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = strconv.Itoa(v)
	}
	return strings.Join(parts, ", ")
}

func parseSizes(text string) ([]int, bool) {
	split := func(r rune) bool { return r == ',' || r == ' ' || r == '，' || r == '、' }
	var values []int
	for _, part := range strings.FieldsFunc(text, split) {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, false
		}
		values = append(values, n)
	}
	return values, len(values) > 0
}
