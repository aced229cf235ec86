package text_test

import (
	"errors"
	"hash/fnv"
	"os"
	"slices"
	"strings"
	"testing"

	"athanor/inference/testenv"
	"athanor/inference/text"
)

func TestReadVocabularyRefuses(t *testing.T) {
	for name, file := range map[string]string{
		"empty": "", "one line": "hello", "no unknown token": "[PAD]\n[CLS]\n[SEP]\n", "broken JSON": "{\"model\":",
		"other model": `{"model":{"type":"BPE"}}`, "gap": `{"model":{"type":"WordPiece","vocab":{"[UNK]":0,"[PAD]":7}}}`,
		"binary": "\x00\x01\xff",
	} {
		if _, err := text.ReadVocabulary([]byte(file), 16); !errors.Is(err, text.ErrDefinition) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestTokenizerJSON(t *testing.T) {
	file := `{"normalizer":{"type":"BertNormalizer","lowercase":false},
	"added_tokens":[{"id":0,"content":"[PAD]"},{"id":1,"content":"[UNK]"}],
	"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
	"vocab":{"[PAD]":0,"[UNK]":1,"Good":2,"##ly":3}}}`
	d, err := text.ReadVocabulary([]byte(file), 4)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := text.New(d)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, 4)
	if n := tok.IDs(ids, "Goodly good"); n != 3 || !slices.Equal(ids, []int64{2, 3, 1, 0}) {
		t.Errorf("%d ids %v", n, ids)
	}
}

func TestDefinitionsRefused(t *testing.T) {
	for _, d := range []string{
		`{`, `{}`, `{"kind":"hashed","version":2,"length":8,"buckets":9}`, `{"kind":"hashed","version":1,"length":8,"buckets":9}`,
		`{"kind":"hashed","version":1,"length":8,"buckets":1,"words":[1,1]}`, `{"kind":"hashed","version":1,"length":0,"buckets":9,"words":[1,1]}`,
		`{"kind":"hashed","version":1,"length":8,"buckets":9,"words":[1,99]}`, `{"kind":"vocabulary","version":1,"length":8}`,
		`{"kind":"vocabulary","version":1,"length":8,"tokens":["a","b","c","c"]}`, `{"kind":"magic","version":1,"length":8}`,
		`{"kind":"hashed","version":1,"length":8,"buckets":9000000000,"words":[1,1]}`,
	} {
		if _, err := text.Parse([]byte(d)); !errors.Is(err, text.ErrDefinition) {
			t.Errorf("%s: error %v", d, err)
		}
	}
}

func FuzzReadVocabulary(f *testing.F) {
	f.Add([]byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood"))
	f.Add([]byte(`{"model":{"type":"WordPiece","vocab":{"[UNK]":0,"[PAD]":1}}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := text.ReadVocabulary(file, 8)
		if err != nil {
			return
		}
		tok, err := text.New(d)
		if err != nil {
			t.Fatalf("accepted and then refused: %v", err)
		}
		checkTokens(t, "wordpiece", tok, string(file))
	})
}

// The sums below are over the ids that the tokenizers package of PyPI gives
// for the same vocabularies (bench/peers/sentiment/wordpiece.py).
func TestWordPieceAgreesWithReference(t *testing.T) {
	for _, c := range []struct {
		vocab string
		data  []string
		want  uint64
	}{
		{"bert-base-uncased.vocab.txt", []string{"en-sentiment", "vader", "tweets_GroundTruth.txt"}, 0xabeefc72e4b33d89},
		{"bert-base-chinese.vocab.txt", []string{"zh-sentiment", "ChnSentiCorp_htl_all.csv"}, 0x55bea11061ee93c1},
	} {
		vocab, err := os.ReadFile(testenv.SharedData(t, "tokenizers", c.vocab))
		if err != nil {
			t.Fatal(err)
		}
		d, err := text.ReadVocabulary(vocab, 4096)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := text.New(d)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(testenv.SharedData(t, c.data...))
		if err != nil {
			t.Fatal(err)
		}
		sum, ids := fnv.New64a(), make([]int64, 4096)
		for line := range strings.SplitSeq(string(data), "\n") {
			for _, id := range ids[:tok.IDs(ids, line)] {
				sum.Write([]byte{byte(id), byte(id >> 8)})
			}
		}
		if sum.Sum64() != c.want {
			t.Errorf("%s: ids sum to %#x, want %#x", c.vocab, sum.Sum64(), c.want)
		}
	}
}
