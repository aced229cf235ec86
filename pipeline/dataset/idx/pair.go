package idx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Errors of pairs.
var (
	// ErrCounts: images and labels differ in number.
	ErrCounts = errors.New("images and labels differ in number")
	// ErrLabel: a label is outside the allowed range.
	ErrLabel = errors.New("label out of range")
	// ErrEmpty: there is no sample.
	ErrEmpty = errors.New("no samples")
	// ErrNoPair: no images file with its labels file was found.
	ErrNoPair = errors.New("no IDX pair of images and labels")
)

// Pair names an images file and its labels file.
type Pair struct{ Images, Labels string }

// Samples is a labelled set of equally sized pictures.
type Samples struct {
	Height, Width, Channels int
	Pixels                  []byte // [N,H,W,C]
	Labels                  []byte // [N]
}

// Load reads a pair. Images are [N,H,W] or [N,H,W,C] with C 1 or 3; labels are
// [N], each below classes where classes is above 0.
func Load(p Pair, classes int) (*Samples, error) {
	images, err := ReadFile(p.Images)
	if err != nil {
		return nil, err
	}
	labels, err := ReadFile(p.Labels)
	if err != nil {
		return nil, err
	}
	s, err := join(images, labels)
	if err != nil {
		return nil, fmt.Errorf("join %s and %s: %w", p.Images, p.Labels, err)
	}
	if err := checkLabels(s.Labels, classes); err != nil {
		return nil, fmt.Errorf("check %s: %w", p.Labels, err)
	}
	return s, nil
}

func join(images, labels *Array) (*Samples, error) {
	d := images.Dims
	if len(d) != 3 && (len(d) != 4 || d[3] != 1 && d[3] != 3) {
		return nil, fmt.Errorf("%w: images have shape %v, expected [N,H,W] or [N,H,W,3]", ErrFormat, d)
	}
	if len(labels.Dims) != 1 {
		return nil, fmt.Errorf("%w: labels have shape %v, expected [N]; are the two files swapped?", ErrFormat, labels.Dims)
	}
	if d[0] != labels.Dims[0] {
		return nil, fmt.Errorf("%w: %d images, %d labels; give the two files of the same set", ErrCounts, d[0], labels.Dims[0])
	}
	if len(images.Data) == 0 {
		return nil, fmt.Errorf("%w: the images have shape %v; give a set with pictures in it", ErrEmpty, d)
	}
	s := &Samples{Height: d[1], Width: d[2], Channels: 1, Pixels: images.Data, Labels: labels.Data}
	if len(d) == 4 {
		s.Channels = d[3]
	}
	return s, nil
}

func checkLabels(labels []byte, classes int) error {
	if classes <= 0 {
		return nil
	}
	for i, l := range labels {
		if int(l) >= classes {
			return fmt.Errorf("%w: sample %d has label %d, expected 0 to %d; the file is damaged or has more classes",
				ErrLabel, i, l, classes-1)
		}
	}
	return nil
}

// Find looks in dir for the training pair and, where there is one, the test
// pair. A file counts by its header; which is which is told by its name: train
// against t10k, test or val. A test pair of zero value means there is none.
func Find(dir string) (train, test Pair, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return train, test, fmt.Errorf("list %s: %w", dir, err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		dims, err := Dims(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		place(&train, &test, filepath.Join(dir, e.Name()), len(dims))
	}
	if train.Images == "" && test.Images != "" {
		train, test = test, Pair{}
	}
	if train.Images == "" || train.Labels == "" {
		return train, test, fmt.Errorf("%w in %s: expected files such as train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz", ErrNoPair, dir)
	}
	if test.Images == "" || test.Labels == "" {
		test = Pair{}
	}
	return train, test, nil
}

func place(train, test *Pair, path string, dims int) {
	name := strings.ToLower(filepath.Base(path))
	into := train
	if slices.ContainsFunc([]string{"t10k", "test", "val"}, func(s string) bool { return strings.Contains(name, s) }) {
		into = test
	}
	field := &into.Images
	if dims == 1 {
		field = &into.Labels
	}
	if *field == "" {
		*field = path
	}
}

// Dims returns the shape in the header of the IDX file at path without reading
// its data.
func Dims(path string) ([]int, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open IDX file: %w", err)
	}
	defer f.Close()
	plain, err := Plain(f)
	if err != nil {
		return nil, err
	}
	return readHeader(plain)
}

// PairOf finds the labels file that belongs to an images file, or the other way
// round: the file beside it whose name differs only in images/labels and
// idx3/idx1.
func PairOf(path string) (Pair, error) {
	dir, name := filepath.Split(path)
	swap := strings.NewReplacer("images", "labels", "idx3", "idx1")
	back := strings.NewReplacer("labels", "images", "idx1", "idx3")
	p := Pair{Images: path, Labels: filepath.Join(dir, swap.Replace(name))}
	if dims, err := Dims(path); err == nil && len(dims) == 1 {
		p = Pair{Images: filepath.Join(dir, back.Replace(name)), Labels: path}
	}
	for _, need := range []string{p.Images, p.Labels} {
		if _, err := os.Stat(need); errors.Is(err, fs.ErrNotExist) || p.Images == p.Labels {
			return p, fmt.Errorf("%w: %s needs %s beside it", ErrNoPair, path, filepath.Base(need))
		}
	}
	return p, nil
}
