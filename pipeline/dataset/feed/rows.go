package feed

import (
	"context"
	"encoding/binary"

	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
)

// Answers holds what is to be learnt: a class or a value of each sample.
type Answers struct {
	Classes []int32   // nil for regression
	Codes   *Codes    // in the place of Classes where there are many samples
	Values  []float32 // nil for classification
	Numbers []int32   // row of each sample in the source; nil where they are the same
}

func (a *Answers) class(i int) int {
	if a.Codes != nil {
		return a.Codes.At(i)
	}
	if a.Classes == nil {
		return 0
	}
	return int(a.Classes[i])
}

func (a *Answers) value(i int) float32 {
	if a.Values == nil {
		return float32(a.class(i))
	}
	return a.Values[i]
}

func (a *Answers) number(i int) int {
	if a.Numbers == nil {
		return i
	}
	return int(a.Numbers[i])
}

// Vectors feeds samples of one column: float32 [n] features, or int64 [n] token
// ids, which are stored as int32.
type Vectors struct {
	store   *Store
	answers *Answers
	rows    []int32
	column  dataset.Column
	corrupt Corruptor
	typist  Typist
	raw     *Strings // of every sample, where typist changes them
	tokens  func(ids []int64, text string) int
	seed    uint64
}

// Typist changes the characters of a text during training. The result depends on
// its arguments alone.
type Typist interface {
	Mistype(text string, seed uint64) string
}

// NewMistyped is NewTokens where texts are changed before they become tokens: raw
// holds the text of every sample of the store, and tokens writes a text's ids as
// they are stored. tokens must be safe for concurrent use.
func NewMistyped(s *Store, a *Answers, rows []int32, raw *Strings, typist Typist, tokens func(ids []int64, text string) int, corrupt Corruptor, seed uint64) *Vectors {
	f := NewTokens(s, a, rows, corrupt, seed)
	f.raw, f.typist, f.tokens = raw, typist, tokens
	return f
}

// Corruptor changes the token ids of a text during training; ids is [L] with 0
// as padding. The result depends on its arguments alone.
type Corruptor interface {
	Corrupt(ids []int64, seed uint64)
}

var _ dataset.Copier = (*Vectors)(nil)

// NewFeatures feeds rows of a store of float32 vectors.
func NewFeatures(s *Store, a *Answers, rows []int32) *Vectors {
	return &Vectors{store: s, answers: a, rows: rows, column: dataset.Column{Name: "features", Type: onnx.Float, Shape: []int{s.stride / 4}}}
}

// NewTokens feeds rows of a store of int32 token ids as int64. corrupt may be nil.
func NewTokens(s *Store, a *Answers, rows []int32, corrupt Corruptor, seed uint64) *Vectors {
	return &Vectors{
		store: s, answers: a, rows: rows, corrupt: corrupt, seed: seed,
		column: dataset.Column{Name: "tokens", Type: onnx.Int64, Shape: []int{s.stride / 4}},
	}
}

// Len implements dataset.Feed.
func (f *Vectors) Len() int { return len(f.rows) }

// Columns implements dataset.Feed.
func (f *Vectors) Columns() []dataset.Column { return []dataset.Column{f.column} }

// Class implements dataset.Feed.
func (f *Vectors) Class(row int) int { return f.answers.class(int(f.rows[row])) }

// Target implements dataset.Feed.
func (f *Vectors) Target(row int) float32 { return f.answers.value(int(f.rows[row])) }

// Row implements dataset.Feed.
func (f *Vectors) Row(row int) int { return f.answers.number(int(f.rows[row])) }

// Cheap implements dataset.Copier.
func (f *Vectors) Cheap() bool { return f.raw == nil && f.store.inMemory() }

// Fill implements dataset.Feed.
func (f *Vectors) Fill(ctx context.Context, dst [][]byte, epoch int, rows []int) error {
	wide := f.column.Shape[0] * f.column.Type.Size()
	if err := checkFill(dst, rows, []int{wide}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	scratch := make([]byte, f.store.stride)
	for i, row := range rows {
		at, err := within(f.rows, row)
		if err != nil {
			return err
		}
		into := dst[0][i*wide : (i+1)*wide]
		if f.column.Type == onnx.Float {
			if err := f.store.Read(into, at); err != nil {
				return err
			}
			continue
		}
		if f.raw != nil && epoch >= 0 {
			if err := f.mistyped(into, epoch, at); err != nil {
				return err
			}
			continue
		}
		if err := f.store.Read(scratch, at); err != nil {
			return err
		}
		f.widen(into, scratch, epoch, at)
	}
	return nil
}

// mistyped writes the ids of a text whose characters were changed.
func (f *Vectors) mistyped(into []byte, epoch, at int) error {
	text, err := f.raw.Read(at)
	if err != nil {
		return err
	}
	seed := Seed(f.seed, epoch, at)
	ids := make([]int64, f.column.Shape[0])
	f.tokens(ids, f.typist.Mistype(text, seed))
	f.corrupt.Corrupt(ids, seed)
	for i, id := range ids {
		binary.LittleEndian.PutUint64(into[8*i:], uint64(id))
	}
	return nil
}

// widen writes stored ids, changed for an epoch.
func (f *Vectors) widen(into, stored []byte, epoch, at int) {
	if f.corrupt == nil || epoch < 0 {
		for i := 0; i < len(stored); i += 4 {
			binary.LittleEndian.PutUint64(into[2*i:], uint64(binary.LittleEndian.Uint32(stored[i:])))
		}
		return
	}
	ids := make([]int64, len(stored)/4)
	for i := range ids {
		ids[i] = int64(binary.LittleEndian.Uint32(stored[4*i:]))
	}
	f.corrupt.Corrupt(ids, Seed(f.seed, epoch, at))
	for i, id := range ids {
		binary.LittleEndian.PutUint64(into[8*i:], uint64(id))
	}
}
