package main

import (
	"context"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/digits"
	"athanor/pipeline/dataset/feed"
	"athanor/pipeline/dataset/idx"
)

// samples are MNIST from its folder, or the embedded digits; every tenth
// training sample validates.
func samples(ctx context.Context, mnist string) (*dataset.Set, error) {
	name, train, test := "Embedded digits", &idx.Samples{}, &idx.Samples{}
	if mnist == "" {
		a, b, err := digits.Embedded(ctx)
		if err != nil {
			return nil, err
		}
		train, test = drawn(a), drawn(b)
	} else {
		a, b, err := idx.Find(mnist)
		if err != nil {
			return nil, err
		}
		if train, err = idx.Load(a, 10); err != nil {
			return nil, err
		}
		if test, err = idx.Load(b, 10); err != nil {
			return nil, err
		}
		name = "MNIST"
	}
	var learn, validate []int32
	for i := range int32(len(train.Labels)) {
		if i%10 == 9 {
			validate = append(validate, i)
		} else {
			learn = append(learn, i)
		}
	}
	pixels := held(train)
	return &dataset.Set{
		Task: dataset.Image, Name: name, Classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
		Train: feed.NewImages(pixels, learn, nil, 1), Validation: feed.NewImages(pixels, validate, nil, 1),
		Test: feed.NewImages(held(test), upTo(len(test.Labels)), nil, 1), Fingerprint: "benchmark",
	}, nil
}

func drawn(s *digits.Set) *idx.Samples {
	return &idx.Samples{Height: digits.Side, Width: digits.Side, Channels: 1, Pixels: s.Pixels, Labels: s.Labels}
}

func held(s *idx.Samples) *feed.Pixels {
	labels := make([]int32, len(s.Labels))
	for i, l := range s.Labels {
		labels[i] = int32(l)
	}
	return &feed.Pixels{Height: s.Height, Width: s.Width, Channels: s.Channels, Data: s.Pixels, Labels: labels}
}

func upTo(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}
