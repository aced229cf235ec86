package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"athanor/inference/sentiment"
)

// english splits English texts by what their data tells of them: the sentences of
// SST-2 by their length, as all are of films, product reviews by the product.
func (s *sentimentBench) english(ctx context.Context) (table, error) {
	t := table{head: []string{"English texts by kind", "n", "accuracy, studio", "model alone", "VADER alone"}}
	sst, err1 := s.sst("test.tsv")
	alexa, err2 := s.alexa()
	snippets, err3 := s.groundTruth("amazonReviewSnippets_GroundTruth.txt")
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return t, err
		}
	}
	model, _, end, err := sentiment.NewNamed("reviews-en")
	if err != nil {
		return t, err
	}
	defer end()
	vader, _, _, err := sentiment.NewNamed("vader")
	if err != nil {
		return t, err
	}
	kinds := filmsByLength(sst)
	kinds = append(kinds, alexa...)
	kinds = append(kinds, kind{"snippets of electronics reviews (VADER's ground truth)", snippets})
	for _, k := range kinds {
		row := []string{k.name, thousands(float64(len(k.texts)))}
		for _, a := range []*sentiment.Analyzer{s.a, model, vader} {
			o, err := judgeAll(ctx, a, "en", k.texts)
			if err != nil {
				return t, err
			}
			row = append(row, percent(o.accuracy()))
		}
		t.rows = append(t.rows, row)
	}
	return t, nil
}

// kind is a group of texts of one sort.
type kind struct {
	name  string
	texts []labelled
}

func filmsByLength(sst []labelled) []kind {
	kinds := []kind{{name: "films, up to 10 words"}, {name: "films, 11 to 20 words"}, {name: "films, 21 to 30 words"}, {name: "films, more than 30 words"}}
	for _, l := range sst {
		words := len(strings.Fields(l.text))
		k := &kinds[min(len(kinds)-1, max(0, words-1)/10)]
		k.texts = append(k.texts, l)
	}
	return kinds
}

// alexa reads the Amazon Alexa reviews by product: the variation names it, or only
// a colour. Repeats of a text are left out.
func (s *sentimentBench) alexa() ([]kind, error) {
	f, err := os.Open(filepath.Join(s.data, "en-sentiment", "amazon_alexa.tsv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("amazon_alexa.tsv: %w", err)
	}
	var kinds []kind
	at, seen := map[string]int{}, map[string]bool{}
	for _, row := range rows[1:] {
		text := strings.TrimSpace(row[3])
		if text == "" || seen[text] {
			continue
		}
		seen[text] = true
		name := "Alexa devices: " + product(row[2])
		if _, ok := at[name]; !ok {
			at[name] = len(kinds)
			kinds = append(kinds, kind{name: name})
		}
		k := &kinds[at[name]]
		k.texts = append(k.texts, labelled{text: text, positive: row[4] == "1"})
	}
	return kinds, nil
}

func product(variation string) string {
	for _, name := range []string{"Dot", "Plus", "Show", "Spot", "Fire TV Stick"} {
		if strings.HasSuffix(strings.TrimSpace(variation), name) {
			return name
		}
	}
	if strings.Contains(variation, "Fabric") || strings.Contains(variation, "Finish") {
		return "in fabric or wood"
	}
	return "a colour alone named"
}
