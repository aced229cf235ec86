package face_test

import (
	"errors"
	"image"
	"math"
	"os"
	"strings"
	"testing"

	"athanor/inference/face"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/inference/vision"
)

func openModel(t testing.TB, file string) face.Detector {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	d, err := face.OpenModel(testenv.SharedData(t, "faces", "models", file), runtime.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

const (
	yunetFile     = "face_detection_yunet_2023mar.onnx"
	ultrafaceFile = "version-RFB-320_simplified.onnx"
)

func picture(t testing.TB, elem ...string) *vision.Frame {
	t.Helper()
	f, err := vision.ReadPicture(testenv.SharedData(t, append([]string{"faces", "images"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func detect(t testing.TB, d face.Detector, f *vision.Frame, p face.Params) []face.Face {
	t.Helper()
	faces, err := d.Detect(t.Context(), f, p)
	if err != nil {
		t.Fatal(err)
	}
	return faces
}

func TestEveryDetectorOnPhotos(t *testing.T) {
	for _, d := range []face.Detector{openModel(t, yunetFile), openModel(t, ultrafaceFile), openHaar(t, "haar"), openHaar(t, "haar-alt2")} {
		for _, c := range []struct {
			path []string
			want int
		}{
			{[]string{"two_people.jpg"}, 2}, {[]string{"opencv", "lena.jpg"}, 1}, {[]string{"opencv", "apple.jpg"}, 0},
		} {
			if faces := detect(t, d, picture(t, c.path...), face.Params{}); len(faces) != c.want {
				t.Errorf("%s finds %d faces in %v, want %d", d.Name(), len(faces), c.path, c.want)
			}
		}
	}
}

// OpenCV 4.12's FaceDetectorYN on the same file, for machines without the peer.
func TestYuNetAgreesWithOpenCV(t *testing.T) {
	d := openModel(t, yunetFile)
	faces := detect(t, d, picture(t, "opencv", "messi5.jpg"), face.Params{Single: true, Confidence: 0.6})
	if len(faces) != 1 {
		t.Fatalf("%d faces", len(faces))
	}
	got := []float32{faces[0].Box.X, faces[0].Box.Y, faces[0].Box.W, faces[0].Box.H, 100 * faces[0].Score}
	for _, p := range faces[0].Landmarks {
		got = append(got, p.X, p.Y)
	}
	want := []float32{225.78, 93.27, 30.87, 39.82, 91.5, 239.27, 106.35, 250.97, 106.64, 248.25, 114.14, 241.17, 120.85, 250.55, 121.96}
	for i := range want {
		if d := math.Abs(float64(got[i] - want[i])); d > 1 {
			t.Errorf("number %d is %.2f, OpenCV has %.2f", i, got[i], want[i])
		}
	}
}

// YuNet alone misses faces beyond about 300 pixels; the small pass finds them.
func TestYuNetFindsLargeFaces(t *testing.T) {
	d := openModel(t, yunetFile)
	near, err := picture(t, "opencv", "lena.jpg").Resize(1900, 1900) // the face has about 750 px
	if err != nil {
		t.Fatal(err)
	}
	if faces := detect(t, d, near, face.Params{}); len(faces) != 1 || faces[0].Box.H < 600 {
		t.Errorf("a face that fills the frame: %+v", faces)
	}
}

func TestMinSizeAndConfidence(t *testing.T) {
	d := openModel(t, yunetFile)
	f := picture(t, "dlib", "bald_guys.jpg")
	all, large := detect(t, d, f, face.Params{}), detect(t, d, f, face.Params{MinSize: 150})
	sure := detect(t, d, f, face.Params{Confidence: 0.95})
	if len(large) == 0 || len(large) >= len(all) || len(sure) >= len(all) {
		t.Errorf("%d faces, %d large, %d sure", len(all), len(large), len(sure))
	}
	for _, one := range large {
		if one.Box.W < 150 || one.Box.H < 150 {
			t.Errorf("a face of %v", one.Box)
		}
	}
	for i := 1; i < len(all); i++ {
		if all[i].Score > all[i-1].Score {
			t.Fatal("the best face is not first")
		}
	}
}

func TestAThousandFacesInAFrame(t *testing.T) {
	tile, err := picture(t, "opencv", "lena.jpg").Crop(image.Rect(170, 150, 400, 430)).Resize(47, 58)
	if err != nil {
		t.Fatal(err)
	}
	wall := vision.NewFrame(40*47, 25*58)
	for i := range 1000 {
		at := image.Pt(i%40*47, i/40*58)
		if err := tile.PlaceIn(wall, image.Rectangle{Min: at, Max: at.Add(image.Pt(47, 58))}); err != nil {
			t.Fatal(err)
		}
	}
	faces := detect(t, openModel(t, yunetFile), wall, face.Params{Confidence: 0.5})
	if len(faces) < 900 || len(faces) > 1000 {
		t.Errorf("%d of 1000 faces on the wall", len(faces))
	}
	if err := face.Draw(wall, faces); err != nil {
		t.Error(err)
	}
}

func TestDetectOddFrames(t *testing.T) {
	for _, d := range []face.Detector{openModel(t, yunetFile), openModel(t, ultrafaceFile), openHaar(t, "haar")} {
		for _, size := range [][2]int{{1, 1}, {3, 700}, {700, 2}, {33, 31}} {
			if faces, err := d.Detect(t.Context(), vision.NewFrame(size[0], size[1]), face.Params{}); err != nil || len(faces) > 0 {
				t.Errorf("%s on %v black pixels: %v, %v", d.Name(), size, faces, err)
			}
		}
		if _, err := d.Detect(t.Context(), &vision.Frame{}, face.Params{}); err == nil {
			t.Errorf("%s accepts a frame without pixels", d.Name())
		}
	}
}

func TestModelsOfTheWrongKind(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for path, want := range map[string]string{
		testenv.SharedData(t, "faces", "models", "face_detection_yunet_2022mar.onnx"): "March 2022",
		testenv.SharedData(t, "onnx-small", "mnist.onnx"):                             "its inputs are",
		testenv.SharedData(t, "faces", "images", "obama.jpg"):                         "not a face model",
	} {
		if _, err := face.OpenModel(path, runtime.Options{}); !errors.Is(err, face.ErrModel) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := face.Open("yunet", face.OpenConfig{Folder: t.TempDir()}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "Apache-2.0") {
		t.Errorf("without a model: %v", err)
	}
	if _, err := face.Open("nose", face.OpenConfig{}); !errors.Is(err, face.ErrDetector) {
		t.Errorf("unknown: %v", err)
	}
	both := face.OpenConfig{Models: []string{testenv.SharedData(t, "faces", "models", ultrafaceFile)}, Folder: t.TempDir()}
	if _, err := face.Open("yunet", both); !errors.Is(err, face.ErrModel) || !strings.Contains(err.Error(), "is for ultraface") {
		t.Errorf("another detector's model: %v", err)
	}
}

func BenchmarkYuNet(b *testing.B) {
	d := openModel(b, yunetFile)
	for name, side := range map[string]int{"320": 320, "640": 640} {
		f, err := picture(b, "opencv", "lena.jpg").Resize(side, side)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := d.Detect(b.Context(), f, face.Params{Single: true, Confidence: 0.9}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
