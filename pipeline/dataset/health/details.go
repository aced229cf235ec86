package health

import "regexp"

// detail is the finding's detail in a language: names and numbers are the same in
// all, the words around them are not.
func (f Finding) detail(language string) string {
	text := f.Detail
	if language != "zh" {
		return text
	}
	for _, p := range [][2]string{
		{`^(\d+) different values in (\d+) rows$`, "$2 行中有 $1 种不同的值"},
		{`^(\d+) numbers, (\d+) dates, (\d+) texts$`, "$1 个数字、$2 个日期、$3 个文本"},
		{`^outside (\S+) … (\S+), the values reach from (\S+) to (\S+)$`, "超出 $1 … $2，取值范围为 $3 到 $4"},
		{`^train, validation or test$`, "训练集、验证集或测试集"},
		{`^ \((\d+) empty\)$`, "（其中 $1 个为空）"},
		{`^no value$`, "没有值"},
		{`\bempty (\d+) times`, "空 $1 次"},
		{` (\d+) times`, " $1 次"},
	} {
		text = regexp.MustCompile(p[0]).ReplaceAllString(text, p[1])
	}
	return text
}
