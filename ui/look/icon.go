package look

import (
	"bytes"
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"athanor/assets"
)

// Picture is a stroke icon that takes its colour from the theme whenever it is
// drawn. (Fyne's themed resources recolour fills only.)
type Picture struct {
	name   string
	colour fyne.ThemeColorName
}

// Icon returns an icon in the text's colour.
func Icon(name string) fyne.Resource { return Tinted(name, theme.ColorNameForeground) }

// Tinted returns an icon in a colour of the theme.
func Tinted(name string, colour fyne.ThemeColorName) fyne.Resource {
	return &Picture{name: name, colour: colour}
}

// Name implements fyne.Resource; it changes with the colour so that caches keep
// the looks apart.
func (p *Picture) Name() string { return p.name + "-" + hex(Colour(p.colour)) + ".svg" }

// Content implements fyne.Resource. An unknown icon is an empty picture.
func (p *Picture) Content() []byte {
	svg, err := assets.Icon(p.name)
	if err != nil {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"/>`)
	}
	return bytes.ReplaceAll(svg, []byte("currentColor"), []byte("#"+hex(Colour(p.colour))))
}

// Drawing is the picture of a starting card in the theme's colours.
type Drawing struct{ name string }

// Scene returns the picture of a starting card.
func Scene(name string) fyne.Resource { return &Drawing{name} }

// Name implements fyne.Resource; it changes with the look.
func (d *Drawing) Name() string { return "scene-" + d.name + "-" + hex(Colour(Muted)) + ".svg" }

// Content implements fyne.Resource. An unknown scene is an empty picture.
func (d *Drawing) Content() []byte {
	svg, err := assets.Scene(d.name)
	if err != nil {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="240" height="120"/>`)
	}
	svg = bytes.ReplaceAll(svg, []byte("currentColor"), []byte("#"+hex(Colour(Muted))))
	return bytes.ReplaceAll(svg, []byte("accentColor"), []byte("#"+hex(Colour(Ember))))
}

// Colour is a theme colour as it is now.
func Colour(name fyne.ThemeColorName) color.Color {
	settings := fyne.CurrentApp().Settings()
	return settings.Theme().Color(name, settings.ThemeVariant())
}

// Mark is the application's mark.
func Mark() fyne.Resource {
	svg, err := assets.Mark()
	if err != nil {
		return theme.BrokenImageIcon()
	}
	return fyne.NewStaticResource("athanor.svg", svg)
}

func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("%02x%02x%02x", r>>8, g>>8, b>>8)
}
