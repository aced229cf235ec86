package health

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // colour modes of GIF
	_ "image/jpeg" // of JPEG
	_ "image/png"  // of PNG
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"athanor/inference/vision"
	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/near"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/dataset/table"
)

// look is what was seen of one file.
type look struct {
	size    int64
	changed bool
	hash    uint64
	other   bool // of another kind than the folder's
	err     error
	// Of pictures.
	format string
	shape  [2]int
	mode   string
	turned bool
	print  near.Perceptual
	ok     bool
	// Of texts.
	text []byte
}

// Bounds of what is read of a file.
const (
	maxPicture = 512 << 20
	maxText    = 4 << 20
	// thumb is the side of the picture that is compared.
	thumb = 36
	// chunk is how many files are looked at before they are booked in order.
	chunk = 512
)

// filesCheck gathers what concerns files.
type filesCheck struct {
	names                            []string
	unreadable, empty, changed, turn []string
	blank                            []string
	reasons                          map[string]int
	formats, sizes, modes            map[string][]int
	others                           []string
}

func checkFiles(ctx context.Context, c source.Config, r *Report, l *folder.Listing, kind folder.Kind) error {
	changes := c.Operations.Labels()
	var files []folder.File
	var names []string
	for _, f := range l.Files {
		label, keep := changes.Apply(f.Name, f.Class)
		if !keep {
			continue
		}
		f.Class = label
		files, names = append(files, f), append(names, f.Name)
	}
	b := newBook(c.Cache, names)
	defer b.close()
	if kind == folder.Pictures {
		b.pictures = near.NewPictures(c.Cache)
	} else {
		b.texts = near.NewTexts(c.Cache)
	}
	s := &filesCheck{names: names, reasons: map[string]int{}, formats: map[string][]int{}, sizes: map[string][]int{}, modes: map[string][]int{}}
	looks := make([]look, chunk)
	for from := 0; from < len(files); from += chunk {
		part := files[from:min(from+chunk, len(files))]
		if err := lookAll(ctx, l, part, kind, looks); err != nil {
			return err
		}
		for i, f := range part {
			if err := s.take(b, f, &looks[i]); err != nil {
				return err
			}
		}
		if c.Progress != nil {
			c.Progress(from+len(part), len(files))
		}
	}
	r.Samples = len(files)
	s.report(r, l)
	return b.report(ctx, r)
}

func lookAll(ctx context.Context, l *folder.Listing, files []folder.File, kind folder.Kind, into []look) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		g.Go(func() error {
			if ctx.Err() == nil {
				into[i] = lookAt(l.Path(f), f.Size, kind)
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}

func lookAt(path string, size int64, kind folder.Kind) look {
	limit := int64(maxPicture)
	if kind == folder.Texts {
		limit = maxText
	}
	data, now, err := read(path, limit)
	if err != nil {
		return look{err: err}
	}
	v := look{size: int64(len(data)), changed: now != size}
	if len(data) == 0 {
		return v
	}
	v.hash = near.Hash(data)
	if kind == folder.Texts {
		v.readText(data)
	} else {
		v.decode(path, data)
	}
	return v
}

// read reads a file and its size afterwards.
func read(path string, limit int64) (data []byte, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if data, err = io.ReadAll(io.LimitReader(f, limit)); err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	return data, info.Size(), nil
}

func (v *look) decode(path string, data []byte) {
	info, err := vision.Probe(data)
	if err != nil {
		v.err = err
		v.other = errors.Is(err, vision.ErrUnsupported) || folder.KindOf(path) != folder.Pictures
		return
	}
	v.format, v.shape = info.Format, [2]int{info.W, info.H}
	v.turned = info.Format == "jpeg" && orientation(data) > 1
	if config, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
		v.mode = modeName(config.ColorModel)
	}
	grey, err := vision.DecodeResize(data, vision.Shape{W: thumb, H: thumb, Gray: true})
	if err != nil {
		v.err = err
		return
	}
	v.print, v.ok = near.NewPerceptual(grey, thumb, thumb)
}

func (v *look) readText(data []byte) {
	text, err := table.DetectCharset(data).Text(data)
	if err != nil {
		v.err = err
		return
	}
	v.text = []byte(strings.TrimSpace(text))
	v.other = bytes.Count(v.text, []byte{0})*100 > len(v.text)
}

// take books one file.
func (s *filesCheck) take(b *book, f folder.File, v *look) error {
	at := b.n
	b.sample([]byte(f.Class), f.Side)
	switch {
	case v.changed:
		s.changed = append(s.changed, f.Name)
	case v.err == nil && v.size == 0:
		s.empty = append(s.empty, f.Name)
	case v.other:
		s.others = append(s.others, f.Name)
	case v.err != nil:
		s.unreadable = append(s.unreadable, f.Name)
		s.reasons[short(v.err)]++
	}
	if v.turned {
		s.turn = append(s.turn, f.Name)
	}
	if v.err == nil && v.format != "" {
		s.formats[v.format] = append(s.formats[v.format], at)
		size := fmt.Sprintf("%d×%d", v.shape[0], v.shape[1])
		s.sizes[size] = append(s.sizes[size], at)
		s.modes[v.mode] = append(s.modes[v.mode], at)
	}
	if b.texts != nil {
		if v.err == nil && v.size > 0 && len(v.text) == 0 {
			s.blank = append(s.blank, f.Name)
		}
		return b.texts.Add(v.text)
	}
	return b.pictures.Add(v.hash, v.print, v.ok && v.err == nil)
}

func short(err error) string {
	for _, e := range []error{vision.ErrBroken, vision.ErrTooLarge, vision.ErrUnsupported, vision.ErrEmpty, os.ErrPermission} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	return err.Error()
}

func (s *filesCheck) report(r *Report, l *folder.Listing) {
	all := len(s.names)
	r.add(withDrop(Finding{Kind: Unreadable, Severity: Bad, Count: len(s.unreadable), Of: all, Detail: counts(s.reasons)}, s.unreadable))
	r.add(withDrop(Finding{Kind: EmptyFile, Severity: Bad, Count: len(s.empty), Of: all}, s.empty))
	r.add(withDrop(Finding{Kind: EmptyText, Severity: Bad, Count: len(s.blank), Of: all}, s.blank))
	r.add(Finding{Kind: Changed, Severity: Warning, Count: len(s.changed), Samples: s.changed})
	r.add(Finding{Kind: PassedOver, Severity: Note, Count: total(l.Skipped), Detail: counts(l.Skipped), Samples: l.Examples})
	s.wrongType(r)
	if main, rest := s.split(s.modes); len(rest) > 0 {
		r.add(Finding{Kind: MixedModes, Severity: Note, Count: len(rest), Of: all, Detail: kinds(s.modes, main), Samples: rest})
	}
	if len(s.sizes) > 1 {
		r.add(Finding{Kind: MixedSizes, Severity: Note, Count: len(s.sizes), Of: all, Detail: extent(s.sizes)})
	}
	r.add(Finding{Kind: Orientation, Severity: Note, Count: len(s.turn), Of: all, Samples: s.turn})
	var loose []string
	for _, f := range l.Files {
		if f.Class == "" {
			loose = append(loose, f.Name)
		}
	}
	r.add(Finding{Kind: MissingLabel, Severity: Bad, Count: len(loose), Of: all, Samples: loose})
}

// wrongType reports files that are no pictures, and the few whose format stands
// alone: a GIF among JPEGs is a placeholder more often than a photograph.
func (s *filesCheck) wrongType(r *Report) {
	odd := slices.Clone(s.others)
	main, rest := s.split(s.formats)
	if len(rest) > 0 && len(rest)*20 <= len(s.formats[main]) {
		odd = append(odd, rest...)
	}
	slices.Sort(odd)
	detail := strings.Join(odd[:min(3, len(odd))], ", ")
	if main != "" {
		detail += "; most are " + main
	}
	f := Finding{Kind: WrongType, Severity: Warning, Count: len(odd), Of: len(s.names), Detail: detail, Samples: odd}
	if len(odd) > 0 {
		f.Fix = operation.List{{Kind: operation.Drop, Samples: odd, Why: string(WrongType)}}
	}
	r.add(f)
}

// split returns the most common key and the names of all files of other keys.
func (s *filesCheck) split(by map[string][]int) (main string, rest []string) {
	for k, files := range by {
		if main == "" || len(files) > len(by[main]) || len(files) == len(by[main]) && k < main {
			main = k
		}
	}
	for k, files := range by {
		if k == main {
			continue
		}
		for _, i := range files {
			rest = append(rest, s.names[i])
		}
	}
	slices.Sort(rest)
	return main, rest
}

func kinds(by map[string][]int, main string) string {
	n := map[string]int{}
	for k, files := range by {
		n[k] = len(files)
	}
	return counts(n) + "; most are " + main
}

// counts writes "broken 3 times, too large 1 times", the most frequent first.
func counts(n map[string]int) string {
	keys := make([]string, 0, len(n))
	for k := range n {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
	var out []string
	for _, k := range keys[:min(6, len(keys))] {
		out = append(out, fmt.Sprintf("%s (%d)", k, n[k]))
	}
	return strings.Join(out, ", ")
}

func total(n map[string]int) (sum int) {
	for _, v := range n {
		sum += v
	}
	return sum
}

// extent names the most frequent sizes.
func extent(by map[string][]int) string {
	n := map[string]int{}
	for k, files := range by {
		n[k] = len(files)
	}
	return counts(n)
}
