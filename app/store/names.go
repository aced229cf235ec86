package store

import "strings"

// containsFold reports whether s holds part, whatever the case.
func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}
