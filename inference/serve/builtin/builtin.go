// Package builtin lends the studio's own sentiment and face detection to the
// model service.
package builtin

import (
	"context"
	"fmt"
	"image"

	"athanor/inference/face"
	"athanor/inference/runtime"
	"athanor/inference/sentiment"
	"athanor/inference/serve"
	"athanor/inference/vision"
)

// Sentiment opens the studio's analyzer for serve.Config. missing says why a
// learned model could not be opened and its lexicon stands in; it is no error.
func Sentiment() (answer func(context.Context, string) (serve.Verdict, error), done func(), missing error) {
	analyzer, missing, done := sentiment.NewDefault()
	return func(ctx context.Context, text string) (serve.Verdict, error) {
		v, err := analyzer.One(ctx, text, sentiment.Options{})
		if err != nil {
			return serve.Verdict{}, fmt.Errorf("sentiment: %w", err)
		}
		return serve.Verdict{Label: string(v.Label), Score: v.Score, Confidence: v.Confidence, Language: v.Lang}, nil
	}, done, missing
}

// Faces opens a face detector for serve.Config: a learned one from the folder
// of fetched models where there is one, else the cascade.
func Faces(folder string, threads int) (answer func(context.Context, image.Image) ([]serve.Face, error), done func(), err error) {
	cfg := face.OpenConfig{Folder: folder, Options: runtime.Options{Threads: threads}}
	detector, err := face.Open("yunet", cfg)
	if err != nil {
		detector, err = face.Open("haar", cfg)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open face detector: %w", err)
	}
	return func(ctx context.Context, picture image.Image) ([]serve.Face, error) {
		found, err := detector.Detect(ctx, vision.FromImage(picture), detector.Defaults())
		if err != nil {
			return nil, fmt.Errorf("detect faces: %w", err)
		}
		list := make([]serve.Face, len(found))
		for i, f := range found {
			list[i] = serve.Face{
				Label: "face", Score: float64(f.Score),
				X: float64(f.Box.X), Y: float64(f.Box.Y), Width: float64(f.Box.W), Height: float64(f.Box.H),
			}
		}
		return list, nil
	}, func() { _ = detector.Close() }, nil
}
