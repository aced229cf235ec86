// Package message turns any error into what happened and what to do now, in the
// person's language. It is the one place where errors meet people.
package message

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"athanor/app/datasets"
	"athanor/app/labelling"
	"athanor/app/store"
	"athanor/inference/attribution"
	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/vision"
	"athanor/pipeline/dataset/idx"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/dataset/table"
	"athanor/pipeline/explain"
	"athanor/pipeline/train"
)

// Message is an error as a person reads it.
type Message struct {
	What    string // what happened
	Do      string // what to do now
	Details string // the whole chain of causes, in English, for a report
}

// Of explains err in a language: "zh…" is Chinese, everything else English. A
// nil error is an empty message.
func Of(err error, language string) Message {
	if err == nil {
		return Message{}
	}
	chinese := strings.HasPrefix(language, "zh")
	for _, known := range entries() {
		for _, sentinel := range known.errs {
			if errors.Is(err, sentinel) {
				return known.in(chinese, err)
			}
		}
	}
	return unknown().in(chinese, err)
}

// entry explains a family of errors; each text is English, then Chinese.
type entry struct {
	errs []error
	what [2]string
	do   [2]string
}

func (e entry) in(chinese bool, err error) Message {
	i := 0
	if chinese {
		i = 1
	}
	return Message{What: e.what[i], Do: e.do[i], Details: err.Error()}
}

func unknown() entry {
	return entry{
		what: [2]string{"Something went wrong that Athanor has no words for.", "出现了意料之外的错误。"},
		do:   [2]string{"Read the details; they name the step that failed. Copy them if you report this.", "请查看详细信息，其中写明了出错的步骤；反馈问题时请一并复制。"},
	}
}

// entries is searched in order: the most exact causes come first.
func entries() []entry {
	return slices.Concat(machine(), services(), teaching(), texts(), data(), runs(), changes(), models())
}

func machine() []entry {
	return []entry{
		{
			errs: []error{syscall.ENOSPC},
			what: [2]string{"The disk is full.", "磁盘已满。"},
			do:   [2]string{"Free some space (Settings shows what checkpoints and captures take) and try again. What was saved before is intact.", "请清理一些空间（“设置”里能看到检查点和采集图片的占用）后重试。此前保存的内容完好无损。"},
		},
		{
			errs: []error{runtime.ErrLibraryMissing, runtime.ErrLibraryWrong},
			what: [2]string{"ONNX Runtime, which trains and runs the models, is not usable.", "用于训练和运行模型的 ONNX Runtime 无法使用。"},
			do:   [2]string{"Open Settings › Doctor: it names the one command that mends it.", "打开“设置 › 体检”，其中给出了一条修复命令。"},
		},
		{
			errs: []error{runtime.ErrDevice},
			what: [2]string{"The chosen device cannot be used.", "所选设备无法使用。"},
			do:   [2]string{"Choose CPU in Settings, or look at Settings › Doctor for what the device lacks.", "请在“设置”中选择 CPU，或在“设置 › 体检”查看设备缺少什么。"},
		},
		{
			errs: []error{vision.ErrNoCamera},
			what: [2]string{"No camera was found.", "没有找到摄像头。"},
			do:   [2]string{"Plug one in and try again. Pictures, videos and streams work without it.", "请接好摄像头后重试。没有摄像头也可以使用图片、视频和网络流。"},
		},
		{
			errs: []error{vision.ErrBusy},
			what: [2]string{"The camera is in use by another program.", "摄像头正被其他程序占用。"},
			do:   [2]string{"Close the other program (a video call, a browser tab) and try again.", "请关闭占用它的程序（视频会议、浏览器标签页）后重试。"},
		},
		{
			errs: []error{vision.ErrDenied, fs.ErrPermission},
			what: [2]string{"Athanor is not allowed to open this.", "没有权限打开。"},
			do:   [2]string{"Give your user the right to read it, or choose another place.", "请为当前用户开放读取权限，或换一个位置。"},
		},
		{
			errs: []error{context.DeadlineExceeded},
			what: [2]string{"There was no answer in time.", "等待超时，没有得到回应。"},
			do:   [2]string{"Check the address and the network, then try again.", "请检查地址和网络后重试。"},
		},
		{
			errs: []error{store.ErrLocked},
			what: [2]string{"Another process is working on this run.", "另一个进程正在使用这次训练。"},
			do:   [2]string{"Wait until it ends, or stop the other athanor first.", "请等它结束，或先停止另一个 athanor。"},
		},
		{
			errs: []error{store.ErrNewer},
			what: [2]string{"This was written by a newer version of Athanor.", "该内容由更新版本的 Athanor 写入。"},
			do:   [2]string{"Update the program, or choose another data folder. Nothing was changed.", "请更新程序，或换一个数据文件夹。没有改动任何内容。"},
		},
	}
}

func data() []entry {
	return []entry{
		{
			errs: []error{fs.ErrNotExist},
			what: [2]string{"The file or folder is not there any more.", "文件或文件夹不存在。"},
			do:   [2]string{"Was it moved, or is a disk not connected? Choose it again where it is now.", "是否被移动，或磁盘未连接？请重新选择它现在的位置。"},
		},
		{
			errs: []error{source.ErrUnknown},
			what: [2]string{"Nothing that Athanor can learn from was recognised.", "没有识别出可用于训练的数据。"},
			do:   [2]string{"Drop an IDX pair, a folder with one folder of pictures or texts per class, a CSV, TSV, JSONL or Parquet table, or a zip or tar of those.", "请拖入 IDX 文件对、按类别分文件夹的图片或文本、CSV、TSV、JSONL 或 Parquet 表格，或它们的 zip、tar 压缩包。"},
		},
		{
			errs: []error{source.ErrEmpty, idx.ErrEmpty, table.ErrEmpty},
			what: [2]string{"There is not one sample in it.", "里面没有任何样本。"},
			do:   [2]string{"Add samples and open it again.", "请添加样本后重新打开。"},
		},
		{
			errs: []error{source.ErrOneClass},
			what: [2]string{"All samples have the same label, so there is nothing to tell apart.", "所有样本的标签相同，没有可以区分的内容。"},
			do:   [2]string{"Add samples of a second class, or choose another label column.", "请添加另一类样本，或换一个标签列。"},
		},
		{
			errs: []error{table.ErrColumn},
			what: [2]string{"The table has no such column.", "表格中没有这一列。"},
			do:   [2]string{"Choose one of the columns shown on the Data screen.", "请在“数据”页显示的列中选择。"},
		},
		{
			errs: []error{source.ErrTask},
			what: [2]string{"The data do not fit the task.", "数据与任务不匹配。"},
			do:   [2]string{"Pictures need an image model, texts a text model, tables a table model: choose another model.", "图片、文本、表格各需要对应的模型，请换一个模型。"},
		},
		{
			errs: []error{idx.ErrFormat, idx.ErrTruncated, idx.ErrTooLarge, idx.ErrTrailing, idx.ErrCounts, idx.ErrLabel, idx.ErrNoPair, table.ErrFormat, vision.ErrBroken},
			what: [2]string{"The file is damaged or cut off.", "文件已损坏或不完整。"},
			do:   [2]string{"Get it again from where it came from; the details name the place that is wrong.", "请重新获取该文件；详细信息中写明了出错的位置。"},
		},
		{
			errs: []error{train.ErrRecipe},
			what: [2]string{"These settings cannot be trained.", "这些设置无法用于训练。"},
			do:   [2]string{"Reset the marked settings on the Train screen, or choose another model.", "请在“训练”页重置带标记的设置，或换一个模型。"},
		},
		{
			errs: []error{train.ErrFork},
			what: [2]string{"The run cannot go on from there with these settings.", "无法用这些设置从该处继续训练。"},
			do:   [2]string{"Keep the model and its sizes as they were, and ask for more epochs than are done; the details say which it is.", "请保持模型及其大小不变，并让总轮数大于已完成的轮数；详细信息说明了具体原因。"},
		},
		{
			errs: []error{train.ErrOtherRun},
			what: [2]string{"The saved state belongs to other settings or other data.", "保存的状态属于另一套设置或另一份数据。"},
			do:   [2]string{"The data or the recipe was changed since. Put it back, or fork the run to go on with the changes.", "数据或配方此后被改动过。请恢复原样，或对该运行分叉以带着改动继续。"},
		},
		{
			errs: []error{train.ErrDamaged, train.ErrNoCheckpoint},
			what: [2]string{"The saved state of the run cannot be read.", "无法读取该运行保存的状态。"},
			do:   [2]string{"Choose another snapshot of the run; an earlier one is usually whole.", "请选择该运行的另一个快照；较早的快照通常完好。"},
		},
	}
}

// runs are about trainings that cannot begin or go on.
func runs() []entry {
	return []entry{
		{
			errs: []error{train.ErrDiverged},
			what: [2]string{"The loss is no longer a number: training has gone astray.", "损失已不再是数值：训练已经发散。"},
			do:   [2]string{"Lower the learning rate, or limit the gradient (clip), and train again. The last good state is kept.", "请降低学习率或限制梯度（裁剪）后重新训练。最后一个正常的状态已保留。"},
		},
		{
			errs: []error{train.ErrData},
			what: [2]string{"These samples cannot be trained on with these settings.", "无法用这些设置在这些样本上训练。"},
			do:   [2]string{"Read the details: a part is empty, all samples are of one class, or a batch is larger than the set.", "请查看详细信息：某一部分为空、所有样本同属一类，或批量大于样本总数。"},
		},
		{
			errs: []error{train.ErrRunExists},
			what: [2]string{"The folder already holds a run.", "该文件夹中已有一个运行。"},
			do:   [2]string{"Continue that run, or choose another folder for the new one.", "请继续该运行，或为新的运行另选文件夹。"},
		},
	}
}

// changes are about what a person decided about a data set.
func changes() []entry {
	return []entry{
		{
			errs: []error{datasets.ErrNothing},
			what: [2]string{"There is no change to take back or to repeat.", "没有可以撤销或重做的更改。"},
			do:   [2]string{"Changes appear once a fix, a new label or a renamed class was made.", "修复问题、修改标签或重命名类别之后，这里才会有更改。"},
		},
		{
			errs: []error{operation.ErrInvalid},
			what: [2]string{"A change kept for this data set does not fit it.", "为该数据集保存的某项更改与数据不符。"},
			do:   [2]string{"Take it back with undo; was the table replaced by one with other columns?", "请撤销该更改；表格是否被换成了列不同的另一份？"},
		},
		{
			errs: []error{datasets.ErrChoice},
			what: [2]string{"A choice of how the table is read cannot be used.", "表格读取方式的某项设置无效。"},
			do:   [2]string{"The details name it and what is known; leave it out to have it guessed.", "详细信息中列出了该设置和可用的值；留空则自动判断。"},
		},
		{
			errs: []error{labelling.ErrModel},
			what: [2]string{"This model cannot label these samples.", "该模型无法为这些样本打标签。"},
			do:   [2]string{"Choose a model that tells classes apart and takes the same kind of samples.", "请选择接受同类样本的分类模型。"},
		},
	}
}

func models() []entry {
	return []entry{
		{
			errs: []error{model.ErrMemory},
			what: [2]string{"The model does not fit the free memory.", "可用内存不足以打开该模型。"},
			do:   [2]string{"Close other programs, or use a smaller copy (Models › Smaller). Nothing was loaded; the details say how much it takes.", "请关闭其他程序，或使用压缩后的副本（“模型 › 压缩”）。模型尚未载入；详细信息说明了所需内存。"},
		},
		{
			errs: []error{model.ErrOperator},
			what: [2]string{"The model uses operators that ONNX Runtime does not have.", "该模型使用了 ONNX Runtime 没有的算子。"},
			do:   [2]string{"The details name them. Export the model again with standard operators.", "详细信息列出了这些算子。请用标准算子重新导出模型。"},
		},
		{
			errs: []error{onnx.ErrTooLarge},
			what: [2]string{"The model file is larger than 2 GB, which ONNX does not allow.", "模型文件超过 ONNX 允许的 2 GB。"},
			do:   [2]string{"Export it with its weights in files beside it (external data).", "请在导出时把权重存放到旁边的文件（外部数据）。"},
		},
		{
			errs: []error{onnx.ErrMalformed, onnx.ErrInvalid, onnx.ErrExternal},
			what: [2]string{"This is not a usable ONNX model.", "这不是可用的 ONNX 模型。"},
			do:   [2]string{"Check that the download is complete and that files beside it (external data) came along.", "请确认下载完整，并且外部数据文件与模型放在一起。"},
		},
		{
			errs: []error{explain.ErrNoEmbedding},
			what: [2]string{"This model has no inner layer in which samples could be compared.", "该模型没有可用来比较样本的中间层。"},
			do:   [2]string{"Networks and linear models of words have one, trees do not. Everything else works without it.", "神经网络和词的线性模型有中间层，树模型没有；其他功能不受影响。"},
		},
		{
			errs: []error{explain.ErrUnexplainable, attribution.ErrNoGraph},
			what: [2]string{"The model cannot be explained by gradients.", "无法用梯度解释该模型。"},
			do:   [2]string{"The details say why. Its answers can be measured all the same.", "详细信息说明了原因。模型的回答仍可评估。"},
		},
		{
			errs: []error{model.ErrForeign, model.ErrMetadata},
			what: [2]string{"The model does not say how its input must look.", "模型没有说明输入应有的形式。"},
			do:   [2]string{"Models trained here carry that inside. Import this one on the Models screen to see its inputs.", "在这里训练的模型自带说明。可在“模型”页导入并查看它的输入。"},
		},
		{
			errs: []error{model.ErrTask, model.ErrInput},
			what: [2]string{"This input does not fit the model.", "输入与模型不匹配。"},
			do:   [2]string{"Choose a model for this kind of input.", "请选择适合这种输入的模型。"},
		},
		{
			errs: []error{vision.ErrUnsupported, vision.ErrEmpty, vision.ErrTooLarge},
			what: [2]string{"The picture or video cannot be read.", "无法读取图片或视频。"},
			do:   [2]string{"PNG, JPEG, BMP, WebP and MP4 work; convert it to one of them.", "支持 PNG、JPEG、BMP、WebP 和 MP4，请先转换格式。"},
		},
	}
}
