// Package assets holds the files that travel inside the program: icons drawn
// for Athanor, the translations and the application's mark.
package assets

import (
	"embed"
	"fmt"
)

//go:embed icons/*.svg scenes/*.svg translations/*.json icon.svg icon.png
var files embed.FS

// Icon returns the SVG of a stroke icon: 24×24, one stroke width, drawn in
// currentColor. The bytes belong to the caller.
func Icon(name string) ([]byte, error) {
	b, err := files.ReadFile("icons/" + name + ".svg")
	if err != nil {
		return nil, fmt.Errorf("read icon %s: %w", name, err)
	}
	return b, nil
}

// Scene returns the SVG picture of a starting card: 240×120, drawn in
// currentColor with one part in accentColor. The bytes belong to the caller.
func Scene(name string) ([]byte, error) {
	b, err := files.ReadFile("scenes/" + name + ".svg")
	if err != nil {
		return nil, fmt.Errorf("read scene %s: %w", name, err)
	}
	return b, nil
}

// Icons lists the names that Icon knows, in alphabetical order.
func Icons() ([]string, error) {
	entries, err := files.ReadDir("icons")
	if err != nil {
		return nil, fmt.Errorf("list icons: %w", err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()[:len(e.Name())-len(".svg")]
	}
	return names, nil
}

// Translation returns the JSON table of a language ("en", "zh"): one object
// from key to text.
func Translation(language string) ([]byte, error) {
	b, err := files.ReadFile("translations/" + language + ".json")
	if err != nil {
		return nil, fmt.Errorf("read translation %s: %w", language, err)
	}
	return b, nil
}

// Mark returns the application's mark as SVG.
func Mark() ([]byte, error) {
	b, err := files.ReadFile("icon.svg")
	if err != nil {
		return nil, fmt.Errorf("read the mark: %w", err)
	}
	return b, nil
}

// MarkPNG returns the application's mark as a 512×512 PNG.
func MarkPNG() ([]byte, error) {
	b, err := files.ReadFile("icon.png")
	if err != nil {
		return nil, fmt.Errorf("read the mark: %w", err)
	}
	return b, nil
}
