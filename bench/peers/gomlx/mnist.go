package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train"
)

const pixels = 28 * 28

// samples are pictures as float32 in [0,1], and their labels.
type samples struct {
	images []float32
	labels []int32
}

func load(folder string) (samples, error) {
	images, err := idx(filepath.Join(folder, "train-images-idx3-ubyte.gz"), 16)
	if err != nil {
		return samples{}, err
	}
	labels, err := idx(filepath.Join(folder, "train-labels-idx1-ubyte.gz"), 8)
	if err != nil {
		return samples{}, err
	}
	if len(images) != len(labels)*pixels {
		return samples{}, fmt.Errorf("%s: %d labels do not fit %d pixels", folder, len(labels), len(images))
	}
	s := samples{images: make([]float32, len(images)), labels: make([]int32, len(labels))}
	for i, v := range images {
		s.images[i] = float32(v) / 255
	}
	for i, v := range labels {
		s.labels[i] = int32(v)
	}
	return s, nil
}

// idx is the bytes of a gzipped IDX file behind its header.
func idx(path string, header int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", path, err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", path, err)
	}
	return b[header:], nil
}

// batch draws n samples.
func (s samples) batch(random *rand.Rand, n int) train.Batch {
	x, y := make([]float32, n*pixels), make([]int32, n)
	for i := range n {
		row := random.IntN(len(s.labels))
		copy(x[i*pixels:], s.images[row*pixels:(row+1)*pixels])
		y[i] = s.labels[row]
	}
	return train.Batch{
		Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, n, 1, 28, 28)},
		Labels: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(y, n, 1)},
	}
}
