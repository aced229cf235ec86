package ui

import (
	"fyne.io/fyne/v2"

	"athanor/ui/i18n"
	"athanor/ui/shell"
)

// The places of the rail.
const (
	placeHome      = "home"
	placeData      = "data"
	placeTrain     = "train"
	placeCurves    = "curves"
	placeEvaluate  = "evaluate"
	placeTry       = "try"
	placeSentiment = "sentiment"
	placeFaces     = "faces"
	placeServe     = "serve"
	placeModels    = "models"
	placeSettings  = "settings"
)

// keyed is a place with the key that, with Ctrl, leads to it.
type keyed struct {
	id   string
	key  fyne.KeyName
	show string
}

func keyedPlaces() []keyed {
	return []keyed{
		{placeHome, fyne.Key1, "1"},
		{placeData, fyne.Key2, "2"},
		{placeTrain, fyne.Key3, "3"},
		{placeCurves, fyne.Key4, "4"},
		{placeEvaluate, fyne.Key5, "5"},
		{placeTry, fyne.Key6, "6"},
		{placeSentiment, fyne.Key7, "7"},
		{placeFaces, fyne.Key8, "8"},
		{placeServe, fyne.Key9, "9"},
		{placeModels, fyne.Key0, "0"},
		{placeSettings, fyne.KeyComma, ","},
	}
}

// places lists the rail's entries, Settings last.
func (s *Studio) places(book *i18n.Book) []shell.Place {
	gaps := map[string]bool{placeData: true, placeTry: true, placeServe: true}
	var out []shell.Place
	for _, k := range keyedPlaces() {
		if s.parts[k.id] == nil {
			continue
		}
		out = append(out, shell.Place{ID: k.id, Icon: k.id, Name: book.T("place." + k.id), Keys: "Ctrl+" + k.show, GapAbove: gaps[k.id]})
	}
	return out
}
