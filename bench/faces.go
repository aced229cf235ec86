package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"athanor/inference/face"
	"athanor/inference/runtime"
	"athanor/inference/vision"
)

// yunetModel is the file of both sides' detector.
const yunetModel = "face_detection_yunet_2023mar.onnx"

// facesBench is what the parts of the faces section share.
type facesBench struct {
	data    string // folder faces of the test data
	yunet   face.Detector
	peer    *yn
	threads int
}

// faces compares YuNet with OpenCV's own FaceDetectorYN (same faces, how fast),
// scores the detectors on dlib's photos and times the live path.
func faces(ctx context.Context, b *bench) (section, error) {
	f := &facesBench{data: filepath.Join(b.mnist, "..", "faces"), threads: b.threads}
	model := filepath.Join(f.data, "models", yunetModel)
	var err error
	if f.yunet, err = face.OpenModel(model, runtime.Options{Threads: b.threads}); err != nil {
		return section{}, err
	}
	defer f.yunet.Close()
	if f.peer, err = startYN(ctx, filepath.Join(b.root, "bench", "peers", "faces"), model, b.threads); err != nil {
		return section{}, err
	}
	defer f.peer.close()
	s := section{
		title: "Faces",
		text: fmt.Sprintf("YuNet on ONNX Runtime beside FaceDetectorYN of OpenCV %s (Python), both with %d threads, "+
			"pre- and post-processing included, rounds interleaved.", f.peer.version, b.threads),
	}
	for _, part := range []func(context.Context, *bench) (table, error){f.sameFaces, f.speed, f.quality, f.live, f.painted} {
		t, err := part(ctx, b)
		if err != nil {
			return s, err
		}
		slog.Info("measured", "faces", t.head[0])
		s.tables = append(s.tables, t)
	}
	return s, nil
}

// yn is OpenCV's detector in a process of its own.
type yn struct {
	version string
	in      io.WriteCloser
	out     *bufio.Scanner
	cmd     *exec.Cmd
}

type ynAsk struct {
	Path       string  `json:"path"`
	Size       int     `json:"size"`
	Confidence float64 `json:"confidence"`
	Repeat     int     `json:"repeat"`
}

type ynAnswer struct {
	Version string      `json:"version"`
	Faces   [][]float32 `json:"faces"`
	MS      []float64   `json:"ms"`
}

func startYN(ctx context.Context, dir, model string, threads int) (*yn, error) {
	python := filepath.Join(dir, ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		return nil, fmt.Errorf("OpenCV's Python package is missing: run bench/peers/faces/setup: %w", err)
	}
	p := &yn{cmd: exec.CommandContext(ctx, python, filepath.Join(dir, "yn.py"), model, strconv.Itoa(threads))}
	p.cmd.Stderr = os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	p.out.Buffer(nil, 64<<20)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	hello, err := p.read()
	p.version = hello.Version
	return p, err
}

func (p *yn) read() (ynAnswer, error) {
	var a ynAnswer
	if !p.out.Scan() {
		return a, errors.Join(errors.New("OpenCV's process ended"), p.out.Err())
	}
	return a, json.Unmarshal(p.out.Bytes(), &a)
}

// ask returns what OpenCV finds and how long each repeat took.
func (p *yn) ask(q ynAsk) ([]face.Face, []float64, error) {
	if err := json.NewEncoder(p.in).Encode(q); err != nil {
		return nil, nil, err
	}
	a, err := p.read()
	if err != nil {
		return nil, nil, err
	}
	list := make([]face.Face, 0, len(a.Faces))
	for _, r := range a.Faces {
		one := face.Face{Box: face.Box{X: r[0], Y: r[1], W: r[2], H: r[3]}, Score: r[14]}
		for i := range 5 {
			one.Landmarks = append(one.Landmarks, face.Point{X: r[4+2*i], Y: r[5+2*i]})
		}
		list = append(list, one)
	}
	return list, a.MS, nil
}

func (p *yn) close() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

// pictures lists the photos of the test data.
func (f *facesBench) pictures() ([]string, error) {
	var list []string
	err := filepath.WalkDir(filepath.Join(f.data, "images"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".jpg" {
			list = append(list, path)
		}
		return err
	})
	return list, err
}

// sizedTo returns a picture as OpenCV's side sees it.
func sizedTo(path string, size int) (*vision.Frame, error) {
	f, err := vision.ReadPicture(path)
	if err != nil || size == 0 {
		return f, err
	}
	return f.ResizeLinear(size, size)
}

// sameFaces compares boxes, landmarks and scores on every picture.
func (f *facesBench) sameFaces(ctx context.Context, _ *bench) (table, error) {
	t := table{head: []string{"Same faces as OpenCV, score at least 0.6", "pictures", "faces", "only one side", "largest box difference, px", "largest landmark difference, px", "largest score difference"}}
	list, err := f.pictures()
	if err != nil {
		return t, err
	}
	for _, size := range []int{0, 320, 640} {
		var d difference
		for _, path := range list {
			theirs, _, err := f.peer.ask(ynAsk{Path: path, Size: size, Confidence: 0.6, Repeat: 1})
			if err != nil {
				return t, err
			}
			frame, err := sizedTo(path, size)
			if err != nil {
				return t, err
			}
			ours, err := f.yunet.Detect(ctx, frame, face.Params{Confidence: 0.6, Single: true, Side: 1 << 14})
			if err != nil {
				return t, err
			}
			d.add(ours, theirs)
		}
		name := "own size"
		if size > 0 {
			name = fmt.Sprintf("%d×%d", size, size)
		}
		t.rows = append(t.rows, []string{
			name, strconv.Itoa(len(list)), strconv.Itoa(d.faces), strconv.Itoa(d.alone),
			fmt.Sprintf("%.3f", d.box), fmt.Sprintf("%.3f", d.mark), fmt.Sprintf("%.5f", d.score),
		})
	}
	return t, nil
}

// difference gathers how far two lists of faces are apart.
type difference struct {
	faces, alone     int
	box, mark, score float32
}

func (d *difference) add(ours, theirs []face.Face) {
	used := make([]bool, len(theirs))
	for _, a := range ours {
		best, at := float32(0.5), -1
		for i, b := range theirs {
			if v := face.IoU(a.Box, b.Box); v > best && !used[i] {
				best, at = v, i
			}
		}
		if at < 0 {
			d.alone++
			continue
		}
		used[at] = true
		d.pair(a, theirs[at])
	}
	for _, u := range used {
		if !u {
			d.alone++
		}
	}
}

func (d *difference) pair(a, b face.Face) {
	far := func(x, y float32) float32 { return max(x-y, y-x) }
	d.faces++
	d.box = max(d.box, far(a.Box.X, b.Box.X), far(a.Box.Y, b.Box.Y), far(a.Box.W, b.Box.W), far(a.Box.H, b.Box.H))
	d.score = max(d.score, far(a.Score, b.Score))
	for i := range a.Landmarks {
		d.mark = max(d.mark, far(a.Landmarks[i].X, b.Landmarks[i].X), far(a.Landmarks[i].Y, b.Landmarks[i].Y))
	}
}

// speed times both sides in turns.
func (f *facesBench) speed(ctx context.Context, b *bench) (table, error) {
	t := table{head: []string{"One frame, ms (median)", "Athanor", "OpenCV", "OpenCV / Athanor", "in the rounds"}}
	path := filepath.Join(f.data, "images", "opencv", "lena.jpg")
	const repeat = 60
	for _, size := range []int{320, 640} {
		frame, err := sizedTo(path, size)
		if err != nil {
			return t, err
		}
		var ours, theirs, ratios []float64
		for range max(b.rounds, 5) {
			mine, err := timeDetect(ctx, f.yunet, frame, repeat)
			if err != nil {
				return t, err
			}
			_, his, err := f.peer.ask(ynAsk{Path: path, Size: size, Confidence: 0.9, Repeat: repeat})
			if err != nil {
				return t, err
			}
			ours, theirs = append(ours, median(mine)), append(theirs, median(his))
			ratios = append(ratios, median(his)/median(mine))
		}
		times := func(v float64) string { return fmt.Sprintf("%.2f×", v) }
		t.rows = append(t.rows, []string{
			fmt.Sprintf("YuNet %d×%d", size, size), fmt.Sprintf("%.2f", median(ours)), fmt.Sprintf("%.2f", median(theirs)),
			times(median(ratios)), spread(ratios, times),
		})
	}
	return t, nil
}

func timeDetect(ctx context.Context, d face.Detector, f *vision.Frame, repeat int) ([]float64, error) {
	var spent []float64
	for range repeat {
		begin := time.Now()
		if _, err := d.Detect(ctx, f, face.Params{Confidence: 0.9, Single: true}); err != nil {
			return nil, err
		}
		spent = append(spent, float64(time.Since(begin).Microseconds())/1000)
	}
	return spent, nil
}
