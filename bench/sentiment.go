package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"athanor/inference/sentiment"
)

// sentimentBench is what the sentiment part's measurements share.
type sentimentBench struct {
	data  string // folder of the test data
	root  string
	pairs string
	kinds string // Chinese reviews of kinds that no model was trained on
	a     *sentiment.Analyzer
	b     *bench

	right     map[string]float64 // accuracy by set of texts
	worst     float64            // calibration error of the held-out sets
	vader     float64            // tweets a second
	ratios    [2]float64         // of speed: to vaderSentiment, to SnowNLP
	kinds80   [2]int             // right of the reviews of other kinds: ours, SnowNLP
	sameSplit bool               // the reviews held out are those of the shipped model's training
}

// sentiments measures verdicts and speed of both languages beside VADER's
// Python reference and SnowNLP.
func sentiments(ctx context.Context, b *bench) (section, error) {
	a, missing, closeModels := sentiment.NewDefault()
	defer closeModels()
	if missing != nil {
		return section{}, missing
	}
	s := &sentimentBench{
		data: filepath.Dir(b.mnist), root: b.root, a: a, b: b, right: map[string]float64{},
		pairs: filepath.Join(b.root, "inference", "sentiment", "testdata", "pairs.tsv"),
		kinds: filepath.Join(b.root, "inference", "sentiment", "testdata", "kinds.tsv"),
	}
	out := section{title: "Sentiment", text: "Held-out reviews are those the shipped model's own split kept apart; " +
		"duplicates lie on one side. Pairs are 200 minimal pairs written for this project, one word or negation apart; neither SnowNLP nor our models were trained on them, but the blend's Short was chosen with them in view. Reviews of other kinds are 80 of films, restaurants, apps, courses, travel, games, services and music, " +
		"written for this project before any model was asked about them."}
	for _, measure := range []func(context.Context) (table, error){s.quality, s.categories, s.english, s.speed, s.limits} {
		t, err := measure(ctx)
		if err != nil {
			return section{}, err
		}
		out.tables = append(out.tables, t)
	}
	if !s.sameSplit {
		out.text += " **The data's fingerprint is not the one in the model's card: the rows called held out may not be those kept from training.**"
	}
	return out, nil
}

// labelled is a text with its true polarity.
type labelled struct {
	text     string
	positive bool
	group    string
}

// polarity is how often verdicts were right, and how far from honest.
type polarity struct {
	n, right int
	bins     [15]struct{ sure, right, n float64 }
}

func (o *polarity) add(v sentiment.Verdict, positive bool) {
	o.n++
	p := (1 + math.Abs(v.Score)) / 2
	bin := &o.bins[min(14, int(p*15))]
	bin.n++
	bin.sure += p
	if v.Score != 0 && (v.Score > 0) == positive {
		o.right++
		bin.right++
	}
}

func (o *polarity) accuracy() float64 { return float64(o.right) / float64(max(1, o.n)) }

// calibration is the expected calibration error over 15 bins.
func (o *polarity) calibration() float64 {
	sum := 0.0
	for _, b := range o.bins {
		sum += math.Abs(b.sure - b.right)
	}
	return sum / float64(max(1, o.n))
}

func judgeAll(ctx context.Context, a *sentiment.Analyzer, lang string, set []labelled) (polarity, error) {
	var o polarity
	texts := make([]string, len(set))
	for i, l := range set {
		texts[i] = l.text
	}
	verdicts, err := a.All(ctx, texts, sentiment.Options{Lang: lang})
	if err != nil {
		return o, err
	}
	for i, v := range verdicts {
		o.add(v, set[i].positive)
	}
	return o, nil
}

// Names of the sets that have a goal.
const (
	heldName   = "online_shopping, held out"
	sstName    = "SST-2 test"
	amazonName = "VADER's amazon ground truth, polarity"
)

// quality compares the studio's verdicts with the lexicons' alone.
func (s *sentimentBench) quality(ctx context.Context) (table, error) {
	t := table{head: []string{"texts", "n", "studio", "its calibration error", "lexicon alone"}}
	lexicons, err := sentiment.NewLexicons()
	if err != nil {
		return t, err
	}
	held, err := s.heldOut(ctx)
	if err != nil {
		return t, err
	}
	sst, err1 := s.sst("test.tsv")
	amazon, err2 := s.groundTruth("amazonReviewSnippets_GroundTruth.txt")
	pairs, err3 := s.readPairs()
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return t, err
		}
	}
	for _, c := range []struct {
		name, lang string
		set        []labelled
	}{
		{heldName, "zh", held},
		{sstName, "en", sst},
		{amazonName, "en", amazon},
		{"pairs, Chinese texts", "zh", pairs[:200]},
		{"pairs, English texts", "en", pairs[200:]},
	} {
		ours, err := judgeAll(ctx, s.a, c.lang, c.set)
		if err != nil {
			return t, err
		}
		plain, err := judgeAll(ctx, lexicons, c.lang, c.set)
		if err != nil {
			return t, err
		}
		s.right[c.name] = ours.accuracy()
		if strings.Contains(c.name, "held out") || strings.Contains(c.name, "SST") {
			s.worst = max(s.worst, ours.calibration())
		}
		t.rows = append(t.rows, []string{c.name, thousands(float64(ours.n)), percent(ours.accuracy()), fmt.Sprintf("%.4f", ours.calibration()), percent(plain.accuracy())})
	}
	return t, nil
}

// categories splits the held-out reviews by category.
func (s *sentimentBench) categories(ctx context.Context) (table, error) {
	t := table{head: []string{"held-out category", "n", "accuracy"}}
	held, err := s.heldOut(ctx)
	if err != nil {
		return t, err
	}
	groups := map[string][]labelled{}
	for _, l := range held {
		groups[l.group] = append(groups[l.group], l)
	}
	var names []string
	for name := range groups {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		o, err := judgeAll(ctx, s.a, "zh", groups[name])
		if err != nil {
			return t, err
		}
		t.rows = append(t.rows, []string{name, thousands(float64(o.n)), percent(o.accuracy())})
	}
	return t, nil
}

// speed runs ours and the Python peers in one go.
func (s *sentimentBench) speed(ctx context.Context) (table, error) {
	t := table{head: []string{"speed", "ours", "peer", "ratio"}}
	peer, err := s.peers(ctx)
	if err != nil {
		return t, err
	}
	tweets, err := s.groundTruth("tweets_GroundTruth.txt")
	if err != nil {
		return t, err
	}
	vader := vaderRate(tweets)
	reviews, err := s.shopping()
	if err != nil {
		return t, err
	}
	learned, slowest, err := s.learnedRate(ctx, reviews)
	if err != nil {
		return t, err
	}
	others, err := s.otherKinds()
	if err != nil {
		return t, err
	}
	ours, err := judgeAll(ctx, s.a, "zh", others)
	if err != nil {
		return t, err
	}
	s.vader, s.ratios, s.kinds80 = vader, [2]float64{vader / peer.VADER, learned / peer.SnowNLP}, [2]int{ours.right, peer.Kinds}
	t.rows = [][]string{
		{"VADER, tweets a second, two cores (peer: vaderSentiment 3.3.2)", thousands(vader), thousands(peer.VADER), times(vader / peer.VADER)},
		{"Chinese reviews a second (peer: SnowNLP 0.12.3)", thousands(learned), thousands(peer.SnowNLP), times(learned / peer.SnowNLP)},
		{"one Chinese text, 99 % within", slowest.Round(10 * time.Microsecond).String(), "", ""},
		{"right of the 200 Chinese texts of the pairs", "see above", fmt.Sprintf("%d (SnowNLP)", peer.Right), ""},
		{fmt.Sprintf("right of %d Chinese reviews of other kinds", ours.n), strconv.Itoa(ours.right), fmt.Sprintf("%d (SnowNLP)", peer.Kinds), ""},
	}
	return t, nil
}

// peerSpeed is what peer.py prints.
type peerSpeed struct {
	VADER   float64 `json:"vader_per_second"`
	SnowNLP float64 `json:"snownlp_per_second"`
	Right   int     `json:"snownlp_right"`
	Kinds   int     `json:"snownlp_kinds"`
}

func (s *sentimentBench) peers(ctx context.Context) (peerSpeed, error) {
	folder := filepath.Join(s.root, "bench", "peers", "sentiment")
	command := exec.CommandContext(ctx, filepath.Join(folder, ".venv", "bin", "python"), filepath.Join(folder, "peer.py"), //nolint:gosec // our own script
		filepath.Join(s.data, "en-sentiment", "vader", "tweets_GroundTruth.txt"), s.shoppingPath(), s.pairs, s.kinds)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return peerSpeed{}, fmt.Errorf("run the sentiment peers (install them with bench/peers/sentiment/setup): %w", err)
	}
	var p peerSpeed
	if err := json.Unmarshal(out, &p); err != nil {
		return p, fmt.Errorf("read the sentiment peers' answer %q: %w", strings.TrimSpace(string(out)), err)
	}
	return p, nil
}

// vaderRate is texts a second on two goroutines, over a second or more.
func vaderRate(set []labelled) float64 {
	v := sentiment.NewVADER()
	const rounds = 100
	start := time.Now()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range rounds {
				for _, l := range set {
					v.Score(l.text)
				}
			}
		})
	}
	wg.Wait()
	return 2 * rounds * float64(len(set)) / time.Since(start).Seconds()
}

// learnedRate is reviews a second in one batch, and the time within which 99 %
// of single texts are answered.
func (s *sentimentBench) learnedRate(ctx context.Context, set []labelled) (rate float64, slowest time.Duration, err error) {
	texts := make([]string, 0, 20000)
	for _, l := range set[:min(len(set), 20000)] {
		texts = append(texts, l.text)
	}
	start := time.Now()
	if _, err := s.a.All(ctx, texts, sentiment.Options{}); err != nil {
		return 0, 0, err
	}
	rate = float64(len(texts)) / time.Since(start).Seconds()
	took := make([]time.Duration, 0, 1000)
	for _, t := range texts[:1000] {
		start := time.Now()
		if _, err := s.a.One(ctx, t, sentiment.Options{}); err != nil {
			return 0, 0, err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return rate, took[989], nil
}
