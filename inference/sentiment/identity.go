package sentiment

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
)

// Identity says what an Analyzer's verdicts come from. Two Analyzers of equal Identity
// give equal verdicts.
type Identity struct {
	Methods     string `json:"methods"` // their names, for a person
	Models      string `json:"models"`  // checksums of what they read
	Corrections int    `json:"corrections"`
	Learnt      string `json:"learnt"` // checksum of the corrections
}

// Identity is what the Analyzer's verdicts come from now; every correction changes it.
func (a *Analyzer) Identity() Identity {
	id := Identity{}
	var seen []Method
	for _, m := range []Method{a.methods.English, a.methods.Chinese, a.methods.Symbols} {
		if m == nil || slices.Contains(seen, m) {
			continue
		}
		if len(seen) > 0 {
			id.Methods, id.Models = id.Methods+", ", id.Models+" "
		}
		seen = append(seen, m)
		id.Methods += m.Name()
		id.Models += identityOf(m)
	}
	corrections := a.Corrections()
	id.Corrections = len(corrections)
	if list, err := json.Marshal(corrections); err == nil && len(corrections) > 0 { // texts and labels: never
		id.Learnt = checksum(list)
	}
	return id
}

// identified is a Method that knows the checksum of what it reads.
type identified interface{ identity() string }

func identityOf(m Method) string {
	if i, ok := m.(identified); ok {
		return i.identity()
	}
	return m.Name()
}

// checksum tells contents apart that differ by accident: CRC-32C and the length.
func checksum(b []byte) string {
	return fmt.Sprintf("%08x-%d", crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)), len(b))
}

func (m *Model) identity() string { return m.sum }

func (b *Blend) identity() string {
	return fmt.Sprintf("%s+%s%v", identityOf(b.model), identityOf(b.lexicon), b.w)
}

func (c *Chinese) identity() string { return c.sum }
