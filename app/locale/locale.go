// Package locale sets what Fyne reads from the environment before main: it keeps
// Fyne from complaining about the locale C.UTF-8, which its parser does not know
// (servers and containers have it), and lets it forget sooner what is no longer on
// screen. Import it for its effect.
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

// Forgets tells whether Fyne was given another time to keep what is not on screen.
var Forgets = forget(os.Getenv, os.Setenv)

// forget lets Fyne keep textures and renderers of screens that were left for 20
// seconds instead of 60: with software OpenGL they are the window's own memory. With
// less than that Fyne walks the whole window at every tick.
func forget(get func(string) string, set func(key, value string) error) bool {
	const name = "FYNE_CACHE"
	return get(name) == "" && set(name, "20s") == nil
}

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
