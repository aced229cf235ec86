// Package models holds the small models that travel inside the program, each
// with its card.
package models

import (
	"embed"
	"fmt"
)

//go:embed files
var files embed.FS

// Names of the shipped models.
const (
	ReviewsChinese = "reviews-zh"
	ReviewsEnglish = "reviews-en"
	// ReviewsChineseGRU is asked where ReviewsChinese is unsure.
	ReviewsChineseGRU = "reviews-zh-gru"
)

// ONNX returns the file of a shipped model.
func ONNX(name string) ([]byte, error) {
	b, err := files.ReadFile("files/" + name + ".onnx")
	if err != nil {
		return nil, fmt.Errorf("shipped model %s: %w", name, err)
	}
	return b, nil
}

// Card returns the card of a shipped model, in Markdown.
func Card(name string) (string, error) {
	b, err := files.ReadFile("files/" + name + ".md")
	if err != nil {
		return "", fmt.Errorf("card of shipped model %s: %w", name, err)
	}
	return string(b), nil
}
