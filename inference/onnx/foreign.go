package onnx

import "slices"

// ForeignOperators are the operators outside the standard and the runtime's own
// domains that the model does not define itself, each once, as domain:name.
func (m *Model) ForeignOperators() []string {
	var found []string
	_ = m.Graph.Walk(func(_ *Graph, n *Node) error { // the function below returns no error
		name := n.Domain + ":" + n.OpType
		if !builtIn(n.Domain) && !m.defines(n) && !slices.Contains(found, name) {
			found = append(found, name)
		}
		return nil
	})
	slices.Sort(found)
	return found
}

// builtIn tells whether ONNX Runtime brings a domain's operators along.
func builtIn(domain string) bool {
	return slices.Contains([]string{"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc", KernelDomain}, domain)
}

// defines tells whether a node's operator is a function of the model.
func (m *Model) defines(n *Node) bool {
	return slices.ContainsFunc(m.Functions, func(f *Function) bool { return f.Domain == n.Domain && f.Name == n.OpType })
}
