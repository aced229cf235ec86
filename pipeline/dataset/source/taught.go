package source

import (
	"fmt"
	"strings"

	"athanor/pipeline/dataset/folder"
)

// checkTaught finds labels that only the rows of a test set have: nothing teaches
// them, so that those rows can only count as wrong, which is noted. Training rows of
// one class alone teach nothing.
func (s *tableSource) checkTaught() error {
	if len(s.classes) < 2 {
		return nil // checkNamed says so
	}
	taught := make([]int, len(s.classes))
	tested := make([]int, len(s.classes))
	for i, side := range s.samples.sides {
		if side == folder.Test {
			tested[s.samples.names.At(i)]++
		} else {
			taught[s.samples.names.At(i)]++
		}
	}
	var known, unknown []string
	rows := 0
	for i, n := range taught {
		if n > 0 {
			known = append(known, s.classes[i])
		} else {
			unknown, rows = append(unknown, s.classes[i]), rows+tested[i]
		}
	}
	switch {
	case len(known) == 1:
		return fmt.Errorf("%w: all rows to learn from are %q; only the test set has others (%s)", ErrOneClass, known[0], strings.Join(unknown, ", "))
	case rows > 0:
		s.note(fmt.Sprintf("%d test rows have labels that no training row has (%s): they can only count as wrong", rows, strings.Join(unknown[:min(len(unknown), 5)], ", ")))
	}
	return nil
}
