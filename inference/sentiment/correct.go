package sentiment

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"athanor/inference/text"
)

// Correction is a person's own verdict on a text.
type Correction struct {
	Text  string `json:"text"`
	Label Label  `json:"label"`
}

// ErrCorrection says that a correction cannot be learnt.
var ErrCorrection = errors.New("the correction cannot be learnt")

// Correct learns that text has the given label, at once: similar texts follow.
// Several corrections of one text count as the last. The label is one of Labels.
func (a *Analyzer) Correct(t string, label Label) error {
	if !slices.Contains(a.labels, label) {
		return fmt.Errorf("%w: the verdict %q is none of %q", ErrCorrection, label, a.labels)
	}
	if features(t) == nil {
		return fmt.Errorf("%w: it needs a text with words in it", ErrCorrection)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.corrections = append(a.corrections, Correction{t, label})
	a.memory = a.remember(a.corrections)
	return nil
}

// Undo takes the last correction back and returns it; ok is false when there
// is none.
func (a *Analyzer) Undo() (c Correction, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.corrections)
	if n == 0 {
		return Correction{}, false
	}
	c = a.corrections[n-1]
	a.corrections = slices.Clone(a.corrections[:n-1])
	a.memory = a.remember(a.corrections)
	return c, true
}

// Corrections returns a copy of all corrections, in order.
func (a *Analyzer) Corrections() []Correction {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return slices.Clone(a.corrections)
}

func (a *Analyzer) remembered() *memory {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.memory
}

// SaveCorrections writes the corrections to path as JSON lines of text and
// label: the form that the Data screen takes as training data. The file is
// replaced as a whole.
func (a *Analyzer) SaveCorrections(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".corrections-*")
	if err != nil {
		return fmt.Errorf("save corrections: %w", err)
	}
	encoder := json.NewEncoder(f)
	encoder.SetEscapeHTML(false)
	for _, c := range a.Corrections() {
		err = errors.Join(err, encoder.Encode(c))
	}
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("save corrections: %w", err)
	}
	return nil
}

// LoadCorrections replaces the corrections by those of the file at path. No
// file means no corrections; a damaged one is an error and changes nothing.
// Corrections to classes of another model are kept, but nothing follows them.
func (a *Analyzer) LoadCorrections(path string) error {
	var list []Correction
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return fmt.Errorf("load corrections: %w", err)
	default:
		defer f.Close()
		if list, err = readCorrections(f); err != nil {
			return fmt.Errorf("load corrections from %s: %w", path, err)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.corrections, a.memory = list, a.remember(list)
	return nil
}

func readCorrections(r io.Reader) ([]Correction, error) {
	var list []Correction
	for decoder := json.NewDecoder(r); ; {
		var c Correction
		err := decoder.Decode(&c)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		if c.Label == "" {
			return nil, fmt.Errorf("%w: a line without label", ErrCorrection)
		}
		list = append(list, c)
	}
}

// memory answers for texts like the corrected ones: a kernel over what a text
// talks about, not a table of texts.
type memory struct {
	places  map[uint64][]place // by feature: the corrections that have it
	labels  []Label
	classes map[Label]float64 // of the Analyzer
	own     bool
}

type place struct {
	correction int
	weight     float64
}

func (a *Analyzer) remember(list []Correction) *memory {
	m := &memory{places: map[uint64][]place{}, classes: a.classes, own: a.own}
	for _, c := range list {
		if !slices.Contains(a.labels, c.Label) {
			continue
		}
		for f, w := range features(c.Text) {
			m.places[f] = append(m.places[f], place{len(m.labels), w})
		}
		m.labels = append(m.labels, c.Label)
	}
	return m
}

// The kernel: nothing below far, everything from near on. Chosen so that
// paraphrases follow and texts about other things do not.
const (
	far  = 0.24
	near = 0.36
)

// closest returns the correction most like text and how much it counts (0…1);
// of equals the newest.
func (m *memory) closest(t string) (label Label, pull float64) {
	if len(m.labels) == 0 {
		return "", 0
	}
	likeness := map[int]float64{}
	for f, w := range features(t) {
		for _, p := range m.places[f] {
			likeness[p.correction] += w * p.weight
		}
	}
	best, at := 0.0, -1
	for i, l := range likeness {
		if l > best || (l == best && i > at) {
			best, at = l, i
		}
	}
	if at < 0 {
		return "", 0
	}
	return m.labels[at], max(0, min(1, (best-far)/(near-far)))
}

// adjust draws v towards the closest correction. The tokens' shares shrink
// with the score's old part; the correction's own part belongs to no token.
func (m *memory) adjust(v *Verdict) {
	label, pull := m.closest(v.Text)
	if pull <= 0 {
		return
	}
	target, placed := m.classes[label]
	if m.own && pull <= 0.5 && !placed {
		return // no score to move, and too far for the label
	}
	if placed {
		for i := range v.Tokens {
			v.Tokens[i].Share *= 1 - pull
		}
		v.Score += pull * (target - v.Score)
	}
	switch {
	case !m.own:
		v.Label = labelOf(v.Score)
	case pull > 0.5:
		v.Label = label
	}
	v.Confidence = max(v.Confidence*(1-pull), pull*certain)
	v.Method = strings.TrimPrefix(v.Method+"+corrected", NoBasis+"+")
}

// features are the words and Chinese characters and pairs a text is about, as
// a vector of length 1; common function words count little. Nil: no words.
func features(t string) map[uint64]float64 {
	units := text.Units(beginning(t))
	out := map[uint64]float64{}
	for i, u := range units {
		switch u.Class {
		case text.Word:
			out[featureHash(stem(u.Text))] = wordWeight(u.Text)
		case text.Han:
			out[featureHash(u.Text)] = hanWeight(u.Text)
			if i+1 < len(units) && units[i+1].Class == text.Han && u.End == units[i+1].Start {
				out[featureHash(u.Text+units[i+1].Text)] = math.Sqrt(hanWeight(u.Text) * hanWeight(units[i+1].Text))
			}
		case text.Emoji, text.Number:
			out[featureHash(u.Text)] = 0.5
		}
	}
	if len(out) == 0 {
		return nil
	}
	norm := 0.0
	for _, w := range out {
		norm += w * w
	}
	for f := range out {
		out[f] /= math.Sqrt(norm)
	}
	return out
}

// stem cuts the commonest English endings, so that charges meets charging.
func stem(w string) string {
	for _, ending := range []string{"ingly", "edly", "ing", "ies", "ed", "es", "ly", "s", "e", "y"} {
		if len(w) >= len(ending)+3 && strings.HasSuffix(w, ending) {
			return w[:len(w)-len(ending)]
		}
	}
	return w
}

const functionWords = ` a an the i you he she it we they me my your his her its our their this that these those
 is are was were be been am do does did have has had will would can could should may might must
 and or but if so as of in on at to for from by with about into over after than then too very just
 not no n't 's 're 've 'll 'd 'm what which who when where how all any some more most such only own same there here
 really get got `

const functionHan = `的了是我你他她它们这那个一在有和就也都很不没还又与及或吧呢吗啊哦着过得地被把让给对从到为以之其而且但因所么什怎样些此每各上下里中后前来去说要会能可用人家`

func wordWeight(w string) float64 {
	if strings.Contains(functionWords, " "+w+" ") {
		return 0.15
	}
	return cmp.Or(min(1, 0.4+float64(len(w))*0.1), 1)
}

func hanWeight(c string) float64 {
	if strings.Contains(functionHan, c) {
		return 0.15
	}
	return 1
}

func featureHash(s string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, s)
	return binary.BigEndian.Uint64(h.Sum(nil))
}
