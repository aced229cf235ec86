package oipgrpc

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"athanor/inference/onnx"
	"athanor/inference/serve/oip"
)

// ModelID is the request of ModelReady, ModelMetadata, ModelConfig and
// ModelStatistics.
type ModelID struct{ Name, Version string }

// DecodeModelID reads a ModelID.
func DecodeModelID(b []byte) (m ModelID, err error) {
	err = fields(b, func(f field) error {
		switch f.num {
		case 1:
			m.Name = string(f.bytes)
		case 2:
			m.Version = string(f.bytes)
		}
		return nil
	})
	return m, err
}

// Append appends the message.
func (m ModelID) Append(b []byte) []byte { return appendText(appendText(b, 1, m.Name), 2, m.Version) }

// Flag is an answer with one bool: live or ready.
func Flag(on bool) []byte {
	if on {
		return appendInt(nil, 1, 1)
	}
	return nil
}

// DecodeFlag reads a Flag.
func DecodeFlag(b []byte) (on bool, err error) {
	err = fields(b, func(f field) error {
		on = on || (f.num == 1 && f.value != 0)
		return nil
	})
	return on, err
}

// ServerMetadata is ServerMetadataResponse.
func ServerMetadata(name, version string, extensions []string) []byte {
	b := appendText(appendText(nil, 1, name), 2, version)
	for _, e := range extensions {
		b = appendText(b, 3, e)
	}
	return b
}

// TensorMetadata describes an input or output.
type TensorMetadata struct {
	Name  string
	Type  onnx.DataType
	Shape []int64 // -1: any size
}

// ModelMetadata is ModelMetadataResponse.
type ModelMetadata struct {
	Name     string
	Versions []string
	Platform string
	Inputs   []TensorMetadata
	Outputs  []TensorMetadata
	// Properties is a map in KServe's edition of the message.
	Properties map[string]string
}

// Append appends the message.
func (m *ModelMetadata) Append(b []byte) []byte {
	b = appendText(b, 1, m.Name)
	for _, v := range m.Versions {
		b = appendText(b, 2, v)
	}
	b = appendText(b, 3, m.Platform)
	for _, t := range m.Inputs {
		b = appendBytes(b, 4, t.append(nil))
	}
	for _, t := range m.Outputs {
		b = appendBytes(b, 5, t.append(nil))
	}
	for _, key := range slices.Sorted(maps.Keys(m.Properties)) {
		b = appendBytes(b, 6, appendText(appendText(nil, 1, key), 2, m.Properties[key]))
	}
	return b
}

func (t TensorMetadata) append(b []byte) []byte {
	b = appendText(appendText(b, 1, t.Name), 2, oip.TypeName(t.Type))
	return appendInts(b, 3, t.Shape)
}

// Config is the part of ModelConfig that applies here.
type Config struct {
	Name    string
	MaxRows int
	Inputs  []TensorMetadata
	Outputs []TensorMetadata
}

// Append appends a ModelConfigResponse.
func (c *Config) Append(b []byte) []byte {
	m := appendText(appendText(nil, 1, c.Name), 2, "onnxruntime_onnx")
	m = appendInt(m, 4, int64(c.MaxRows))
	for _, t := range c.Inputs {
		m = appendBytes(m, 5, appendInts(t.port(), 4, t.Shape))
	}
	for _, t := range c.Outputs {
		m = appendBytes(m, 6, appendInts(t.port(), 3, t.Shape))
	}
	m = appendText(m, 17, "onnxruntime")
	return appendBytes(b, 1, m)
}

func (t TensorMetadata) port() []byte {
	return appendInt(appendText(nil, 1, t.Name), 2, configType(t.Type))
}

// configType is the number of model_config.proto's DataType.
func configType(t onnx.DataType) int64 {
	order := [...]onnx.DataType{
		onnx.Undefined, onnx.Bool, onnx.Uint8, onnx.Uint16, onnx.Uint32, onnx.Uint64, onnx.Int8, onnx.Int16,
		onnx.Int32, onnx.Int64, onnx.Float16, onnx.Float, onnx.Double, onnx.String, onnx.BFloat16,
	}
	for i, k := range order {
		if k == t {
			return int64(i)
		}
	}
	return 0
}

// Duration is StatisticDuration.
type Duration struct{ Count, Nanoseconds int64 }

// Statistics is ModelStatistics.
type Statistics struct {
	Name, Version                 string
	Rows, Runs                    int64
	Success, Fail, Queue, Compute Duration
}

// AppendStatistics appends a ModelStatisticsResponse.
func AppendStatistics(b []byte, list []Statistics) []byte {
	for _, s := range list {
		var st []byte
		for _, d := range []struct {
			num protowire.Number
			Duration
		}{{1, s.Success}, {2, s.Fail}, {3, s.Queue}, {5, s.Compute}} {
			st = appendBytes(st, d.num, appendInt(appendInt(nil, 1, d.Count), 2, d.Nanoseconds))
		}
		m := appendText(appendText(nil, 1, s.Name), 2, s.Version)
		m = appendInt(appendInt(m, 4, s.Rows), 5, s.Runs)
		b = appendBytes(b, 1, appendBytes(m, 6, st))
	}
	return b
}

// DecodeIndexRequest reads RepositoryIndexRequest: only ready models?
func DecodeIndexRequest(b []byte) (ready bool, err error) {
	err = fields(b, func(f field) error {
		if f.num == 2 {
			ready = f.value != 0
		}
		return nil
	})
	return ready, err
}

// IndexEntry is one model of RepositoryIndexResponse.
type IndexEntry struct{ Name, Version, State, Reason string }

// AppendIndex appends a RepositoryIndexResponse.
func AppendIndex(b []byte, list []IndexEntry) []byte {
	for _, e := range list {
		m := appendText(appendText(nil, 1, e.Name), 2, e.Version)
		b = appendBytes(b, 1, appendText(appendText(m, 3, e.State), 4, e.Reason))
	}
	return b
}

// DecodeRepositoryRequest reads the model's name of RepositoryModelLoad and
// RepositoryModelUnload.
func DecodeRepositoryRequest(b []byte) (model string, err error) {
	err = fields(b, func(f field) error {
		if f.num == 2 {
			model = string(f.bytes)
		}
		return nil
	})
	return model, err
}

// AppendStreamResponse appends a ModelStreamInferResponse: an error, or the
// bytes of a ModelInferResponse.
func AppendStreamResponse(b []byte, text string, response []byte) []byte {
	b = appendText(b, 1, text)
	if response != nil {
		b = appendBytes(b, 2, response)
	}
	return b
}
