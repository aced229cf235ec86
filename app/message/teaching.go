package message

import (
	"athanor/app/datasets"
	"athanor/inference/runtime"
	"athanor/pipeline/graph"
	"athanor/pipeline/transfer"
)

// teaching are about networks from files that are taught or that teach, and about
// what devices lack for it.
func teaching() []entry {
	return []entry{
		{
			errs: []error{runtime.ErrDeviceMemory},
			what: [2]string{"The memory is too small for this run.", "内存不足以运行此训练。"},
			do:   [2]string{"Even a single sample does not fit: choose smaller pictures or a smaller model, or close other programs.", "连一个样本也放不下：请减小图片或模型，或关闭其他程序。"},
		},
		{
			errs: []error{transfer.ErrBlocked},
			what: [2]string{"An operator of this network has no gradient, so the layers in front of it cannot be trained.", "该网络中有一个算子没有梯度，它前面的层无法训练。"},
			do:   [2]string{"Train from a layer behind it, or the head alone; the details name the operator and the layers.", "请从它后面的层开始训练，或只训练分类头；详细信息列出了算子和各层。"},
		},
		{
			errs: []error{transfer.ErrNothing},
			what: [2]string{"Nothing of this network is chosen to be trained.", "没有选中该网络中任何可训练的部分。"},
			do:   [2]string{"Train the head alone or other layers; low-rank additions (LoRA) need matrices, which networks of convolutions do not have.", "请只训练分类头，或选择其他层；低秩适配（LoRA）需要矩阵，卷积网络没有。"},
		},
		{
			errs: []error{transfer.ErrNoHead},
			what: [2]string{"The last layer of this network was not found.", "没有找到该网络的最后一层。"},
			do:   [2]string{"Classifiers and embedders whose end is a dense layer can be taught; detectors cannot.", "可以微调以全连接层结尾的分类或嵌入网络；检测网络不行。"},
		},
		{
			errs: []error{transfer.ErrTeacher},
			what: [2]string{"The teacher does not tell the classes of these data apart.", "教师网络不能区分这份数据的类别。"},
			do:   [2]string{"Choose a teacher for the same classes, or teach it first with your data.", "请选择类别相同的教师网络，或先用你的数据微调它。"},
		},
		{
			errs: []error{transfer.ErrInput, transfer.ErrAdapter},
			what: [2]string{"The network does not take these data.", "该网络不接受这份数据。"},
			do:   [2]string{"The details say what it takes; pictures are resized by themselves, their channels must fit, and a network that reads texts needs its own vocabulary and length.", "详细信息说明了它接受什么；图片会自动缩放，但通道数必须相符；读取文本的网络需要自己的词表和长度。"},
		},
		{
			errs: []error{datasets.ErrVocabulary},
			what: [2]string{"The vocabulary of this network was not found.", "没有找到该网络的词表。"},
			do:   [2]string{"Put the vocab.txt or tokenizer.json that came with the network beside its file, or name it with --vocab.", "请把网络自带的 vocab.txt 或 tokenizer.json 放在网络文件旁边，或用 --vocab 指定。"},
		},
		{
			errs: []error{graph.ErrUnsupported},
			what: [2]string{"This network can be run and served, but not taught.", "该网络可以运行和提供服务，但不能训练。"},
			do:   [2]string{"The details name the operator that stands against it: control flow, or an operator of a quantized model. Teach the original in float32 and quantize afterwards.", "详细信息给出了原因：控制流，或量化模型的算子。请训练 float32 的原模型，之后再量化。"},
		},
	}
}
