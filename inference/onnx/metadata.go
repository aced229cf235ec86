package onnx

// Meta returns the value of a metadata key and whether it is there.
func (m *Model) Meta(key string) (string, bool) {
	for _, p := range m.Metadata {
		if p.Key == key {
			return p.Value, true
		}
	}
	return "", false
}

// SetMeta sets a metadata key, in place when it exists; an empty value removes it.
func (m *Model) SetMeta(key, value string) {
	kept := m.Metadata[:0:0]
	found := value == ""
	for _, p := range m.Metadata {
		if p.Key == key {
			if found {
				continue
			}
			p.Value, found = value, true
		}
		kept = append(kept, p)
	}
	if !found {
		kept = append(kept, Pair{key, value})
	}
	m.Metadata = kept
}

// Opset returns the version of a domain the model imports, 0 when none. The
// empty domain and ai.onnx are the same.
func (m *Model) Opset(domain string) int64 { return opsetOf(m.Opsets, domain) }

func opsetOf(list []Opset, domain string) int64 {
	for _, o := range list {
		if canonical(o.Domain) == canonical(domain) {
			return o.Version
		}
	}
	return 0
}

func canonical(domain string) string {
	if domain == "ai.onnx" {
		return ""
	}
	return domain
}
