// Package onnx holds ONNX models as plain Go values: decode, encode, check and
// walk. It knows the file format and nothing of any runtime.
//
// The field numbers and meanings follow onnx.proto of ONNX 1.18 (IR version 11).
// Values are not safe for concurrent mutation; a Model nobody changes may be
// read from many goroutines.
package onnx

// Model is one ONNX file.
type Model struct {
	IRVersion       int64
	ProducerName    string
	ProducerVersion string
	Domain          string
	ModelVersion    int64
	Doc             string
	Opsets          []Opset
	Metadata        []Pair // metadata_props, in file order
	Graph           *Graph
	Functions       []*Function
	Unknown         []byte // fields this package does not know, kept byte for byte
}

// Opset names the version of an operator domain a model uses. The empty
// domain is ai.onnx.
type Opset struct {
	Domain  string
	Version int64
}

// KernelDomain is the operator domain of package inference/runtime/kernels.
// Only graphs that are trained on a CPU name it, never a model on disk.
const KernelDomain = "athanor"

// Pair is one key and value of a metadata list.
type Pair struct{ Key, Value string }

// Graph is a list of nodes in topological order with its borders.
type Graph struct {
	Name               string
	Doc                string
	Nodes              []*Node
	Inputs             []*ValueInfo
	Outputs            []*ValueInfo
	Values             []*ValueInfo // value_info: types of inner values
	Initializers       []*Tensor
	SparseInitializers []*SparseTensor
	Quantization       []QuantizationAnnotation
	Metadata           []Pair
	Unknown            []byte
}

// Node is one operator call. An empty input name is an omitted optional input.
type Node struct {
	Name     string
	OpType   string
	Domain   string
	Overload string
	Doc      string
	Inputs   []string
	Outputs  []string
	Attrs    []*Attribute
	Metadata []Pair
	Unknown  []byte
}

// Function is a model-local function (FunctionProto).
type Function struct {
	Name, Domain, Overload, Doc string
	Inputs, Outputs             []string
	AttrNames                   []string     // attributes without default
	AttrDefaults                []*Attribute // attributes with default
	Nodes                       []*Node
	Opsets                      []Opset
	Values                      []*ValueInfo
	Metadata                    []Pair
	Unknown                     []byte
}

// AttrType says which field of an Attribute holds its value; the numbers are
// AttributeProto.AttributeType.
type AttrType int32

// Attribute types.
const (
	AttrUndefined     AttrType = 0
	AttrFloat         AttrType = 1
	AttrInt           AttrType = 2
	AttrString        AttrType = 3
	AttrTensor        AttrType = 4
	AttrGraph         AttrType = 5
	AttrFloats        AttrType = 6
	AttrInts          AttrType = 7
	AttrStrings       AttrType = 8
	AttrTensors       AttrType = 9
	AttrGraphs        AttrType = 10
	AttrSparseTensor  AttrType = 11
	AttrSparseTensors AttrType = 12
	AttrTypeProto     AttrType = 13
	AttrTypeProtos    AttrType = 14
)

// Attribute is a named constant of a node.
type Attribute struct {
	Name    string
	RefName string // attribute of the enclosing function, when set
	Doc     string
	Type    AttrType

	F             float32
	I             int64
	S             []byte
	T             *Tensor
	G             *Graph
	Sparse        *SparseTensor
	TP            *Type
	Floats        []float32
	Ints          []int64
	Strings       [][]byte
	Tensors       []*Tensor
	Graphs        []*Graph
	SparseTensors []*SparseTensor
	Types         []*Type
	Unknown       []byte
}

// DataType is the element type of a tensor; the numbers are TensorProto.DataType.
type DataType int32

// Element types.
const (
	Undefined      DataType = 0
	Float          DataType = 1
	Uint8          DataType = 2
	Int8           DataType = 3
	Uint16         DataType = 4
	Int16          DataType = 5
	Int32          DataType = 6
	Int64          DataType = 7
	String         DataType = 8
	Bool           DataType = 9
	Float16        DataType = 10
	Double         DataType = 11
	Uint32         DataType = 12
	Uint64         DataType = 13
	Complex64      DataType = 14
	Complex128     DataType = 15
	BFloat16       DataType = 16
	Float8E4M3FN   DataType = 17
	Float8E4M3FNUZ DataType = 18
	Float8E5M2     DataType = 19
	Float8E5M2FNUZ DataType = 20
	Uint4          DataType = 21
	Int4           DataType = 22
	Float4E2M1     DataType = 23
	Float8E8M0     DataType = 24
)

// Tensor is a constant. Whatever field the file used (raw_data, float_data,
// int32_data …), after decoding Raw holds the elements little-endian, densely
// packed in row-major order; strings are in Strings instead. External data
// stays a reference until LoadExternal reads it into Raw.
type Tensor struct {
	Name     string
	Doc      string
	Type     DataType
	Dims     []int64 // empty: a scalar
	Raw      []byte
	Strings  [][]byte
	External []Pair // location, offset, length, checksum; nil when inline
	Segment  *Segment
	Metadata []Pair
	Unknown  []byte
}

// Segment is TensorProto.Segment, kept for fidelity.
type Segment struct{ Begin, End int64 }

// SparseTensor is SparseTensorProto in COO form.
type SparseTensor struct {
	Values  *Tensor
	Indices *Tensor
	Dims    []int64
}

// QuantizationAnnotation is TensorAnnotation.
type QuantizationAnnotation struct {
	Tensor string
	Params []Pair
}

// ValueInfo names and types a value.
type ValueInfo struct {
	Name     string
	Doc      string
	Type     *Type
	Metadata []Pair
	Unknown  []byte
}

// Type is TypeProto: exactly one of the pointers is set.
type Type struct {
	Denotation string
	Tensor     *TensorType
	Sparse     *TensorType
	Sequence   *Type
	Optional   *Type
	Map        *MapType
	Unknown    []byte
}

// TensorType is an element type with an optional shape; HasShape false means
// that even the rank is unknown.
type TensorType struct {
	Elem     DataType
	HasShape bool
	Shape    []Dim
}

// Dim is one dimension: a Value, a named Param, or unknown (Known false and
// Param empty).
type Dim struct {
	Known      bool
	Value      int64
	Param      string
	Denotation string
}

// MapType is a map from a key element type to a value type.
type MapType struct {
	Key   DataType
	Value *Type
}
