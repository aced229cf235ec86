package builtin_test

import (
	"context"
	"errors"
	"image"
	_ "image/jpeg"
	"os"
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/serve/builtin"
	"athanor/inference/testenv"
	"athanor/inference/vision"
)

func TestSentimentInBothLanguages(t *testing.T) {
	answer, done, _ := builtin.Sentiment() // without its models the lexicons answer
	defer done()
	for text, want := range map[string]string{
		"This is wonderful, I love it!": "positive", "这家酒店非常好，很满意": "positive",
		"Terrible. A complete waste of money.": "negative", "太差了，非常失望": "negative",
	} {
		v, err := answer(context.Background(), text)
		if err != nil || v.Label != want || (v.Score > 0) != (want == "positive") || v.Language == "" {
			t.Errorf("%s: %+v, %v", text, v, err)
		}
	}
}

func TestFacesInAPicture(t *testing.T) {
	_, missing := vision.FindCascade("haarcascade_frontalface_default")
	testenv.NeedNative(t, errors.Join(missing, runtime.Load()))
	f, err := os.Open(testenv.SharedData(t, "faces", "images", "obama.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	answer, done, err := builtin.Faces(t.TempDir(), 1) // no learned model there: the cascade
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	found, err := answer(context.Background(), picture)
	if err != nil || len(found) != 1 || found[0].Width < 100 || found[0].Score <= 0 {
		t.Errorf("%+v, %v", found, err)
	}
	if none, err := answer(context.Background(), image.NewGray(image.Rect(0, 0, 200, 200))); err != nil || len(none) != 0 {
		t.Errorf("in nothing: %+v, %v", none, err)
	}
}
