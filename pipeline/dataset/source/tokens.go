package source

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"

	"athanor/inference/onnx"
	"athanor/inference/text"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/augment"
	"athanor/pipeline/dataset/feed"
)

// tokenWriter stores token ids as int32. Texts are gathered and tokenised on all
// processors. It belongs to one goroutine.
type tokenWriter struct {
	tokens  text.Tokenizer
	store   *feed.Store
	noise   *augment.Text
	texts   *feed.Strings // where characters are changed during training
	waiting []string      // not yet in the store
	bytes   int           // of waiting
	raw     []byte        // their ids
}

// How many texts are tokenised at a time, at most, and bytes of them.
const (
	tokenTexts = 512
	tokenBytes = 4 << 20
)

func newTokenWriter(t text.Tokenizer, c Config) (*tokenWriter, error) {
	w := &tokenWriter{tokens: t, store: feed.NewStore(4*t.Length(), c.Cache, 0)}
	var err error
	if w.noise, err = augment.ParseText(c.Augment); err == nil && w.noise != nil && w.noise.Mistypes() {
		w.texts = feed.NewStrings(c.Cache, 0)
	}
	return w, err
}

// add takes the next text, which may reach the store later.
func (w *tokenWriter) add(text string) error {
	if w.texts != nil {
		if err := w.texts.Append(text); err != nil {
			return err
		}
	}
	w.waiting, w.bytes = append(w.waiting, text), w.bytes+len(text)
	if len(w.waiting) < tokenTexts && w.bytes < tokenBytes {
		return nil
	}
	return w.write()
}

// flush writes what waits; nothing may be added afterwards.
func (w *tokenWriter) flush() error {
	if err := w.write(); err != nil {
		return err
	}
	return w.store.Flush()
}

func (w *tokenWriter) write() error {
	size := 4 * w.tokens.Length()
	w.raw = resized(w.raw, size*len(w.waiting))
	n, parts := len(w.waiting), min(len(w.waiting), runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for part := range parts {
		wg.Go(func() { w.encode(n*part/parts, n*(part+1)/parts) })
	}
	wg.Wait()
	for i := range n {
		if err := w.store.Append(w.raw[size*i : size*(i+1)]); err != nil {
			return err
		}
	}
	clear(w.waiting)
	w.waiting, w.bytes = w.waiting[:0], 0
	return nil
}

// encode writes the ids of some of the texts that wait.
func (w *tokenWriter) encode(from, to int) {
	length := w.tokens.Length()
	ids := make([]int64, length)
	for i := from; i < to; i++ {
		w.tokens.IDs(ids, w.waiting[i])
		raw := w.raw[4*length*i : 4*length*(i+1)]
		for k, id := range ids {
			binary.LittleEndian.PutUint32(raw[4*k:], uint32(id))
		}
	}
}

func resized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

func (w *tokenWriter) finish(c Config, set *dataset.Set, a *feed.Answers) (maker, error) {
	definition, err := w.tokens.Definition().Marshal()
	if err != nil {
		return nil, fmt.Errorf("store the tokenizer: %w", err)
	}
	set.Metadata = []onnx.Pair{{Key: text.MetadataKey, Value: string(definition)}}
	return func(rows []int32, training bool) dataset.Feed {
		switch {
		case !training || w.noise == nil:
			return feed.NewTokens(w.store, a, rows, nil, c.Seed)
		case w.texts != nil:
			return feed.NewMistyped(w.store, a, rows, w.texts, w.noise, w.tokens.IDs, w.noise, c.Seed)
		}
		return feed.NewTokens(w.store, a, rows, w.noise, c.Seed)
	}, nil
}
