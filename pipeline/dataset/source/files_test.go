package source_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/inference/vision"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
)

// drawing is a PNG whose look depends on its numbers.
func drawing(t *testing.T, w, h, seed int) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := math.Sin(float64(x*(seed%7+1))/9+float64(seed)) + math.Cos(float64(y*(seed%5+1))/7-float64(seed*seed))
			m.Set(x, y, color.RGBA{uint8(128 + 60*v), uint8(seed * 40), uint8(x * 255 / w), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// classFolders makes n pictures in each of two class folders.
func classFolders(t *testing.T, n int) string {
	t.Helper()
	root := t.TempDir()
	for i := range n {
		writeFile(t, filepath.Join(root, "猫", fmt.Sprintf("%d.png", i)), drawing(t, 40+i, 30, i))
		writeFile(t, filepath.Join(root, "dog", fmt.Sprintf("%d.png", i)), drawing(t, 30, 40, 100+i))
	}
	return root
}

func TestOpenClassFolders(t *testing.T) {
	root := classFolders(t, 10)
	writeFile(t, filepath.Join(root, "dog", "broken.png"), drawing(t, 30, 30, 5)[:80])
	writeFile(t, filepath.Join(root, "dog", "zero.jpg"), "")
	writeFile(t, filepath.Join(root, "loose.png"), drawing(t, 30, 30, 50))
	set := open(t, source.Config{Path: root, Validation: 0.2, Size: 16, Cache: t.TempDir(), Augment: "flip,shift"})
	if !slices.Equal(set.Classes, []string{"dog", "猫"}) || set.Train.Len() != 16 || set.Validation.Len() != 4 {
		t.Errorf("%q %d %d; %q", set.Classes, set.Train.Len(), set.Validation.Len(), set.Notes)
	}
	notes := strings.Join(set.Notes, "\n")
	for _, want := range []string{"2 files cannot be read", "broken.png", "zero.jpg", "1 files without a label"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q is not said in %q", want, notes)
		}
	}
	a, b, c := make([]byte, 768), make([]byte, 768), make([]byte, 768)
	for epoch, into := range map[int][]byte{-1: a, 1: b, 2: c} {
		if err := set.Train.Fill(t.Context(), [][]byte{into}, epoch, []int{3}); err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Equal(b, c) || bytes.Equal(a, make([]byte, 768)) {
		t.Error("epochs see the same picture, or nothing")
	}
}

func TestOpenHymenoptera(t *testing.T) {
	path := testenv.SharedData(t, "image-folder", "hymenoptera")
	set := open(t, source.Config{Path: path, Validation: 0.5, Size: 32, Cache: t.TempDir()})
	if set.Preprocess != nil {
		t.Error("resizing went into the model unasked")
	}
	if in := open(t, source.Config{Path: path, Size: 32, Cache: t.TempDir(), AnySize: true}).Preprocess; in == nil || in.Outputs[0].Name != set.Train.Columns()[0].Name {
		t.Error("the model was to take pictures of any size")
	}
	if set.Train.Len() != 61 || set.Validation.Len() != 30 || !slices.Equal(set.Classes, []string{"ants", "bees"}) {
		t.Errorf("%d %d %q %q", set.Train.Len(), set.Validation.Len(), set.Classes, set.Notes)
	}
	l := operation.List{{Kind: operation.Drop, Samples: []string{"train/ants/imageNotFound.gif"}}}
	if set = open(t, source.Config{Path: path, Size: 32, Operations: l, Cache: t.TempDir()}); set.Train.Len() != 60 {
		t.Errorf("%d after dropping the GIF", set.Train.Len())
	}
}

func TestOpenZipOfFolders(t *testing.T) {
	root := classFolders(t, 4)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(root, path)
		w, err := z.Create("pack/" + filepath.ToSlash(name))
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	path := writeFile(t, filepath.Join(t.TempDir(), "pets.bin"), b.String())
	c := source.Config{Path: path, Validation: 0.25, Size: 8, Cache: t.TempDir()}
	first := open(t, c)
	if first.Train.Len() != 6 || first.Validation.Len() != 2 || first.Name != "pets.bin" {
		t.Errorf("%d %d %q", first.Train.Len(), first.Validation.Len(), first.Name)
	}
	if again := open(t, c); again.Fingerprint != first.Fingerprint {
		t.Error("the unpacked copy is another data set")
	}
}

func TestOpenFlatFolderWithTable(t *testing.T) {
	root := t.TempDir()
	labels := "file,breed\n"
	for i := range 8 {
		name := fmt.Sprintf("p%d", i)
		writeFile(t, filepath.Join(root, name+".png"), drawing(t, 20, 20, i))
		labels += fmt.Sprintf("%s,%s\n", name, []string{"poodle", "husky"}[i%2])
	}
	writeFile(t, filepath.Join(root, "labels.csv"), labels)
	set := open(t, source.Config{Path: root, Size: 8, Cache: t.TempDir()})
	if set.Task != dataset.Image || set.Train.Len() != 8 || !slices.Equal(set.Classes, []string{"husky", "poodle"}) || set.Train.Class(0) != 1 {
		t.Errorf("%s %d %q %q", set.Task, set.Train.Len(), set.Classes, set.Notes)
	}
}

func TestOpenTextFolders(t *testing.T) {
	root := t.TempDir()
	for i := range 6 {
		writeFile(t, filepath.Join(root, "train", "good", fmt.Sprint(i)), fmt.Sprintf("a fine day number %d, 很好", i))
		writeFile(t, filepath.Join(root, "train", "bad", fmt.Sprint(i)), fmt.Sprintf("a terrible thing happened %d", i*i))
		writeFile(t, filepath.Join(root, "test", "bad", fmt.Sprint(i)), fmt.Sprintf("worse than %d others", i))
	}
	writeFile(t, filepath.Join(root, "train", "bad", "empty"), " \n")
	set := open(t, source.Config{Path: root, Validation: 0.2, Cache: t.TempDir()})
	if set.Task != dataset.Text || set.Train.Len()+set.Validation.Len() != 12 || set.Test.Len() != 6 {
		t.Errorf("%s %d %d %d %q", set.Task, set.Train.Len(), set.Validation.Len(), set.Test.Len(), set.Notes)
	}
	if !strings.Contains(strings.Join(set.Notes, " "), "empty") {
		t.Errorf("the empty text was dropped silently: %q", set.Notes)
	}
}

func TestNearCopiesStayTogether(t *testing.T) {
	root := t.TempDir()
	for i := range 20 {
		class := []string{"a", "b"}[i%2]
		writeFile(t, filepath.Join(root, class, fmt.Sprintf("%02d-large.png", i)), drawing(t, 120, 120, i))
		writeFile(t, filepath.Join(root, class, fmt.Sprintf("%02d-again.png", i)), drawing(t, 120, 120, i))
	}
	set := open(t, source.Config{Path: root, Validation: 0.3, Size: 32, Cache: t.TempDir()})
	held := map[int]bool{}
	for i := range set.Validation.Len() {
		held[set.Validation.Row(i)/2] = true
	}
	for i := range set.Train.Len() {
		if held[set.Train.Row(i)/2] {
			t.Fatalf("copies of picture %d are on both sides", set.Train.Row(i)/2)
		}
	}
}

func TestOpenFoldersRefuses(t *testing.T) {
	flat := t.TempDir()
	writeFile(t, filepath.Join(flat, "1.png"), drawing(t, 9, 9, 1))
	one := t.TempDir()
	writeFile(t, filepath.Join(one, "cat", "1.png"), drawing(t, 9, 9, 1))
	two := classFolders(t, 2)
	cases := map[string]struct {
		c    source.Config
		want error
	}{
		"empty folder": {source.Config{Path: t.TempDir()}, source.ErrUnknown},
		"no labels":    {source.Config{Path: flat}, source.ErrEmpty},
		"one class":    {source.Config{Path: one}, source.ErrOneClass},
		"wrong task":   {source.Config{Path: two, Task: dataset.Text}, source.ErrTask},
		"huge size":    {source.Config{Path: two, Size: 1 << 20}, source.ErrTask},
	}
	for name, c := range cases {
		c.c.Cache = t.TempDir()
		if _, err := source.Open(t.Context(), c.c); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestResizerAgreesWithTraining runs the exported preparation on whole pictures
// and compares with the pixels training saw.
func TestResizerAgreesWithTraining(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	const size = 24
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 18}}, Graph: source.Resizer("image", size)}
	raw, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	session, err := runtime.NewSession(raw, runtime.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	pictures := map[string]string{"shrunk": drawing(t, 97, 61, 3), "grown": drawing(t, 11, 13, 4), "same": drawing(t, 24, 24, 5), "mixed": drawing(t, 100, 12, 6)}
	for name, data := range pictures {
		want, err := source.DecodePicture([]byte(data), size)
		if err != nil {
			t.Fatal(err)
		}
		got := resize(t, session, []byte(data))
		mean, worst := difference(got, want)
		t.Logf("%s: mean difference %.3f, worst %d of 255", name, mean, worst)
		if mean > 1 || worst > 3 {
			t.Errorf("%s: mean difference %.3f, worst %d of 255", name, mean, worst)
		}
	}
}

func TestResizerAgreesOnPhotos(t *testing.T) {
	dir := testenv.SharedData(t, "image-folder", "hymenoptera", "val", "bees")
	testenv.NeedNative(t, runtime.Load())
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 18}}, Graph: source.Resizer("image", 64)}
	raw, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	session, err := runtime.NewSession(raw, runtime.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries[:5] {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		want, err := vision.DecodeResize(data, vision.Shape{W: 64, H: 64})
		if err != nil {
			t.Fatal(err)
		}
		mean, worst := difference(resize(t, session, data), want)
		t.Logf("%s: mean difference %.3f, worst %d of 255", e.Name(), mean, worst)
		if mean > 1.5 {
			t.Errorf("%s: mean difference %.3f of 255", e.Name(), mean)
		}
	}
}

func resize(t *testing.T, session *runtime.Session, data []byte) []byte {
	t.Helper()
	f, err := vision.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	rgb := make([]byte, 0, f.W*f.H*3)
	for y := range f.H {
		for x := range f.W {
			p := f.Pix[y*f.Stride+3*x:]
			rgb = append(rgb, p[2], p[1], p[0])
		}
	}
	in, err := runtime.NewTensor([]int64{1, int64(f.H), int64(f.W), 3}, rgb)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out := make([]*runtime.Tensor, 1)
	if err := session.Run(t.Context(), []*runtime.Tensor{in}, out); err != nil {
		t.Fatal(err)
	}
	defer out[0].Close()
	return bytes.Clone(runtime.Data[uint8](out[0]))
}

func difference(a, b []byte) (mean float64, worst int) {
	if len(a) != len(b) {
		return math.Inf(1), 255
	}
	sum := 0
	for i := range a {
		d := int(a[i]) - int(b[i])
		d = max(d, -d)
		sum += d
		worst = max(worst, d)
	}
	return float64(sum) / float64(len(a)), worst
}
