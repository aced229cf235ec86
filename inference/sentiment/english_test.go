package sentiment_test

import (
	"context"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"athanor/inference/sentiment"
)

// labels are the verdicts that the word lists of both languages give.
func checkLabels(t *testing.T, want map[string]sentiment.Label) {
	t.Helper()
	a := lexicons(t)
	for text, label := range want {
		if v := analyze(t, a, text); v.Label != label {
			t.Errorf("%q is %s (%+.2f, %s), want %s", text, v.Label, v.Score, v.Method, label)
		}
	}
}

const (
	good = sentiment.Positive
	bad  = sentiment.Negative
	none = sentiment.Neutral
)

func TestEnglishPhrases(t *testing.T) {
	checkLabels(t, map[string]sentiment.Label{
		"It could not be better": good, "couldn't be worse": bad, "It could be better.": bad, "could be worse": good,
		"can't recommend this shop enough": good, "can't recommend it": bad, "worth every penny": good, "not worth every penny": bad,
		"nothing but praise for them": good, "nothing but problems": bad, "pretty bad": bad, "super uncomfortable": bad, "super comfy": good,
		"<b>great</b> &amp; cheap": good, "<p class=x>awful</p>": bad, "I <3 it": good, "don&#39;t like it": bad, "soooo goooood": good, "I’m not happy": bad, "yeah, right": bad, `what "great" quality`: bad, "size L": none,
		"I can recommend. Enough about that": good, // a phrase ends with its clause
		"I loved it, but it stopped working": bad,
	})
}

func TestRatings(t *testing.T) {
	checkLabels(t, map[string]sentiment.Label{
		"10/10": good, "1/10": bad, "4.5/5": good, "5 stars": good, "one star": bad, "zero stars": bad, "8 out of 10": good, "2 out of 10.": bad,
		"⭐⭐⭐⭐⭐": good, "★★★★☆": good, "★☆☆☆☆": bad, "give it 2 stars": bad,
		"the two stars of the film": none, "on 10/10 we left": none, "one of 10/10 of them": none, "24/7": none, "5 star hotel in town": none, "12 34": none,
		"5星": good, "1颗星": bad, "五星好评": good, "一星都不想给": bad, "满分": good, "0分": bad, "100分": good, "9/10，推荐": good,
		"五星级酒店": none, "5星级酒店": none, "10分钟": none, "星期一": none, "666": none, "房间号666号": none, "太666": good, "老板666！": good,
	})
}

func TestEmojiAndOtherWritings(t *testing.T) {
	checkLabels(t, map[string]sentiment.Label{
		"👍": good, "👎👎": bad, "👍🏽": good, "❤️": good, "💔": bad, "😡": bad, "孩子用👍": good, "这个👎": bad,
		"ＶＥＲＹ　ＧＯＯＤ！": good, "服務態度很好，非常滿意": good, "質量太差": bad, "真是“好”产品": bad, "真是好产品": good,
		"🚗": none, "→": none, "☆": none,
	})
	v := analyze(t, lexicons(t), "非常滿意，ｇｏｏｄ")
	for _, token := range v.Tokens {
		if token.Text != v.Text[token.Start:token.End] {
			t.Errorf("token %+v does not stand in %q", token, v.Text)
		}
	}
}

// TestEverydayTexts: short texts as people write them, with every verdict that a
// reader might give.
func TestEverydayTexts(t *testing.T) {
	b, err := os.ReadFile("testdata/everyday.tsv")
	if err != nil {
		t.Fatal(err)
	}
	a := studio(t)
	right, all := map[string]int{}, map[string]int{}
	for line := range strings.Lines(string(b)) {
		want, text, _ := strings.Cut(strings.TrimSpace(line), "\t")
		lang := "en"
		if strings.ContainsFunc(text, func(r rune) bool { return r >= 0x4E00 && r <= 0x9FFF }) {
			lang = "zh"
		}
		v := analyze(t, a, text)
		all[lang]++
		if strings.Contains(","+want+",", ","+string(v.Label)+",") {
			right[lang]++
		} else {
			t.Logf("%q is %s (%+.2f), want %s", text, v.Label, v.Score, want)
		}
	}
	t.Logf("right %v of %v", right, all)
	for lang, n := range all {
		if right[lang]*100 < 90*n {
			t.Errorf("%s: %d of %d are right", lang, right[lang], n)
		}
	}
}

// TestTextsWithoutBasis: what tells nothing gets no verdict, however short models
// make such texts look telling.
func TestTextsWithoutBasis(t *testing.T) {
	a := studio(t)
	for _, text := range []string{"qwrtzp", "xkcd vwq", "👤", "12 34", "٣٤"} {
		if v := analyze(t, a, text); v.Label != none || v.Confidence != 0 || v.Method != sentiment.NoBasis {
			t.Errorf("%q: %+v", text, v)
		}
	}
}

// TestLongRunsTakeNoLonger: a megabyte of one thing takes time in proportion.
func TestLongRunsTakeNoLonger(t *testing.T) {
	a := lexicons(t)
	for _, unit := range []string{"☆", "★☆", "5 ", "can't recommend ", "so", "!", "好☆", "\"", "9/"} {
		start := time.Now()
		analyze(t, a, strings.Repeat(unit, sentiment.Longest/len(unit)))
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("a megabyte of %q took %v", unit, took)
		}
	}
}

// FuzzEnglish: tokens stand in the text, in order, and their shares sum to the score.
func FuzzEnglish(f *testing.F) {
	for _, seed := range []string{"can't recommend it enough", "5 stars 👍🏽 ⭐⭐", "ｇｏｏｄ… “great” ’", "\xff★☆☆☆☆", "sooooo good but could not be worse", "8 out of 10", "10/10/5", "<b>bad</b>&amp;&nbsp;<3 <"} {
		f.Add(seed)
	}
	e, err := sentiment.NewEnglish()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, tokens, err := e.Explain(context.Background(), text)
		if err != nil {
			t.Fatal(err)
		}
		sum, scores := 0.0, []sentiment.Opinion(nil)
		for _, token := range tokens {
			if token.Start < 0 || token.End > len(text) || token.Start >= token.End || text[token.Start:token.End] != token.Text {
				t.Fatalf("token %+v of %q", token, text)
			}
			sum += token.Share
		}
		if scores, err = e.Score(context.Background(), []string{text}); err != nil || scores[0] != o {
			t.Errorf("alone %+v, explained %+v (%v)", scores, o, err)
		}
		if math.Abs(sum-o.Score) > 1e-6 && math.Abs(o.Score) < 1 {
			t.Errorf("%q: shares sum to %v, score %v", text, sum, o.Score)
		}
	})
}

// swapped are sentences in which {} stands for a person or a brand, and what may stand
// there.
func swapped(t *testing.T, a *sentiment.Analyzer, sentence string, names []string) (low, high float64, labels map[sentiment.Label]bool) {
	t.Helper()
	low, high, labels = 1, -1, map[sentiment.Label]bool{}
	for _, name := range names {
		v := analyze(t, a, strings.Replace(sentence, "{}", name, 1))
		low, high, labels[v.Label] = min(low, v.Score), max(high, v.Score), true
	}
	return low, high, labels
}

// TestNamesDoNotDecide: whoever or whatever is named, a sentence with a feeling keeps its
// verdict, and one without hardly moves.
func TestNamesDoNotDecide(t *testing.T) {
	a := studio(t)
	for _, c := range []struct {
		names            string
		feeling, without []string
	}{
		{
			"他 她 爸爸 妈妈 张伟 王芳 李娜 买买提 卓玛 约翰 玛丽 北京人 河南人 新疆人 台湾人 日本人 美国人 印度人",
			[]string{"{}很喜欢这个礼物。", "{}非常失望，要求退货。"},
			[]string{"{}买了这个产品。", "{}在前台办理了入住。", "我把书借给了{}。"},
		},
		{
			"He She John Mary Emily Jamal Lakisha Wei Mohammed Priya Juan Apple Samsung Huawei",
			[]string{"{} loves this gift.", "{} was very disappointed and wants a refund."},
			[]string{"{} bought this product.", "{} said the parcel has arrived.", "I lent the book to {}."},
		},
	} {
		names := strings.Fields(c.names)
		for _, sentence := range c.feeling {
			if _, _, labels := swapped(t, a, sentence, names); len(labels) != 1 {
				t.Errorf("%s: the verdict changes with the name: %v", sentence, labels)
			}
		}
		for _, sentence := range c.without {
			low, high, _ := swapped(t, a, sentence, names)
			t.Logf("%s %+.3f to %+.3f", sentence, low, high)
			if high-low > 0.45 {
				t.Errorf("%s: the score goes from %+.3f to %+.3f with the name", sentence, low, high)
			}
		}
	}
}
