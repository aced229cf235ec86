package sentiment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"athanor/assets/models"
)

// NewDefault makes the Analyzer of the studio: the shipped review models, each
// blended with its language's lexicon, and the English lexicon for texts without letters.
// Where a model cannot be opened, for want of
// the runtime library, the lexicon of that language stands in and missing says
// why; the Analyzer works either way. close frees the models.
func NewDefault() (a *Analyzer, missing error, close func()) { //nolint:staticcheck // missing is no failure: the Analyzer works
	m, err := lexiconMethods()
	if err != nil { // the embedded lexicon is tested: never
		return nil, err, func() {}
	}
	var open []*Model
	get := func(name string) *Model {
		model, err := shipped(name)
		if err != nil {
			missing = errors.Join(missing, err)
			return nil
		}
		open = append(open, model)
		return model
	}
	if en := get(models.ReviewsEnglish); en != nil {
		m.English = NewBlend("reviews-en+lexicon", en, m.English, englishWeights())
	}
	if zh, gru := get(models.ReviewsChinese), get(models.ReviewsChineseGRU); zh != nil && gru != nil {
		m.Chinese = NewBlend("reviews-zh+lexicon", NewCascade(models.ReviewsChinese, zh, gru, cascadeWeights()), m.Chinese, chineseWeights())
	}
	return newSimplifying(m), missing, func() {
		for _, model := range open {
			model.Close()
		}
	}
}

// NewChineseReviews makes an Analyzer whose Chinese texts a review model of one's own
// reads, blended with the lexicon as the shipped one is. The model stays the caller's.
func NewChineseReviews(model Method) (*Analyzer, error) {
	m, err := lexiconMethods()
	if err != nil {
		return nil, err
	}
	m.Chinese = NewBlend(model.Name()+"+lexicon", model, m.Chinese, chineseWeights())
	return newSimplifying(m), nil
}

// The weights of the shipped blends, fitted once by hand with logistic
// regression on the validation part of the Chinese model and, for English, on
// SST-2's dev part with a third of its weight of Alexa reviews, good and bad ones
// alike. Half, Short and Evidence were chosen among a few values, with the minimal
// pairs and short statements of fact in view; Evidence of the Chinese model as large
// as leaves its reviews alone.

func chineseWeights() Weights {
	return Weights{Model: 1.051, Half: 6, Lexicon: 0.082, Short: 120, Bias: -0.314, Evidence: 5}
}

// cascadeWeights were fitted on 5,022 validation reviews by models that were trained
// without them. Sure asks the second model about one review in seven; values of 1 to 4
// give the same there within 0.1 points.
func cascadeWeights() CascadeWeights {
	return CascadeWeights{Sure: 1.5, First: 0.678, Second: 0.453, Bias: -0.098}
}

func englishWeights() Weights {
	return Weights{Model: 1.165, Half: 2, Lexicon: 0.119, Short: 120, Bias: -0.913, Evidence: 7.07}
}

func shipped(name string) (*Model, error) {
	file, err := models.ONNX(name)
	if err != nil {
		return nil, err
	}
	return NewModel(file, name)
}

// NewNamed makes an Analyzer from one method for every language: "vader",
// "lexicon", "auto" (NewDefault), the name of a shipped model, or the path of
// a text model's file. close frees what was opened.
func NewNamed(name string) (a *Analyzer, missing error, close func(), err error) {
	nothing := func() {}
	switch name {
	case "", "auto":
		a, missing, close = NewDefault()
		return a, missing, close, nil
	case "lexicon":
		a, err = NewLexicons()
		return a, nil, nothing, err
	case "vader":
		v := NewVADER().Opinions()
		return NewAnalyzer(Methods{English: v, Chinese: v, Symbols: v}), nil, nothing, nil
	}
	model, err := shipped(name)
	if err != nil && strings.ContainsAny(name, "./\\") {
		var file []byte
		if file, err = os.ReadFile(name); err != nil {
			return nil, nil, nothing, fmt.Errorf("open text model: %w", err)
		}
		model, err = NewModel(file, nameOf(name))
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: there is none called %q", ErrModel, name)
	}
	if err != nil {
		return nil, nil, nothing, fmt.Errorf("%w; choose auto, vader, lexicon, %s, %s, %s or a model file",
			err, models.ReviewsChinese, models.ReviewsChineseGRU, models.ReviewsEnglish)
	}
	return NewAnalyzer(Methods{English: model, Chinese: model, Symbols: model}), nil, model.Close, nil
}

// nameOf is what a model's file is called; those of runs are all called model and go
// by their folder.
func nameOf(path string) string {
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if whole, err := filepath.Abs(path); err == nil && (base == "model" || base == "packed") {
		return filepath.Base(filepath.Dir(whole))
	}
	return base
}
