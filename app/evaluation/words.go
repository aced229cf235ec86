package evaluation

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Note is a remark about a measurement: a format, as fmt takes it, and what it
// is filled with.
type Note struct {
	format string
	args   []any
}

// String is the note in English.
func (n Note) String() string { return n.In("en") }

// In is the note in a language: "zh…" is Chinese, everything else English. What
// the runtime or a driver said stays as it is.
func (n Note) In(language string) string { return wordsOf(language).say(n.format, n.args...) }

// MarshalJSON writes the English text.
func (n Note) MarshalJSON() ([]byte, error) { return json.Marshal(n.String()) }

// words turn the report's English into the reader's language. English texts are
// their own keys, so that the template can be read.
type words map[string]string

func wordsOf(language string) words {
	if strings.HasPrefix(language, "zh") {
		return chinese()
	}
	return nil
}

// say is a text, filled with args as fmt.Sprintf does.
func (w words) say(text string, args ...any) string {
	if own, ok := w[text]; ok {
		text = own
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// chinese is every text of the report; a test finds the missing ones.
func chinese() words {
	return words{
		"image": "图像", "text": "文本", "table": "表格",
		"part test": "测试集", "part validation": "验证集", "part train": "训练集", "part all": "全部数据", "part learning": "训练集与验证集",
		"%d samples": "%d 个样本",

		"accuracy": "准确率", "95 % interval": "95% 置信区间", "largest class": "始终猜最大类", "macro F1": "宏平均 F1", "calibration error": "校准误差",
		"%s, a second's work": "基线：%s（训练一秒）", "%s, R²": "基线：%s，R²", "one answer": "单次推理",
		"mean absolute error": "平均绝对误差", "root mean squared error": "均方根误差", "error of answering the mean": "始终回答均值的误差",
		"logistic regression": "逻辑回归", "naive Bayes over the same tokens": "相同词元上的朴素贝叶斯", "linear regression": "线性回归",

		"data": "数据", "latency of one answer": "单次推理延迟", "%.3f ms median, %.3f ms 99th percentile": "中位数 %.3f 毫秒，第 99 百分位 %.3f 毫秒",
		"throughput": "吞吐量", "%.0f samples/s in batches of %d": "每秒 %.0f 个样本（批大小 %d）",
		"size": "大小", "%.2f MB; peak memory while measuring %d MB": "%.2f MB；测量时内存峰值 %d MB",
		"training": "训练时间", "%.1f s": "%.1f 秒", "energy": "能耗",
		"%.0f J to train, %.2f J for a thousand answers":     "训练 %.0f 焦，每千次推理 %.2f 焦",
		"this machine has no power counter that may be read": "本机没有可读取的功耗计数器",
		"balanced accuracy": "平衡准确率", "macro precision, recall": "宏平均精确率、召回率",
		"weighted precision, recall, F1": "加权精确率、召回率、F1", "area under ROC, macro and weighted": "ROC 曲线下面积（宏平均、加权）",
		"average precision, macro": "平均精确率（宏平均）", "Cohen's κ, Matthews": "Cohen κ、马修斯相关系数", "log loss, Brier score": "对数损失、Brier 分数",
		"right class among the best %d":  "正确类别在前 %d 名之内",
		"median absolute, largest error": "绝对误差中位数、最大误差", "explained variance": "解释方差", "mean relative error": "平均相对误差",

		"Numbers": "数值", "Classes": "各类别", "class": "类别", "precision": "精确率", "recall": "召回率", "samples": "样本数",
		"Reliability": "可靠性图", "How often the model is right when it is that sure. On the diagonal it means what it says; below, it is too sure.": "模型有多大把握时实际正确的比例。落在对角线上表示名副其实，低于对角线表示过于自信。",
		"Receiver operating characteristic": "ROC 曲线", "One class against the rest, the hardest classes first, with the area under the curve.": "每个类别对其余类别，最难的在前，附曲线下面积。",
		"Precision and recall": "精确率与召回率", "One class against the rest, with the average precision.": "每个类别对其余类别，附平均精确率。",
		"Residuals": "残差", "Predicted minus actual, over the prediction.": "预测值减实际值，按预测值排列。",
		"Errors": "误差分布", "How many samples have which residual.": "各残差区间内的样本数。",
		"confidence": "置信度", "false positive rate": "假阳性率", "true positive rate": "真阳性率", "predicted": "预测值", "residual": "预测值减实际值",

		"Confusion: a row a true class, a column an answer": "混淆矩阵：每行是真实类别，每列是模型回答",
		"Slices, the worst first":                           "切片，最差的在前", "value": "取值", "log loss": "对数损失", "(empty)": "（空）", "no sample has this value": "没有样本取此值",
		Brightness: "亮度", Length: "长度", Language: "语言", Missing: "缺失", Rare: "样本少于 5 个的值",
		"Fairness: the largest differences between groups": "公平性：各组之间的最大差距",
		"Demographic parity compares how often an answer is given, equal opportunity how often it is found where it is true. Groups of fewer than 20 samples are not compared.": "人口统计均等比较各组被给出某个回答的比例，机会均等比较真实为该类时被找出的比例。少于 20 个样本的组不参与比较。",
		"column": "列", "measure": "度量", "answer": "回答", "gap": "差距", "highest": "最高", "lowest": "最低",
		"demographic parity": "人口统计均等", "equal opportunity": "机会均等",
		"Disturbed samples": "受扰动的样本", "disturbance": "扰动", "strength": "强度", "before": "之前", "after": "之后",
		"noise": "噪声", "blur": "模糊", "shift": "平移", "darker": "变暗", "typos": "错别字", "missing cells": "缺失单元格",
		"Worst mistakes": "最严重的错误", "sample": "样本", "true": "真实", "loss": "损失", "content": "内容",

		unevenNote: "模型给出的概率之和不为一：已逐个除以其总和",
		logitsNote: "模型给出了负数：按 logits 处理，用 softmax 转换为概率",
		unseenNote: "有 %d 个样本属于模型不认识的类别 %q：已排除",
	}
}

// The remarks that a measurement may leave.
const (
	unevenNote = "the model's answers do not sum to one: each was divided by its sum"
	logitsNote = "the model answers with negative numbers: they are taken as logits, and softmax makes probabilities of them"
	unseenNote = "%d samples are of class %q, which the model does not know: they are left out"
)
