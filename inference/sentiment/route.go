package sentiment

import (
	"context"
	"slices"
	"strings"

	"athanor/inference/text"
)

// part is a stretch of one text for one method.
type part struct {
	text   int // index of the text
	span   text.Span
	weight float64 // letters; a Chinese character counts as four
}

// route says which method reads which part of text i.
func (a *Analyzer) route(routes map[Method][]part, v *Verdict, i int, t, lang string) {
	if strings.TrimSpace(t) == "" {
		return
	}
	var found [4]bool
	for _, span := range a.spans(t) {
		found[span.Script] = true
		m := a.method(span.Script)
		switch {
		case lang == "en" && span.Script != text.Foreign:
			m = a.methods.English
		case lang == "zh" && span.Script != text.Foreign:
			m = a.methods.Chinese
		}
		if m != nil {
			routes[m] = join(routes[m], part{text: i, span: span, weight: weigh(t[span.Start:span.End])})
		}
	}
	v.Lang = language(found)
}

// spans are the text's stretches of one script, where Latin letters that only name
// something belong to the Chinese around them.
func (a *Analyzer) spans(t string) []text.Span {
	spans := text.Spans(t)
	chinese := func(s text.Span) bool { return s.Script == text.Chinese }
	if len(spans) < 2 || a.methods.Words == nil || !slices.ContainsFunc(spans, chinese) {
		return spans
	}
	for i, s := range spans {
		if s.Script == text.Latin && a.names(t[s.Start:s.End]) {
			spans[i].Script = text.Chinese
		}
	}
	return spans
}

// sentenceWords is how many English words say something even without one of feeling.
const sentenceWords = 5

// names reports whether Latin letters inside of Chinese name a brand or a model, as
// in "iPad mini 2": a few words, and none of feeling.
func (a *Analyzer) names(t string) bool {
	if len(strings.Fields(t)) >= sentenceWords {
		return false
	}
	o, err := a.methods.Words.Score(context.Background(), []string{t})
	return err == nil && !o[0].Known
}

// join adds p, or lengthens the part before it where p continues it: a method reads
// what lies together as a whole.
func join(parts []part, p part) []part {
	if n := len(parts) - 1; n >= 0 && parts[n].text == p.text && parts[n].span.End == p.span.Start {
		parts[n].span.End = p.span.End
		parts[n].weight += p.weight
		return parts
	}
	return append(parts, p)
}

func (a *Analyzer) method(s text.Script) Method {
	switch s {
	case text.Latin:
		return a.methods.English
	case text.Chinese:
		return a.methods.Chinese
	case text.Common:
		return a.methods.Symbols
	}
	return nil
}

func language(found [4]bool) string {
	switch {
	case found[text.Latin] && found[text.Chinese]:
		return "mixed"
	case found[text.Chinese]:
		return "zh"
	case found[text.Latin]:
		return "en"
	case found[text.Foreign]:
		return "other"
	}
	return ""
}

func weigh(t string) float64 {
	counts := text.Shares(t)
	return 1 + float64(counts[text.Latin]) + 4*float64(counts[text.Chinese])
}
