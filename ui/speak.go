package ui

import (
	"errors"
	"log/slog"
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"athanor/app/message"
	"athanor/ui/i18n"
	"athanor/ui/shell"
)

// speakFyne switches Fyne's own words (menus of fields, file dialogs). Fyne reads
// the language from the environment whenever translations are added, and at no
// other time.
func speakFyne(l i18n.Language) {
	tag := map[i18n.Language]string{i18n.English: "en_US", i18n.Chinese: "zh_CN"}[l]
	err := os.Setenv("LANGUAGE", tag)
	if os.Getenv("LC_ALL") == "" && os.Getenv("LC_MESSAGES") == "" && os.Getenv("LANG") == "" {
		err = errors.Join(err, os.Setenv("LANG", tag+".UTF-8"))
	}
	if err == nil {
		err = lang.AddTranslationsForLocale([]byte(`{}`), fyne.Locale("en"))
	}
	if err != nil {
		slog.Warn("switch the language of Fyne's own words", "error", err)
	}
}

// describe turns an error into what the dialog says.
func describe(err error, book *i18n.Book) shell.Failure {
	if errors.Is(err, ErrNoDisplay) {
		return shell.Failure{What: err.Error()}
	}
	m := message.Of(err, string(book.Language()))
	return shell.Failure{What: m.What, Do: m.Do, Details: m.Details}
}
