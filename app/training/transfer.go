package training

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"athanor/app/datasets"
	"athanor/app/store"
	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// networks are the networks from files that take part in a run: one that is
// taught, or one that teaches.
type networks struct {
	given   *train.Given
	teacher *train.Teacher
}

// openNetworks opens the network that a recipe teaches, and the one that it learns
// from, on the data set, which may come back with features in place of samples. dir
// is the run's folder, where an adapter is kept.
func openNetworks(ctx context.Context, r train.Recipe, set *dataset.Set, dir string, progress func(done, total int)) (*dataset.Set, networks, error) {
	var n networks
	var err error
	if r.Transfer != nil {
		if set, n.given, err = taught(ctx, r, set, dir, progress); err != nil {
			return set, n, fmt.Errorf("%s: %w", r.Transfer.Model, err)
		}
	}
	if r.Distill != nil {
		if n.teacher, err = teacher(*r.Distill, set); err != nil {
			return set, n, fmt.Errorf("%s: %w", r.Distill.Model, err)
		}
	}
	return set, n, nil
}

// Taught is what a finished run's recipe was trained on and with: the set as it is
// and nil, or what a transfer made of it.
func Taught(ctx context.Context, r train.Recipe, set *dataset.Set) (*dataset.Set, *train.Given, error) {
	if r.Transfer == nil {
		return set, nil, nil
	}
	return taught(ctx, r, set, "", nil)
}

// taught is the network of a recipe with Transfer.
func taught(ctx context.Context, r train.Recipe, set *dataset.Set, dir string, progress func(done, total int)) (*dataset.Set, *train.Given, error) {
	t := *r.Transfer
	network, err := openNetwork(t.Model, sideOf(set))
	if err != nil {
		return set, nil, err
	}
	how := transfer.FeatureConfig{Threads: r.Threads, Device: r.Device, Progress: progress}
	if t.Head {
		return network.HeadOnly(ctx, t, set, how)
	}
	g, err := network.Given(ctx, t, set, how)
	if err != nil || t.Rank == 0 || t.Keep == train.KeepMerged {
		return set, g, err
	}
	g.Trained = func(values []train.Value) error {
		var file bytes.Buffer
		if err := transfer.WriteAdapter(&file, values); err != nil {
			return err
		}
		return store.WriteFile(filepath.Join(dir, transfer.AdapterName), file.Bytes())
	}
	return set, g, nil
}

// settleModel removes the merged model of a run that is to leave its adapter alone:
// by then it has been proven and measured, and a snapshot gives it again. It returns
// where the result is.
func settleModel(r train.Recipe, o Outcome) (string, error) {
	if r.Transfer == nil || r.Transfer.Rank == 0 || r.Transfer.Keep != train.KeepAdapter {
		return o.Model, nil
	}
	return filepath.Join(o.Dir, transfer.AdapterName), os.Remove(o.Model)
}

// openNetwork opens a network from a file; side is that of pictures where the file
// leaves it open.
func openNetwork(path string, side int) (*transfer.Network, error) {
	m, err := onnx.Load(path)
	if err != nil {
		return nil, err
	}
	return transfer.OpenAt(m, side)
}

// sideOf is the height of a data set's pictures, 0 of any other data.
func sideOf(set *dataset.Set) int {
	if set.Task != dataset.Image || len(set.Train.Columns()) == 0 {
		return 0
	}
	return set.Train.Columns()[0].Shape[0]
}

// Pupil is a network from a file that can be taught.
type Pupil struct {
	Path   string
	Layers []transfer.Layer // in front of its head, from the input on
	Head   transfer.Head
	// Texts says that it reads texts: Length tokens of each, or as many as it reads up
	// to the usual number, of the vocabulary that was found beside it, "" where none was.
	Texts      bool
	Length     int
	Vocabulary string
	side       int // of the pictures it takes
}

// UsualTokens is how much of a text a network from a file reads where nobody says
// otherwise and it has the positions.
const UsualTokens = 128

// Look opens a network from a file to see what of it can be taught.
func Look(path string) (Pupil, error) {
	network, err := openNetwork(path, transfer.UsualSide)
	if err != nil {
		return Pupil{}, err
	}
	layers, err := network.Layers()
	if err != nil {
		return Pupil{}, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	p := Pupil{Path: path, Layers: layers, Head: network.Head, side: network.Side()}
	if network.Tokens != nil {
		p.Texts, p.Length, p.Vocabulary = true, network.LongestText(UsualTokens), datasets.Vocabulary(path)
	}
	return p, nil
}

// PictureSize is the side at which pictures are read for the network, 0 where the
// data's own is.
func (p Pupil) PictureSize(data string) int { return pictureSize(p.side, data) }

// PictureSize is the side at which pictures are read for a network, 0 where the
// data's own is.
func PictureSize(n *transfer.Network, data string) int { return pictureSize(n.Side(), data) }

func pictureSize(side int, data string) int {
	if data == source.Digits {
		return 0
	}
	return side
}

// Starts names the layers that training can begin from.
func (p Pupil) Starts() (names []string) {
	for _, l := range p.Layers {
		if l.Blocked == "" {
			names = append(names, l.Node)
		}
	}
	return names
}

// Matrices tells whether a layer that can be trained holds a matrix, to which
// low-rank additions can be made.
func (p Pupil) Matrices() bool {
	return slices.ContainsFunc(p.Layers, func(l transfer.Layer) bool { return l.Matrix && l.Blocked == "" })
}

// teacher is the network that a student learns from on a data set.
func teacher(d train.Distill, set *dataset.Set) (*train.Teacher, error) {
	network, err := openNetwork(d.Model, sideOf(set))
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(d.Model)
	if err != nil {
		return nil, err
	}
	info, err := model.Describe(raw)
	if err != nil {
		return nil, err
	}
	return network.Teacher(d, info.Labels, set.Classes)
}

// CheckTeacher tells what keeps a network from teaching the classes of a data set.
func CheckTeacher(path string, set *dataset.Set) error {
	if set.Task != dataset.Image {
		return fmt.Errorf("%w: it reads pictures, the data is of the task %s", transfer.ErrTeacher, set.Task)
	}
	if _, err := teacher(train.Distill{Model: path}, set); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}

// TeacherAccuracy is how often the teacher of a resolved recipe is right on the
// test part of its data, or on the validation part where there is none: what the
// student is compared with.
func TeacherAccuracy(ctx context.Context, r train.Recipe) (float64, error) {
	set, err := Open(ctx, r, nil)
	if err != nil {
		return 0, err
	}
	t, err := teacher(*r.Distill, set)
	if err != nil {
		return 0, err
	}
	network, err := openNetwork(r.Distill.Model, sideOf(set))
	if err != nil {
		return 0, err
	}
	feed := set.Test
	if feed == nil {
		feed = set.Validation
	}
	return network.Accuracy(ctx, set, feed, t, transfer.FeatureConfig{Threads: r.Threads, Device: r.Device})
}
