// Package look is how Athanor looks: graphite and paper neutrals, one ember
// accent, two text sizes, an eight-pixel grid and icons in one stroke width.
package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Mode is the person's choice between the looks.
type Mode string

// Modes.
const (
	System Mode = "system"
	Light  Mode = "light"
	Dark   Mode = "dark"
)

// Colour names of Athanor beside Fyne's own.
const (
	Surface    fyne.ThemeColorName = "athanor.surface" // cards and bars
	Raised     fyne.ThemeColorName = "athanor.raised"  // something lying on a card
	Muted      fyne.ThemeColorName = "athanor.muted"   // captions
	Ember      fyne.ThemeColorName = "athanor.ember"   // running, or press next
	EmberSoft  fyne.ThemeColorName = "athanor.ember.soft"
	Line       fyne.ThemeColorName = "athanor.line" // the few borders there are
	Rail       fyne.ThemeColorName = "athanor.rail"
	Positive   fyne.ThemeColorName = "athanor.positive"
	Negative   fyne.ThemeColorName = "athanor.negative"
	Validation fyne.ThemeColorName = "athanor.validation"
)

// Sizes in Fyne units, on the eight-pixel grid.
const (
	Gap      float32 = 8
	Margin   float32 = 24
	Radius   float32 = 8
	TextBody float32 = 13
	TextNote float32 = 11
	TextHead float32 = 20
	TextBig  float32 = 26
)

// Theme is Athanor's theme. The zero value follows the system.
type Theme struct{ Mode Mode }

// Dark reports whether t is dark where the system says variant.
func (t Theme) Dark(variant fyne.ThemeVariant) bool {
	switch t.Mode {
	case Dark:
		return true
	case Light:
		return false
	}
	return variant == theme.VariantDark
}

// Color implements fyne.Theme.
func (t Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	own, base := paper(), theme.VariantLight
	if t.Dark(variant) {
		own, base = graphite(), theme.VariantDark
	}
	if c, ok := own.find(name); ok {
		return c
	}
	return theme.DefaultTheme().Color(name, base)
}

// Font implements fyne.Theme.
func (Theme) Font(style fyne.TextStyle) fyne.Resource { return theme.DefaultTheme().Font(style) }

// Icon implements fyne.Theme: Fyne's icons are replaced where Athanor drew one.
func (Theme) Icon(name fyne.ThemeIconName) fyne.Resource {
	if own, ok := replaced()[name]; ok {
		return Icon(own)
	}
	return theme.DefaultTheme().Icon(name)
}

// Size implements fyne.Theme.
func (Theme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return TextBody
	case theme.SizeNameCaptionText:
		return TextNote
	case theme.SizeNameHeadingText, theme.SizeNameSubHeadingText:
		return TextHead
	case theme.SizeNamePadding:
		return 4
	case theme.SizeNameInnerPadding:
		return Gap
	case theme.SizeNameInlineIcon:
		return 18
	case theme.SizeNameInputRadius, theme.SizeNameButtonRadius, theme.SizeNameSelectionRadius, theme.SizeNameMenuRadius:
		return 6
	case theme.SizeNameDialogRadius, theme.SizeNamePopupRadius, theme.SizeNameCardRadius:
		return 10
	case theme.SizeNameScrollBar:
		return 10
	case theme.SizeNameScrollBarSmall:
		return 4
	case theme.SizeNameModalBlurRadius:
		return 0
	}
	return theme.DefaultTheme().Size(name)
}

func replaced() map[fyne.ThemeIconName]string {
	return map[fyne.ThemeIconName]string{
		theme.IconNameArrowDropDown: "down", theme.IconNameArrowDropUp: "up",
		theme.IconNameCancel: "close", theme.IconNameConfirm: "check",
		theme.IconNameDelete: "trash", theme.IconNameSearch: "search",
		theme.IconNameFolder: "folder", theme.IconNameFolderOpen: "folder",
		theme.IconNameContentCopy: "copy", theme.IconNameContentUndo: "undo",
		theme.IconNameContentAdd: "plus", theme.IconNameContentRemove: "minus",
		theme.IconNameHome: "home", theme.IconNameInfo: "info",
		theme.IconNameWarning: "warning", theme.IconNameError: "error",
		theme.IconNameNavigateBack: "left", theme.IconNameNavigateNext: "right",
		theme.IconNameMoveDown: "down", theme.IconNameMoveUp: "up",
	}
}
