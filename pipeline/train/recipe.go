// Package train runs a recipe: it builds the step graph, feeds it, tells what
// happens and keeps checkpoints. It knows no screen and no storage.
package train

// Recipe is everything that decides a run; it is stored resolved beside the run.
type Recipe struct {
	Task    string `toml:"task"` // image, text, table
	Name    string `toml:"name,omitempty"`
	Seed    uint64 `toml:"seed"`
	Device  string `toml:"device"`  // auto, cpu, webgpu[:n], cuda[:n]
	Threads int    `toml:"threads"` // intra-op threads; results repeat exactly for a fixed number
	// Precision is the type that steps compute in: float32 when left out, float16,
	// or auto. With the device auto and no precision named, float16 is tried, too.
	Precision string `toml:"precision,omitempty"`
	Data      Data   `toml:"data"`
	Model     Model  `toml:"model"`
	// Transfer, where set, teaches a network that somebody made in place of Model.
	Transfer *Transfer `toml:"transfer,omitempty"`
	// Distill, where set, lets Model learn from another network's answers, too.
	Distill   *Distill  `toml:"distill,omitempty"`
	Optimizer Optimizer `toml:"optimizer"`
	Schedule  Schedule  `toml:"schedule"`
	Train     Loop      `toml:"train"`
}

// Data says where samples come from and how they are split.
type Data struct {
	Path       string  `toml:"path"` // "digits" is the embedded generator
	Validation float64 `toml:"validation"`
	Test       string  `toml:"test,omitempty"` // path of a test set kept apart
	TestSplit  float64 `toml:"test_split,omitempty"`
	Label      string  `toml:"label,omitempty"` // column name
	Text       string  `toml:"text,omitempty"`  // column name
	Group      string  `toml:"group,omitempty"` // column name: groups stay on one side
	Time       string  `toml:"time,omitempty"`  // column name: the latest rows are held out
	Size       int     `toml:"size,omitempty"`  // pictures are resized to size×size
	Augment    string  `toml:"augment,omitempty"`
	// Operations is a file of changes (drop, fill, relabel, …) that are applied
	// while samples are read: "" or "none" for nothing. In a recipe file it is
	// relative to that file's folder; a run keeps a copy beside its recipe.
	Operations string `toml:"operations,omitempty"`
	// Separator ("tab" or one character), Charset, Header and Quotes ("yes", "no")
	// say how a table is written where the guess is wrong.
	Separator string `toml:"separator,omitempty"`
	Charset   string `toml:"charset,omitempty"`
	Header    string `toml:"header,omitempty"`
	Quotes    string `toml:"quotes,omitempty"`
	// Roles says what single columns are used for: number, category, text, date,
	// group, identifier, or empty to leave the column out.
	Roles map[string]string `toml:"roles,omitempty"`
}

// Model names an architecture and its sizes.
type Model struct {
	Name     string  `toml:"name"` // mlp, cnn, resnet, …
	Hidden   []int   `toml:"hidden,omitempty"`
	Channels []int   `toml:"channels,omitempty"`
	Dropout  float64 `toml:"dropout,omitempty"` // below 0 none, see NoDropout
	Embed    int     `toml:"embed,omitempty"`
	Buckets  int     `toml:"buckets,omitempty"`
	Temper   float64 `toml:"temper,omitempty"` // of nb-linear: power of what n-grams tell, 1 where 0
	Layers   int     `toml:"layers,omitempty"`
	Heads    int     `toml:"heads,omitempty"`
	Length   int     `toml:"length,omitempty"`
	// Language is for how many of the first epochs a network that reads in order
	// learns from its texts alone what comes next, without their labels.
	Language int `toml:"language,omitempty"`
}

// Transfer says which network is taught and how much of it. Its layers are those
// of an ONNX file; a new head for the data's classes takes the place of its last.
type Transfer struct {
	Model string `toml:"model"` // path of the ONNX file
	// Head trains nothing but a new head, with hidden layers of these units (64 when
	// left out), on features that are computed once.
	Head   bool  `toml:"head,omitempty"`
	Hidden []int `toml:"hidden,omitempty"`
	// Train and Freeze are patterns of weight names in the file; no Train means
	// all, and Freeze wins. From freezes every weight in front of the node of that
	// name.
	Train  []string `toml:"train,omitempty"`
	Freeze []string `toml:"freeze,omitempty"`
	From   string   `toml:"from,omitempty"`
	// Rate is the factor on the learning rate of the network's own weights, the
	// new head has 1; Decay multiplies it once more for each layer further from
	// the head (Howard and Ruder, 2018). Both are 1 when left out.
	Rate  float64 `toml:"rate,omitempty"`
	Decay float64 `toml:"decay,omitempty"`
	// BatchNorm is frozen (the file's statistics stay) or updated.
	BatchNorm string `toml:"batch_norm,omitempty"`
	// Rank, above 0, trains low-rank additions to the chosen matrices of MatMul
	// and Gemm in place of the weights themselves (LoRA, Hu et al., 2021), scaled
	// by Alpha/Rank; Alpha is twice the rank when left out.
	Rank  int     `toml:"rank,omitempty"`
	Alpha float64 `toml:"alpha,omitempty"`
	// Adapter is a file of low-rank additions and a head to begin with.
	Adapter string `toml:"adapter,omitempty"`
	// Keep says what is kept of low-rank training: "both" (also when left out), the
	// "merged" model, or the "adapter" alone.
	Keep string `toml:"keep,omitempty"`
	// Scratch begins with new weights in place of the file's, to compare with.
	Scratch bool `toml:"scratch,omitempty"`
	// Scale, Mean, Deviation and Swap say how the network wants pixels.
	Scale     float64   `toml:"scale,omitempty"`
	Mean      []float64 `toml:"mean,omitempty"`
	Deviation []float64 `toml:"deviation,omitempty"`
	Swap      bool      `toml:"swap,omitempty"`
	// Vocabulary is the vocab.txt or tokenizer.json of a network that reads texts;
	// left out, the one beside the network. The recipe's model.length says how many
	// tokens of a text it reads.
	Vocabulary string `toml:"vocabulary,omitempty"`
}

// Distill says from which network a small one learns besides from the labels
// (Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015).
type Distill struct {
	Model string `toml:"model"` // path of the teacher's ONNX file
	// Temperature softens both networks' answers, 4 when left out; Weight is the
	// share of the teacher in the loss, 0.7 when left out.
	Temperature float64 `toml:"temperature,omitempty"`
	Weight      float64 `toml:"weight,omitempty"`
	// Scale, Mean, Deviation and Swap say how the teacher wants pixels.
	Scale     float64   `toml:"scale,omitempty"`
	Mean      []float64 `toml:"mean,omitempty"`
	Deviation []float64 `toml:"deviation,omitempty"`
	Swap      bool      `toml:"swap,omitempty"`
}

// Optimizer is the update rule.
type Optimizer struct {
	Name           string  `toml:"name"` // sgd, momentum, nesterov, adam, adamw
	LearningRate   float64 `toml:"learning_rate"`
	Momentum       float64 `toml:"momentum,omitempty"`
	Beta1          float64 `toml:"beta1,omitempty"`
	Beta2          float64 `toml:"beta2,omitempty"`
	Epsilon        float64 `toml:"epsilon,omitempty"`
	WeightDecay    float64 `toml:"weight_decay,omitempty"`
	Clip           float64 `toml:"clip,omitempty"` // largest global gradient norm, 0 off
	LabelSmoothing float64 `toml:"label_smoothing,omitempty"`
	ClassWeights   string  `toml:"class_weights,omitempty"` // "", "balanced", or one number a class
}

// Schedule is how the learning rate goes over the run.
type Schedule struct {
	Name    string  `toml:"name"`              // constant, step, cosine, plateau
	WarmUp  int     `toml:"warm_up,omitempty"` // steps
	Every   int     `toml:"every,omitempty"`   // step: epochs between drops
	Factor  float64 `toml:"factor,omitempty"`  // step, plateau
	Minimum float64 `toml:"minimum,omitempty"` // share of the learning rate at the end
}

// Loop is the loop's own settings.
type Loop struct {
	Epochs            int    `toml:"epochs"`
	Batch             int    `toml:"batch"`
	MicroBatch        int    `toml:"micro_batch,omitempty"`        // samples computed at once; gradients of a batch's parts are added up. 0 is the batch
	Loss              string `toml:"loss,omitempty"`               // "" (cross entropy, or squared error for regression) or "bce"
	Patience          int    `toml:"patience,omitempty"`           // epochs without a better validation, 0 off
	CheckpointSeconds int    `toml:"checkpoint_seconds,omitempty"` // at most this long between checkpoints
	KeepCheckpoints   int    `toml:"keep_checkpoints,omitempty"`   // newest states, for resuming
	KeepSnapshots     int    `toml:"keep_snapshots,omitempty"`     // epochs whose state is kept, for rewinding and forking; below 0 none
	// DeviceLoss is what happens when the device fails while training: "continue"
	// on the processor from the newest checkpoint, or "stop", to be resumed.
	DeviceLoss string `toml:"device_loss,omitempty"`
}
