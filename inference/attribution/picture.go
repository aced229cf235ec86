package attribution

import (
	"context"
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"athanor/inference/model"
)

// Method is a way to explain a picture.
type Method string

// Methods.
const (
	Integrated Method = "integrated" // integrated gradients from black
	Smooth     Method = "smooth"     // SmoothGrad (Smilkov et al. 2017)
	CAM        Method = "cam"        // Grad-CAM (Selvaraju et al. 2017)
	Occlusion  Method = "occlusion"  // what covering a square takes away (Zeiler and Fergus 2014)
)

// Methods lists all.
func Methods() []Method { return []Method{Integrated, Smooth, CAM, Occlusion} }

// Picture is how much each pixel spoke for the class: positive for, negative
// against it.
type Picture struct {
	Method Method
	Class  int
	W, H   int
	Values []float32 // H×W
	// Complete holds for integrated gradients: their sum explains the output.
	Complete Completeness
}

// Explain explains a model's answer for a picture. class < 0 takes the best one.
// g may be nil for Occlusion.
func Explain(ctx context.Context, m *model.Model, g *Graph, picture image.Image, method Method, class int) (Picture, error) {
	if class < 0 {
		answer, err := m.Images(ctx, picture)
		if err != nil {
			return Picture{}, err
		}
		class = best(answer[0])
	}
	if class >= max(len(m.Info().Labels), 1) {
		return Picture{}, fmt.Errorf("%w: class %d of %d", model.ErrInput, class, len(m.Info().Labels))
	}
	s, err := m.EncodeImage(picture)
	if err != nil {
		return Picture{}, err
	}
	p := Picture{Method: method, Class: class, H: int(s[0].Shape[0]), W: int(s[0].Shape[1])}
	if method == Occlusion {
		return p, p.occlude(ctx, m, s[0].Data, int(s[0].Shape[2]))
	}
	if g == nil || g.text || g.size() != len(s[0].Data) {
		return Picture{}, fmt.Errorf("%w for pictures of this model", ErrNoGraph)
	}
	x := make([]float32, len(s[0].Data))
	for i, v := range s[0].Data {
		x[i] = float32(v)
	}
	switch method {
	case Integrated:
		return p, p.integrated(ctx, g, x)
	case Smooth:
		return p, p.smooth(ctx, g, x)
	case CAM:
		return p, p.cam(ctx, g, x)
	}
	return p, fmt.Errorf("%w: explain by %q; choose one of %v", model.ErrInput, method, Methods())
}

func best(p model.Prediction) int {
	if top := p.Top(1); len(top) > 0 {
		return top[0].Index
	}
	return 0
}

// integrated starts at a black picture.
func (p *Picture) integrated(ctx context.Context, g *Graph, x []float32) error {
	values, c, err := g.integrate(ctx, func(ctx context.Context, scales []float32) ([]float64, [][]float32, error) {
		points := make([]float32, 0, len(scales)*len(x))
		for _, s := range scales {
			for _, v := range x {
				points = append(points, s*v)
			}
		}
		r, err := g.run(ctx, points, p.Class)
		if err != nil {
			return nil, nil, err
		}
		logits, terms := make([]float64, len(scales)), make([][]float32, len(scales))
		for i := range scales {
			logits[i] = float64(r.logits[i*g.classes+p.Class])
			terms[i] = r.gradient[i*len(x) : (i+1)*len(x)]
			for k := range terms[i] {
				terms[i][k] *= x[k]
			}
		}
		return logits, terms, nil
	})
	p.Complete = c
	p.Values = channelSums(values, p.W*p.H)
	return err
}

func channelSums[T float32 | float64](values []T, pixels int) []float32 {
	out := make([]float32, pixels)
	if len(values) == 0 {
		return out
	}
	each := len(values) / pixels
	for i := range out {
		sum := 0.0
		for _, v := range values[i*each : (i+1)*each] {
			sum += float64(v)
		}
		out[i] = float32(sum)
	}
	return out
}

// smoothNoise is the deviation of SmoothGrad's noise as a share of white.
const smoothNoise = 0.15

// smooth is the mean gradient around the picture, times white, so that it says
// what lighting a pixel would do.
func (p *Picture) smooth(ctx context.Context, g *Graph, x []float32) error {
	r := rand.New(rand.NewPCG(11, 12))
	var mean []float64
	for from := 0; from < Steps; from += g.batch {
		n := min(g.batch, Steps-from)
		points := make([]float32, 0, n*len(x))
		for range n {
			for _, v := range x {
				points = append(points, v+float32(r.NormFloat64()*255*smoothNoise))
			}
		}
		out, err := g.run(ctx, points, p.Class)
		if err != nil {
			return err
		}
		for i := range n {
			mean = add(mean, out.gradient[i*len(x):(i+1)*len(x)], 255.0/Steps)
		}
	}
	p.Values = channelSums(mean, p.W*p.H)
	return nil
}

// cam weighs the last maps by their gradients and keeps what speaks for the
// class. The gradient is taken place by place (Draelos and Carin 2020): where
// the maps are averaged before the last layer, as in residual networks, that is
// Grad-CAM; where a dense layer reads every place by itself, the mean gradient
// of Grad-CAM says nothing about most pictures.
func (p *Picture) cam(ctx context.Context, g *Graph, x []float32) error {
	if !g.HasMaps() {
		return fmt.Errorf("%w: Grad-CAM needs a network with convolutions; use %s", model.ErrInput, Integrated)
	}
	r, err := g.run(ctx, x, p.Class)
	if err != nil {
		return err
	}
	channels, h, w := int(g.maps[0]), int(g.maps[1]), int(g.maps[2])
	small := make([]float64, h*w)
	for c := range channels {
		gradient := r.mapGradient[c*h*w : (c+1)*h*w]
		for i, v := range r.maps[c*h*w : (c+1)*h*w] {
			small[i] += float64(gradient[i]) * float64(v)
		}
	}
	for i, v := range small {
		small[i] = max(v, 0)
	}
	p.Values = enlarge(small, h, w, p.H, p.W)
	return nil
}

// enlarge is bilinear, pixel centres on pixel centres.
func enlarge(from []float64, h, w, toH, toW int) []float32 {
	out := make([]float32, toH*toW)
	at := func(i, n, to int) (low, high int, t float64) {
		v := min(max((float64(i)+0.5)*float64(n)/float64(to)-0.5, 0), float64(n-1))
		low = int(v)
		return low, min(low+1, n-1), v - float64(low)
	}
	for y := range toH {
		y0, y1, ty := at(y, h, toH)
		for x := range toW {
			x0, x1, tx := at(x, w, toW)
			top := from[y0*w+x0]*(1-tx) + from[y0*w+x1]*tx
			bottom := from[y1*w+x0]*(1-tx) + from[y1*w+x1]*tx
			out[y*toW+x] = float32(top*(1-ty) + bottom*ty)
		}
	}
	return out
}

// occlude covers squares with the picture's mean colour; a pixel's value is the
// mean loss of the class's probability over the squares it lies in.
func (p *Picture) occlude(ctx context.Context, m *model.Model, pix []byte, channels int) error {
	side := max(min(p.W, p.H)/7, 2)
	stride := max(side/2, 1)
	fill := meanColour(pix, channels)
	pictures := []image.Image{toImage(pix, p.W, p.H, channels)}
	var squares []image.Rectangle
	for y := 0; y < p.H; y += stride {
		for x := 0; x < p.W; x += stride {
			r := image.Rect(x-side/2, y-side/2, x-side/2+side, y-side/2+side).Intersect(image.Rect(0, 0, p.W, p.H))
			squares = append(squares, r)
			covered := append([]byte(nil), pix...)
			for yy := r.Min.Y; yy < r.Max.Y; yy++ {
				for xx := r.Min.X; xx < r.Max.X; xx++ {
					copy(covered[(yy*p.W+xx)*channels:], fill)
				}
			}
			pictures = append(pictures, toImage(covered, p.W, p.H, channels))
		}
	}
	answers, err := m.Images(ctx, pictures...)
	if err != nil {
		return err
	}
	p.Values = make([]float32, p.W*p.H)
	seen := make([]float32, p.W*p.H)
	for i, r := range squares {
		lost := score(answers[0], p.Class) - score(answers[i+1], p.Class)
		for yy := r.Min.Y; yy < r.Max.Y; yy++ {
			for xx := r.Min.X; xx < r.Max.X; xx++ {
				p.Values[yy*p.W+xx] += float32(lost)
				seen[yy*p.W+xx]++
			}
		}
	}
	for i, n := range seen {
		p.Values[i] /= max(n, 1)
	}
	return nil
}

// score is the probability of a class, or a regression's value.
func score(p model.Prediction, class int) float64 {
	if p.Probabilities == nil {
		return float64(p.Value)
	}
	return float64(p.Probabilities[class])
}

func meanColour(pix []byte, channels int) []byte {
	out := make([]byte, channels)
	for c := range channels {
		sum := 0
		for i := c; i < len(pix); i += channels {
			sum += int(pix[i])
		}
		out[c] = byte(math.Round(float64(sum) / float64(len(pix)/channels)))
	}
	return out
}

func toImage(pix []byte, w, h, channels int) image.Image {
	if channels == 1 {
		return &image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, h)}
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(out.Pix[4*i:4*i+3], pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}
