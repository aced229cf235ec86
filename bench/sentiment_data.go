package main

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"athanor/app/training"
	"athanor/assets/models"
	"athanor/inference/onnx"
	"athanor/pipeline/train"
)

func (s *sentimentBench) shoppingPath() string {
	return filepath.Join(s.data, "zh-sentiment", "online_shopping_10_cats.csv.gz")
}

// shopping reads all Chinese reviews, their categories as groups.
func (s *sentimentBench) shopping() ([]labelled, error) {
	f, err := os.Open(s.shoppingPath())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	rows := csv.NewReader(z)
	var list []labelled
	for first := true; ; first = false {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		if !first {
			list = append(list, labelled{text: row[2], positive: row[1] == "1", group: row[0]})
		}
	}
}

// heldOut are the reviews kept from the shipped Chinese models' training: the first's
// recipe opens the same split again, and the fingerprints tell whether it is both's.
func (s *sentimentBench) heldOut(ctx context.Context) ([]labelled, error) {
	recipeText, fingerprint, err := trainedFrom(models.ReviewsChinese)
	if err != nil {
		return nil, err
	}
	_, other, err := trainedFrom(models.ReviewsChineseGRU)
	if err != nil {
		return nil, err
	}
	recipe, err := train.ParseRecipe([]byte(recipeText))
	if err != nil {
		return nil, err
	}
	if recipe, err = recipe.Resolve(); err != nil {
		return nil, err
	}
	recipe.Data.Path = s.shoppingPath()
	set, err := training.Open(ctx, recipe, nil)
	if err != nil {
		return nil, err
	}
	s.sameSplit = set.Fingerprint == fingerprint && fingerprint == other
	all, err := s.shopping()
	if err != nil {
		return nil, err
	}
	if set.Test == nil {
		return nil, errors.New("the shipped Chinese model kept no test part apart")
	}
	list := make([]labelled, set.Test.Len())
	for i := range list {
		list[i] = all[set.Test.Row(i)]
	}
	return list, nil
}

// trainedFrom is a shipped model's recipe, and the fingerprint of its data and split.
func trainedFrom(name string) (recipe, fingerprint string, err error) {
	file, err := models.ONNX(name)
	if err != nil {
		return "", "", err
	}
	m, err := onnx.Decode(file)
	if err != nil {
		return "", "", err
	}
	recipe, _ = m.Meta("athanor.recipe")
	fingerprint, _ = m.Meta("athanor.fingerprint")
	return recipe, fingerprint, nil
}

// sst reads a part of SST-2.
func (s *sentimentBench) sst(name string) ([]labelled, error) {
	b, err := os.ReadFile(filepath.Join(s.data, "en-sentiment", "sst2", name))
	if err != nil {
		return nil, err
	}
	var list []labelled
	for line := range strings.SplitSeq(string(b), "\n") {
		label, text, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if ok && label != "label" {
			list = append(list, labelled{text: text, positive: label == "1"})
		}
	}
	return list, nil
}

// groundTruth reads one of VADER's files; texts of mean 0 have no polarity.
func (s *sentimentBench) groundTruth(name string) ([]labelled, error) {
	b, err := os.ReadFile(filepath.Join(s.data, "en-sentiment", "vader", name))
	if err != nil {
		return nil, err
	}
	var list []labelled
	for line := range strings.SplitSeq(string(b), "\n") {
		f := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		if len(f) < 3 {
			continue
		}
		mean, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if mean != 0 {
			list = append(list, labelled{text: f[2], positive: mean > 0})
		}
	}
	return list, nil
}

// readPairs reads the minimal pairs: the Chinese ones first.
func (s *sentimentBench) readPairs() ([]labelled, error) {
	b, err := os.ReadFile(s.pairs)
	if err != nil {
		return nil, err
	}
	var list []labelled
	for line := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n") {
		good, bad, _ := strings.Cut(line, "\t")
		list = append(list, labelled{text: good, positive: true}, labelled{text: bad})
	}
	if len(list) != 400 {
		return nil, fmt.Errorf("%s holds %d texts, not 400", s.pairs, len(list))
	}
	return list, nil
}

// otherKinds reads Chinese reviews of kinds that no model was trained on: kind,
// polarity and text a line.
func (s *sentimentBench) otherKinds() ([]labelled, error) {
	b, err := os.ReadFile(s.kinds)
	if err != nil {
		return nil, err
	}
	var list []labelled
	for line := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n") {
		f := strings.SplitN(line, "\t", 3)
		if len(f) < 3 {
			return nil, fmt.Errorf("%s: line %q has no three fields", s.kinds, line)
		}
		list = append(list, labelled{text: f[2], positive: f[1] == "1", group: f[0]})
	}
	return list, nil
}
