package health

import "testing"

func TestDetailsAreSaidInChinese(t *testing.T) {
	for english, chinese := range map[string]string{
		"891 different values in 891 rows":                            "891 行中有 891 种不同的值",
		"90 numbers, 0 dates, 10 texts":                               "90 个数字、0 个日期、10 个文本",
		"outside 1 … 9.5, the values reach from -3 to 400":            "超出 1 … 9.5，取值范围为 -3 到 400",
		`"NA" 3 times, empty 5 times`:                                 `"NA" 3 次, 空 5 次`,
		" (2 empty)":                                                  "（其中 2 个为空）",
		"train, validation or test":                                   "训练集、验证集或测试集",
		"a name of a column that says empty and stays as it was told": "a name of a column that says empty and stays as it was told",
	} {
		f := Finding{Detail: english}
		if got := f.detail("zh"); got != chinese {
			t.Errorf("%q is said as %q, want %q", english, got, chinese)
		}
		if got := f.detail("en"); got != english {
			t.Errorf("English changed to %q", got)
		}
	}
}
