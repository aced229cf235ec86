package model

import (
	"context"
	"fmt"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/text"
)

// textBatch is how many texts are run at once.
const textBatch = 64

// Texts predicts texts with the tokenizer in the file. The answers are in the
// order of the texts.
func (m *Model) Texts(ctx context.Context, texts ...string) ([]Prediction, error) {
	in, length, err := m.textInput()
	if err != nil {
		return nil, err
	}
	return batched(in, texts, textBatch, func(part []string, n int) ([]Prediction, error) {
		t, err := runtime.NewZeros(onnx.Int64, []int64{int64(n), int64(length)})
		if err != nil {
			return nil, err
		}
		ids := runtime.Data[int64](t)
		for i, s := range part {
			m.tokenizer.IDs(ids[i*length:(i+1)*length], s)
		}
		return m.classify(ctx, n, t)
	})
}

// EncodeText prepares one text as Texts does.
func (m *Model) EncodeText(s string) ([]Sample, error) {
	in, length, err := m.textInput()
	if err != nil {
		return nil, err
	}
	ids := make([]int64, length)
	m.tokenizer.IDs(ids, s)
	t := onnx.Int64Tensor("", nil, ids)
	return []Sample{{Input: in.Name, Type: onnx.Int64, Shape: []int64{int64(length)}, Data: t.Raw}}, nil
}

// textInput returns the input and how many ids a text has.
func (m *Model) textInput() (in Port, length int, err error) {
	if err = m.need(Text); err != nil {
		return in, 0, err
	}
	in, err = m.single()
	switch {
	case err != nil:
		return in, 0, err
	case m.tokenizer == nil:
		return in, 0, fmt.Errorf("%w: the file has no tokenizer (%s)", ErrForeign, KeyTokenizer)
	case in.Type != onnx.Int64 || len(in.Shape) != 2:
		return in, 0, fmt.Errorf("%w: texts enter as int64[N,length], it takes %s", ErrForeign, in.Text)
	}
	length = m.tokenizer.Length()
	if in.Shape[1].Known {
		length = int(in.Shape[1].Value)
	}
	if length <= 0 || length > 1<<20 {
		return in, 0, fmt.Errorf("%w: texts of %d tokens", ErrMetadata, length)
	}
	return in, length, nil
}

// Tokens are a text's ids as the model gets them, and the tokens behind them.
func (m *Model) Tokens(s string) ([]int64, []text.Token, error) {
	_, length, err := m.textInput()
	if err != nil {
		return nil, nil, err
	}
	ids := make([]int64, length)
	m.tokenizer.IDs(ids, s)
	return ids, m.tokenizer.Encode(s), nil
}
