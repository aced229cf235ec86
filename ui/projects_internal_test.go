package ui

import (
	"slices"
	"testing"

	"athanor/app/project"
	"athanor/inference/fetch"
	"athanor/ui/i18n"
)

// TestProjectsOfOneNameAreToldApart: the list of projects chooses by name.
func TestProjectsOfOneNameAreToldApart(t *testing.T) {
	got := projectNames([]project.Project{{Name: "Tea", Dir: "/p/Tea"}, {Name: "Milk", Dir: "/p/Milk"}, {Name: "Tea", Dir: "/p/Tea-2"}})
	if want := []string{"Tea · Tea", "Milk", "Tea · Tea-2"}; !slices.Equal(got, want) {
		t.Errorf("the projects are called %q, not %q", got, want)
	}
}

// TestKnownModelsAreCalledInBothLanguages: each has a title in the window's language,
// in English the one that the command shows.
func TestKnownModelsAreCalledInBothLanguages(t *testing.T) {
	for _, item := range fetch.Known() {
		for _, language := range i18n.Languages() {
			book, err := i18n.Open(language)
			if err != nil {
				t.Fatal(err)
			}
			title := (&Studio{book: book}).knownTitle(item)
			if english := language == i18n.English; english != (title == item.Title) || title == "known."+item.Name {
				t.Errorf("%s is called %q in %s", item.Name, title, language)
			}
		}
	}
}
