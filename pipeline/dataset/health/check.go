package health

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/digits"
	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/idx"
	"athanor/pipeline/dataset/near"
	"athanor/pipeline/dataset/source"
)

// Check looks over the data set that c names: c.Path, c.Label, c.Text,
// c.Operations, c.Read, c.Cache and c.Progress count. Operations are applied
// first, so that a report after a fix shows what is left.
func Check(ctx context.Context, c source.Config) (*Report, error) {
	start := time.Now()
	if err := c.Operations.Validate(); err != nil {
		return nil, fmt.Errorf("check %s: %w", c.Path, err)
	}
	found, err := source.Locate(ctx, c)
	if err != nil {
		return nil, err
	}
	r := &Report{Path: c.Path, Kind: string(found.Kind), Findings: []Finding{}}
	if found.Archive != "" {
		r.Format = append(r.Format, fmt.Sprintf("unpacked from %s", found.Archive))
	}
	switch found.Kind {
	case source.Embedded:
		err = checkDigits(ctx, c, r)
	case source.IDX:
		err = checkIDX(ctx, c, r, found.Parts)
	case source.Table:
		err = checkTable(ctx, c, r, found.Parts)
	case source.Pictures:
		r.Task = string(dataset.Image)
		err = checkFiles(ctx, c, r, found.Listing, folder.Pictures)
	case source.Texts:
		r.Task = string(dataset.Text)
		err = checkFiles(ctx, c, r, found.Listing, folder.Texts)
	}
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", c.Path, err)
	}
	r.sort()
	r.Seconds = time.Since(start).Seconds()
	r.Rate = float64(r.Samples) / max(r.Seconds, 1e-9)
	return r, nil
}

func checkDigits(ctx context.Context, c source.Config, r *Report) error {
	train, test, err := digits.Embedded(ctx)
	if err != nil {
		return err
	}
	raw := func(s *digits.Set) *idx.Samples {
		return &idx.Samples{Height: digits.Side, Width: digits.Side, Channels: 1, Pixels: s.Pixels, Labels: s.Labels}
	}
	r.Format = append(r.Format, "drawn by the studio")
	return checkPixels(ctx, c, r, []*idx.Samples{raw(train), raw(test)})
}

func checkIDX(ctx context.Context, c source.Config, r *Report, parts []source.Part) error {
	var all []*idx.Samples
	for _, p := range parts {
		s, err := idx.Load(idx.Pair{Images: p.Path, Labels: p.Labels}, 0)
		if err != nil {
			return err
		}
		r.Format = append(r.Format, fmt.Sprintf("%d pictures of %d×%d×%d in %s", len(s.Labels), s.Height, s.Width, s.Channels, p.Path))
		all = append(all, s)
	}
	return checkPixels(ctx, c, r, all)
}

// checkPixels checks pictures in memory: the first part is for training, the
// second for testing.
func checkPixels(ctx context.Context, c source.Config, r *Report, parts []*idx.Samples) error {
	r.Task = string(dataset.Image)
	b := newBook(c.Cache, nil)
	defer b.close()
	changes := c.Operations.Labels()
	side := folder.Train
	for _, s := range parts {
		stride := s.Height * s.Width * s.Channels
		for i, l := range s.Labels {
			if i%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			at := i * stride
			label, keep := changes.Apply(strconv.Itoa(b.n), strconv.Itoa(int(l)))
			if !keep {
				b.sample(nil, side)
				b.dropped++
				continue
			}
			b.sample([]byte(label), side)
			if err := b.keys.Add(near.Hash(s.Pixels[at:at+stride]), b.n-1); err != nil {
				return err
			}
		}
		side = folder.Test
	}
	r.Samples = b.kept()
	return b.report(ctx, r)
}
