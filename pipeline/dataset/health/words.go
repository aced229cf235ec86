package health

import (
	"strconv"
	"strings"
)

// said is a finding's title and sentence in one language.
type said struct{ title, message string }

// Title names the kind of finding in a language, "en" or "zh".
func (f Finding) Title(language string) string { return f.words(language).title }

// Message says what was found in a language, "en" or "zh".
func (f Finding) Message(language string) string {
	share := "0"
	if f.Of > 0 {
		share = strconv.FormatFloat(100*float64(f.Count)/float64(f.Of), 'f', 1, 64)
	}
	return strings.NewReplacer(
		"{count}", strconv.Itoa(f.Count), "{of}", strconv.Itoa(f.Of), "{share}", share, "{column}", f.Column, "{detail}", f.detail(language),
	).Replace(f.words(language).message)
}

func (f Finding) words(language string) said {
	table := english()
	if language == "zh" {
		table = chinese()
	}
	if s, ok := table[f.Kind]; ok {
		return s
	}
	return said{string(f.Kind), string(f.Kind) + ": {count}"}
}

func english() map[Kind]said {
	return map[Kind]said{
		Unreadable:     {"Unreadable files", "{count} of {of} files cannot be read: {detail}"},
		EmptyFile:      {"Empty files", "{count} of {of} files hold no byte"},
		WrongType:      {"Wrong type", "{count} of {of} files are of another kind than the rest: {detail}"},
		Changed:        {"Changed while read", "{count} files changed while they were read; check again when nobody writes them"},
		PassedOver:     {"Passed over", "{count} entries were passed over: {detail}"},
		EmptyText:      {"Empty texts", "{count} of {of} texts are empty"},
		Missing:        {"Missing cells", "column {column}: {count} of {of} cells are missing ({share} %), written as {detail}"},
		MissingLabel:   {"Missing labels", "{count} of {of} samples have no label"},
		Duplicates:     {"Duplicates", "{count} of {of} samples repeat an earlier one exactly{detail}"},
		NearDuplicates: {"Near duplicates", "{count} of {of} samples are nearly the same as an earlier one; they stay on one side of a split"},
		Alike:          {"Made from a template", "{count} of {of} samples of class {column} are nearly the same; where a class has little else they are divided by the split, only equal ones staying together, and the score flatters"},
		Leak:           {"Leak between parts", "{count} samples stand in two parts, {detail}: the score would flatter"},
		Conflict:       {"Two labels for one sample", "{count} samples repeat another one with a different label"},
		Imbalance:      {"Imbalance", "class {column} has {detail} times the samples of the smallest; class weights help"},
		TinyClass:      {"Tiny class", "class {column} has only {count} samples"},
		OneClass:       {"One class", "all {count} samples have the label {column}; nothing can be learnt"},
		ManyClasses:    {"Many classes", "{count} different labels; if the label is a quantity, train it as a number"},
		Constant:       {"Constant column", "column {column} is the same in every row: {detail}"},
		Identifying:    {"Identifying column", "column {column} names the rows instead of describing them: {detail}"},
		Outliers:       {"Outliers", "column {column}: about {count} of {of} values lie far outside the others: {detail}"},
		MixedTypes:     {"Mixed types", "column {column}: {count} of {of} values are of another type than the rest: {detail}"},
		MixedSizes:     {"Mixed sizes", "{count} different picture sizes, {detail}; all are resized"},
		MixedModes:     {"Mixed colour modes", "{count} of {of} pictures have another colour mode than the rest: {detail}; all become RGB"},
		Orientation:    {"Turned by EXIF", "{count} of {of} pictures are stored turned; they are put upright on reading"},
		Spelling:       {"Labels written differently", "{count} samples have a label that differs from another only in spaces or case: {detail}"},
		Spaces:         {"Stray spaces", "column {column}: {count} of {of} cells have spaces around their value; they are ignored"},
		Sorted:         {"Sorted", "the samples are sorted by {column} ({count} runs); they are shuffled for splits and training"},
		BadRows:        {"Rows left out", "{count} rows: {detail}"},
		Damaged:        {"Damaged text", "column {column}: {count} of {of} cells hold NUL or bytes that are no text in this character set"},
	}
}

func chinese() map[Kind]said {
	return map[Kind]said{
		Unreadable:     {"无法读取的文件", "{of} 个文件中有 {count} 个无法读取：{detail}"},
		EmptyFile:      {"空文件", "{of} 个文件中有 {count} 个没有任何内容"},
		WrongType:      {"类型不符", "{of} 个文件中有 {count} 个与其余文件类型不同：{detail}"},
		Changed:        {"读取时被修改", "{count} 个文件在读取时发生了变化；请在无人写入时重新检查"},
		PassedOver:     {"已跳过", "跳过了 {count} 项：{detail}"},
		EmptyText:      {"空文本", "{of} 条文本中有 {count} 条为空"},
		Missing:        {"缺失值", "列 {column}：{of} 个单元格中缺失 {count} 个（{share}%），写作 {detail}"},
		MissingLabel:   {"缺失标签", "{of} 个样本中有 {count} 个没有标签"},
		Duplicates:     {"重复样本", "{of} 个样本中有 {count} 个与前面的完全相同{detail}"},
		NearDuplicates: {"近似重复", "{of} 个样本中有 {count} 个与前面的几乎相同；划分时它们会留在同一侧"},
		Alike:          {"出自同一模板", "类别 {column} 的 {of} 个样本中有 {count} 个几乎相同；如果该类别几乎没有其他样本，划分时会把它们分到两侧（完全相同的仍在同一侧），得分会偏高"},
		Leak:           {"数据泄漏", "{count} 个样本同时出现在两个部分（{detail}）：得分会虚高"},
		Conflict:       {"同一样本两种标签", "{count} 个样本与另一个相同却标签不同"},
		Imbalance:      {"类别不平衡", "类别 {column} 的样本数是最小类别的 {detail} 倍；可使用类别权重"},
		TinyClass:      {"样本过少的类别", "类别 {column} 只有 {count} 个样本"},
		OneClass:       {"只有一个类别", "全部 {count} 个样本的标签都是 {column}；无法学习"},
		ManyClasses:    {"类别过多", "共有 {count} 种标签；如果标签是数量，请按数值训练"},
		Constant:       {"常量列", "列 {column} 每一行都相同：{detail}"},
		Identifying:    {"标识列", "列 {column} 是行的编号或名称，而不是特征：{detail}"},
		Outliers:       {"离群值", "列 {column}：{of} 个值中约有 {count} 个远离其余值：{detail}"},
		MixedTypes:     {"类型混杂", "列 {column}：{of} 个值中有 {count} 个与其余类型不同：{detail}"},
		MixedSizes:     {"尺寸不一", "共有 {count} 种图片尺寸，{detail}；都会被缩放"},
		MixedModes:     {"颜色模式不一", "{of} 张图片中有 {count} 张颜色模式不同：{detail}；都会转为 RGB"},
		Orientation:    {"EXIF 旋转", "{of} 张图片中有 {count} 张以旋转方式存储；读取时会自动摆正"},
		Spelling:       {"标签写法不一", "{count} 个样本的标签只在空格或大小写上与别的标签不同：{detail}"},
		Spaces:         {"多余空格", "列 {column}：{of} 个单元格中有 {count} 个值前后带空格；读取时忽略"},
		Sorted:         {"已排序", "样本按 {column} 排序（{count} 段）；划分和训练时会打乱"},
		BadRows:        {"被略过的行", "{count} 行：{detail}"},
		Damaged:        {"损坏的文本", "列 {column}：{of} 个单元格中有 {count} 个含 NUL 或不属于该字符集的字节"},
	}
}
