package look_test

import (
	"bytes"
	"encoding/xml"
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"athanor/assets"
	"athanor/ui/look"
)

// luminance is the relative luminance of WCAG 2.1.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	channel := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(r) + 0.7152*channel(g) + 0.0722*channel(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTextIsReadableInBothLooks(t *testing.T) {
	pairs := [][2]fyne.ThemeColorName{
		{theme.ColorNameForeground, theme.ColorNameBackground},
		{theme.ColorNameForeground, look.Surface},
		{theme.ColorNameForeground, look.Raised},
		{theme.ColorNameForeground, theme.ColorNameOverlayBackground},
		{look.Muted, theme.ColorNameOverlayBackground},
		{look.Negative, theme.ColorNameOverlayBackground},
		{look.Muted, theme.ColorNameBackground},
		{look.Muted, look.Surface},
		{look.Muted, look.Rail},
		{theme.ColorNameForegroundOnPrimary, look.Ember},
		{look.Positive, look.Surface},
		{look.Negative, look.Surface},
		{theme.ColorNameWarning, look.Surface},
	}
	for _, mode := range []look.Mode{look.Light, look.Dark} {
		th := look.Theme{Mode: mode}
		for _, p := range pairs {
			got := contrast(th.Color(p[0], theme.VariantLight), th.Color(p[1], theme.VariantLight))
			if got < 4.5 {
				t.Errorf("%s: %s on %s has contrast %.2f, want 4.5 (WCAG AA)", mode, p[0], p[1], got)
			}
		}
	}
}

// What can be filled in or ticked is seen by its border (WCAG 2.2, 1.4.11).
func TestFieldsAndSwitchesAreSeen(t *testing.T) {
	for _, mode := range []look.Mode{look.Light, look.Dark} {
		th := look.Theme{Mode: mode}
		if got := contrast(th.Color(theme.ColorNameInputBorder, theme.VariantLight), th.Color(look.Surface, theme.VariantLight)); got < 3 {
			t.Errorf("%s: borders of fields have contrast %.2f, want 3", mode, got)
		}
	}
}

// In the dark a popup has no shadow that shows: it stands out by its colour alone.
func TestPopupsStandOutInTheDark(t *testing.T) {
	th := look.Theme{Mode: look.Dark}
	for _, ground := range []fyne.ThemeColorName{look.Surface, theme.ColorNameBackground} {
		for _, popup := range []fyne.ThemeColorName{theme.ColorNameMenuBackground, theme.ColorNameOverlayBackground} {
			if got := contrast(th.Color(popup, theme.VariantDark), th.Color(ground, theme.VariantDark)); got < 1.25 {
				t.Errorf("%s on %s has contrast %.2f", popup, ground, got)
			}
		}
	}
}

func TestSystemFollowsTheVariant(t *testing.T) {
	th := look.Theme{Mode: look.System}
	if th.Dark(theme.VariantLight) || !th.Dark(theme.VariantDark) {
		t.Error("the system's choice is not followed")
	}
}

func TestEveryIconIsDrawnInOneStroke(t *testing.T) {
	names, err := assets.Icons()
	if err != nil || len(names) < 40 {
		t.Fatalf("%d icons, %v", len(names), err)
	}
	for _, name := range names {
		svg, err := assets.Icon(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(svg, new(struct{})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Contains(svg, []byte(`stroke-width="1.75"`)) || bytes.Count(svg, []byte("stroke-width")) != 1 {
			t.Errorf("%s: another stroke width", name)
		}
	}
}

func TestIconsTakeTheThemesColour(t *testing.T) {
	a := test.NewTempApp(t)
	icon := look.Icon("train")
	a.Settings().SetTheme(look.Theme{Mode: look.Dark})
	dark, name := string(icon.Content()), icon.Name()
	a.Settings().SetTheme(look.Theme{Mode: look.Light})
	if light := string(icon.Content()); light == dark || icon.Name() == name {
		t.Error("the icon did not change with the look")
	}
	if bytes.Contains(icon.Content(), []byte("currentColor")) {
		t.Error("the colour was left open")
	}
}

// Colours are asked for some hundred times a frame: what they leave behind is
// collected while strokes wait to be drawn.
func TestColoursLeaveLittleBehind(t *testing.T) {
	th := look.Theme{Mode: look.Dark}
	for _, name := range []fyne.ThemeColorName{look.Surface, theme.ColorNameError} {
		if n := testing.AllocsPerRun(100, func() { th.Color(name, theme.VariantDark) }); n > 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
