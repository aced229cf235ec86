package widgets

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestChineseLinesAreFull: lines break between characters, never before a closing sign
// or after an opening one, and words and numbers of other scripts stay whole.
func TestChineseLinesAreFull(t *testing.T) {
	wide := func(s string) float32 {
		n := 0
		for _, r := range s {
			n++
			if r >= firstCJK {
				n++
			}
		}
		return float32(n)
	}
	for text, want := range map[string]string{
		"首页 › 从数字开始 › 开始。曲线会自己画出来": "首页 › 从数字开\n始 › 开始。曲线\n会自己画出来",
		"每类至少 5 张，30 张效果很好。":       "每类至少 5 张，\n30 张效果很好。",
		"每次训练都有 model.onnx，标签":     "每次训练都有\nmodel.onnx，标\n签",
		"它们（包括图片和文字）":              "它们（包括图片\n和文字）",
		"第一行很短\n第二行":               "第一行很短\n第二行",
		"":                         "",
	} {
		got := broken(text, 15, wide)
		if got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
		for line := range strings.Lines(got) {
			first, _ := utf8.DecodeRuneInString(line)
			if strings.ContainsRune(closers, first) || wide(strings.TrimSpace(line)) > 16 {
				t.Errorf("%q has the line %q", got, line)
			}
		}
	}
}
