package face_test

import (
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

func TestTmp(t *testing.T) {
	for _, m := range []string{yunetFile, ultrafaceFile} {
		d := openModel(t, m)
		for _, p := range [][]string{{"obama.jpg"}, {"biden.jpg"}, {"two_people.jpg"}, {"opencv", "lena.jpg"}, {"opencv", "apple.jpg"}, {"opencv", "road.jpg"}, {"opencv", "orange.jpg"}, {"opencv", "messi5.jpg"}, {"dlib", "bald_guys.jpg"}, {"dlib", "dogs.jpg"}} {
			fs, err := d.Detect(t.Context(), picture(t, p...), face.Params{})
			t.Log(d.Name(), p, len(fs), err)
			for i, f := range fs {
				if i < 3 {
					t.Log("   ", f.Box, f.Score)
				}
			}
		}
	}
}

func BenchmarkYuNet(b *testing.B) {
	d := openModel(b, yunetFile)
	for _, side := range []int{320, 640} {
		f, err := picture(b, "opencv", "lena.jpg").Resize(side, side)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(map[int]string{320: "320", 640: "640"}[side], func(b *testing.B) {
			for b.Loop() {
				if _, err := d.Detect(b.Context(), f, face.Params{Single: true, Confidence: 0.9}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
