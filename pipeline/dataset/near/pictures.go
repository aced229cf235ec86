package near

import "context"

// Pictures finds exact and near duplicates among pictures that arrive one after
// another. It keeps 24 bytes a picture and belongs to one goroutine.
type Pictures struct {
	exact  *Buckets
	bands  *Buckets
	hashes []Perceptual
}

// NewPictures makes an empty finder that spills below dir.
func NewPictures(dir string) *Pictures {
	return &Pictures{exact: NewBuckets(dir, 0), bands: NewBuckets(dir, 0)}
}

// Add adds the next picture: a hash of its bytes, 0 where it has none, and its
// perceptual hash where ok.
func (p *Pictures) Add(bytes uint64, look Perceptual, ok bool) error {
	row := len(p.hashes)
	p.hashes = append(p.hashes, look)
	if bytes != 0 {
		if err := p.exact.Add(bytes, row); err != nil {
			return err
		}
	}
	if !ok {
		return nil
	}
	for _, k := range look.Keys() {
		if err := p.bands.Add(k, row); err != nil {
			return err
		}
	}
	return nil
}

// Find returns the sets of equal pictures, and of equal or nearly equal ones.
func (p *Pictures) Find(ctx context.Context) (exact, similar *Union, err error) {
	exact, similar = &Union{}, &Union{}
	err = p.exact.Each(ctx, func(rows []int) error {
		for _, r := range rows[1:] {
			exact.Join(rows[0], r)
			similar.Join(rows[0], r)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = p.bands.Each(ctx, func(rows []int) error {
		p.joinSimilar(similar, rows)
		return ctx.Err()
	})
	if err != nil {
		return nil, nil, err
	}
	return exact, similar, nil
}

// pictureReach bounds the work in one bucket of thousands of alike pictures.
const pictureReach = 256

func (p *Pictures) joinSimilar(u *Union, rows []int) {
	for i, r := range rows {
		for _, o := range rows[max(0, i-pictureReach):i] {
			if p.hashes[r].Distance(p.hashes[o]) <= perceptualReach {
				u.Join(o, r)
			}
		}
	}
}

// Close frees temporary files.
func (p *Pictures) Close() {
	p.exact.Close()
	p.bands.Close()
}
