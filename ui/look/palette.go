package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 255}
}

func alpha(hex uint32, a uint8) color.NRGBA {
	c := rgb(hex)
	c.A = a
	return c
}

// neutrals are the colours in which the two looks differ by name.
type neutrals struct {
	ground, surface, raised, popup, rail, line         uint32
	text, muted, disabled                              uint32
	ember, onEmber                                     uint32
	good, bad, warn, validation, input, stroke, shadow uint32
	soft, hover                                        uint8
}

// graphite is the dark look.
func graphite() neutrals {
	return neutrals{
		ground: 0x17181b, surface: 0x1f2125, raised: 0x282b30, popup: 0x30343b, rail: 0x131416, line: 0x303339,
		text: 0xece9e3, muted: 0xa0a1a6, disabled: 0x6b6d73,
		ember: 0xe4572e, onEmber: 0x1a0b06,
		good: 0x5bb98b, bad: 0xf2766b, warn: 0xe0a94a, validation: 0x56b4e9, input: 0x2b2f35, stroke: 0x696e78, shadow: 0x000000,
		soft: 46, hover: 16,
	}
}

// paper is the light look.
func paper() neutrals {
	return neutrals{
		ground: 0xf5f3ee, surface: 0xfdfcfa, raised: 0xefece5, popup: 0xffffff, rail: 0xebe8e1, line: 0xdcd8cf,
		text: 0x1e1f22, muted: 0x62646a, disabled: 0xa3a29d,
		ember: 0xc8431b, onEmber: 0xffffff,
		good: 0x1f7a4d, bad: 0xb3261e, warn: 0x8a5a00, validation: 0x0072b2, input: 0xece8df, stroke: 0x938e83, shadow: 0x3a352c,
		soft: 28, hover: 12,
	}
}

// named is a colour and what it is called.
type named struct {
	name   fyne.ThemeColorName
	colour color.NRGBA
}

// find looks a colour up. It is asked some hundred times for every frame: the list
// stays on the stack, where a map would be garbage each time.
func (n neutrals) find(name fyne.ThemeColorName) (color.NRGBA, bool) {
	for _, c := range [...]named{
		{Surface, rgb(n.surface)},
		{Raised, rgb(n.raised)},
		{Rail, rgb(n.rail)},
		{Line, rgb(n.line)},
		{Muted, rgb(n.muted)},
		{Ember, rgb(n.ember)},
		{EmberSoft, alpha(n.ember, n.soft)},
		{Positive, rgb(n.good)},
		{Negative, rgb(n.bad)},
		{Validation, rgb(n.validation)},
		{theme.ColorNameBackground, rgb(n.ground)},
		{theme.ColorNameForeground, rgb(n.text)},
		{theme.ColorNamePrimary, rgb(n.ember)},
		{theme.ColorNameForegroundOnPrimary, rgb(n.onEmber)},
		{theme.ColorNameFocus, alpha(n.ember, 90)},
		{theme.ColorNameSelection, alpha(n.ember, n.soft)},
		{theme.ColorNameHyperlink, rgb(n.ember)},
		{theme.ColorNameButton, rgb(n.raised)},
		{theme.ColorNameDisabledButton, rgb(n.raised)},
		{theme.ColorNameDisabled, rgb(n.disabled)},
		{theme.ColorNamePlaceHolder, rgb(n.muted)},
		{theme.ColorNameHover, alpha(n.text, n.hover)},
		{theme.ColorNamePressed, alpha(n.text, 2*n.hover)},
		{theme.ColorNameInputBackground, rgb(n.input)},
		{theme.ColorNameInputBorder, rgb(n.stroke)},
		{theme.ColorNameMenuBackground, rgb(n.popup)},
		{theme.ColorNameOverlayBackground, rgb(n.popup)},
		{theme.ColorNameHeaderBackground, rgb(n.surface)},
		{theme.ColorNameSeparator, rgb(n.line)},
		{theme.ColorNameScrollBar, alpha(n.text, 70)},
		{theme.ColorNameScrollBarBackground, alpha(n.text, 0)},
		{theme.ColorNameShadow, alpha(n.shadow, 60)},
		{theme.ColorNameSuccess, rgb(n.good)},
		{theme.ColorNameWarning, rgb(n.warn)},
		{theme.ColorNameError, rgb(n.bad)},
	} {
		if c.name == name {
			return c.colour, true
		}
	}
	return color.NRGBA{}, false
}

// Series returns the i-th colour of the Okabe–Ito palette, which people with
// any colour vision tell apart (Okabe and Ito 2008, "Color Universal Design").
// Black is left out: it is the text's colour.
func Series(i int) color.NRGBA {
	colours := []uint32{0xe69f00, 0x56b4e9, 0x009e73, 0xf0e442, 0x0072b2, 0xd55e00, 0xcc79a7}
	return rgb(colours[i%len(colours)])
}
