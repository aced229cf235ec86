// Package locale keeps Fyne from complaining, at every start and before main,
// about the locale C.UTF-8, which its parser does not know: servers and
// containers have it. Import it for its effect.
//
// It works because Go starts packages that depend on nothing in the order of
// their import paths, and this one comes before fyne.io.
package locale

import (
	"os"
	"strings"
)

// Adjusted tells whether the environment was changed.
var Adjusted = adjust(os.Getenv, os.Setenv)

// adjust names English as language for messages where the locale is one of C's
// variants and no language is set.
func adjust(get func(string) string, set func(key, value string) error) bool {
	if get("LANGUAGE") != "" {
		return false
	}
	for _, key := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := get(key); value != "" {
			return strings.HasPrefix(value, "C.") && set("LANGUAGE", "en") == nil
		}
	}
	return false
}
