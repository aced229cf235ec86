package message

import (
	"athanor/inference/remote"
	"athanor/inference/serve"
	"athanor/pipeline/quantize"
	"athanor/pipeline/wrap"
)

// services are errors of serving models and of asking services.
func services() []entry {
	return []entry{
		{
			errs: []error{remote.ErrUnreachable},
			what: [2]string{"The model service cannot be reached.", "无法连接模型服务。"},
			do:   [2]string{"See whether it runs, and whether address and port are right.", "请确认服务正在运行，并检查地址和端口。"},
		},
		{
			errs: []error{remote.ErrAddress},
			what: [2]string{"That is not the address of a model service.", "这不是模型服务的地址。"},
			do:   [2]string{"Write it like http://127.0.0.1:8000.", "请写成 http://127.0.0.1:8000 的形式。"},
		},
		{
			errs: []error{remote.ErrCertificate},
			what: [2]string{"The service's certificate is not the expected one.", "服务的证书与预期不符。"},
			do:   [2]string{"Compare its SHA-256 with what the service shows where it runs. Do not send a key before they agree.", "请与服务端显示的 SHA-256 核对；一致之前不要发送密钥。"},
		},
		{
			errs: []error{serve.ErrNeedsKey},
			what: [2]string{"An address that others can reach needs a key.", "可被他人访问的地址必须使用密钥。"},
			do:   [2]string{"Make a key first (the plus beside Keys), or serve at 127.0.0.1.", "请先生成密钥（“密钥”旁的加号），或改用 127.0.0.1。"},
		},
		{
			errs: []error{serve.ErrKeyFile},
			what: [2]string{"The file of keys cannot be used.", "无法使用密钥文件。"},
			do:   [2]string{"Only its owner may read it: the details say what is wrong. Whoever could read it may know the keys' hashes, so make new keys.", "该文件只能由其所有者读取，原因见详细信息。可能有人读到了密钥的哈希值，请生成新密钥。"},
		},
		{
			errs: []error{quantize.ErrAlready},
			what: [2]string{"This model is quantized already.", "该模型已经量化。"},
			do:   [2]string{"Make the copy from the original, in float32.", "请用 float32 的原模型生成副本。"},
		},
		{
			errs: []error{quantize.ErrNothing, quantize.ErrOpset},
			what: [2]string{"This model cannot be made smaller this way.", "该模型无法用这种方式压缩。"},
			do:   [2]string{"Try another method; the details say which part keeps it from this one.", "请尝试其他方法；详细信息说明了原因。"},
		},
		{
			errs: []error{wrap.ErrSpec},
			what: [2]string{"Model and description do not fit.", "模型与填写的说明不符。"},
			do:   [2]string{"The details say what the model has instead.", "详细信息说明了模型的实际情况。"},
		},
	}
}
