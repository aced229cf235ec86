package message

import (
	"athanor/app/reviews"
	"athanor/inference/sentiment"
)

// texts are errors of judging texts and files of reviews.
func texts() []entry {
	return []entry{
		{
			errs: []error{sentiment.ErrModel},
			what: [2]string{"This model does not judge texts.", "该模型不能判断文本。"},
			do:   [2]string{"Choose one that was trained on texts, or train one on reviews of your own: open them on the Data screen.", "请选择用文本训练的模型，或在“数据”页打开自己的评论训练一个。"},
		},
		{
			errs: []error{sentiment.ErrCorrection},
			what: [2]string{"The correction cannot be learnt.", "无法学习这条纠正。"},
			do:   [2]string{"It needs a text with words in it and one of the verdicts the model gives. Earlier corrections are as they were.", "需要包含文字的文本，以及模型能够给出的一种判断。之前的纠正保持不变。"},
		},
		{
			errs: []error{sentiment.ErrLanguage},
			what: [2]string{"There is no such language here.", "这里没有这种语言。"},
			do:   [2]string{"Choose auto, en or zh.", "请选择 auto、en 或 zh。"},
		},
		{
			errs: []error{reviews.ErrColumn},
			what: [2]string{"No column with texts was found.", "没有找到文本列。"},
			do:   [2]string{"Choose the column of the reviews yourself; the details name the columns there are.", "请自行选择评论所在的列；详细信息列出了现有的列。"},
		},
		{
			errs: []error{reviews.ErrResume},
			what: [2]string{"The judging cannot go on where it stopped.", "无法从停下的地方继续。"},
			do:   [2]string{"Judge the file from its beginning. It was not changed.", "请从头判断该文件。原文件没有改动。"},
		},
		{
			errs: []error{reviews.ErrOutput, reviews.ErrScored},
			what: [2]string{"The judged rows cannot be kept or read there.", "无法在那里保存或读取判断结果。"},
			do:   [2]string{"Choose another name that ends in .csv, .tsv or .jsonl, in a folder you may write. The reviews themselves were not changed.", "请换一个以 .csv、.tsv 或 .jsonl 结尾的名称，并选择可写入的文件夹。评论原文没有改动。"},
		},
	}
}
