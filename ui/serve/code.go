package serve

import (
	"fmt"
	"net/url"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Sample says what code samples ask.
type Sample struct {
	URL      string // http://127.0.0.1:8000
	Model    string
	Keyed    bool   // the key is taken from ATHANOR_KEY
	Task     string // image, text, table, or "" for any other
	Column   string // of a table, for an example
	Inputs   []Port
	Output   string
	Insecure bool // the certificate is nobody's
}

// Port is an input as the protocol writes it.
type Port struct {
	Name, Type string
	Shape      []int64
}

// code is the page with code to copy.
type code struct {
	widget.BaseWidget
	book   *i18n.Book
	sample Sample
	text   *block
	none   *widgets.Prose // in the text's place while no model is chosen
	copy   *widgets.Button
	chosen int
}

func newCode(book *i18n.Book, copied func(string)) *code {
	c := &code{book: book, text: newBlock(), none: widgets.SmallParagraph(book.T("serve.code.none"))}
	c.copy = widgets.NewButtonWithIcon(book.T("serve.copy"), look.Icon("copy"), func() { call1(copied, c.text.text.Text()) })
	c.ExtendBaseWidget(c)
	c.show()
	return c
}

func (c *code) at(url, address string) {
	if url == "" {
		url = "http://" + address
	}
	c.sample.URL = url
	c.sample.Insecure = strings.HasPrefix(url, "https:")
	c.show()
}

func (c *code) setKeyed(keyed bool) {
	c.sample.Keyed = keyed
	c.show()
}

// SetSample says which model the code asks.
func (v *View) SetSample(s Sample) {
	s.URL, s.Keyed, s.Insecure = v.code.sample.URL, v.code.sample.Keyed, v.code.sample.Insecure
	v.code.sample = s
	v.code.show()
}

// show writes the code for the chosen model, or what to do where there is none.
func (c *code) show() {
	chosen := c.sample.Model != ""
	widgets.SetVisible(c.none, !chosen)
	widgets.SetVisible(c.copy, chosen)
	if !chosen {
		c.text.set("")
		return
	}
	c.text.set([]func(Sample) string{Curl, Python, Go}[c.chosen](c.sample))
}

// CreateRenderer implements fyne.Widget.
func (c *code) CreateRenderer() fyne.WidgetRenderer {
	tabs := widgets.NewSegments([]string{"curl", "Python", "Go"}, c.chosen, func(i int) {
		c.chosen = i
		c.show()
	})
	head := container.NewHBox(tabs, c.copy)
	return widget.NewSimpleRenderer(widgets.Border(widgets.Below(head, look.Gap), nil, nil, nil, container.NewStack(c.text, container.NewVBox(c.none))))
}

func (s Sample) model() string {
	if s.Model == "" {
		return "MODEL"
	}
	return s.Model
}

func (s Sample) count(p Port) int64 {
	n := int64(1)
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

func list(shape []int64) string {
	text := make([]string, len(shape))
	for i, d := range shape {
		text[i] = fmt.Sprint(d)
	}
	return strings.Join(text, ", ")
}

// longestExample is how many numbers a sample writes out.
const longestExample = 16

// Curl is a shell command that asks the service.
func Curl(s Sample) string {
	options := ""
	if s.Keyed {
		options += ` -H "Authorization: Bearer $ATHANOR_KEY"`
	}
	if s.Insecure {
		options += " --insecure"
	}
	classify := s.URL + "/v1/classify/" + url.PathEscape(s.model())
	switch s.Task {
	case "image":
		return "curl" + options + " -H 'Content-Type: image/png' --data-binary @picture.png \\\n  " + classify
	case "text":
		return "curl" + options + ` -H 'Content-Type: application/json' -d '{"text":"很好，下次还来"}' \` + "\n  " + classify
	case "table":
		return "curl" + options + ` -H 'Content-Type: application/json' -d '{"row":{"` + s.Column + `":"1"}}' \` + "\n  " + classify
	}
	return "curl" + options + " -d '" + s.Body() + "' \\\n  " + s.URL + "/v2/models/" + url.PathEscape(s.model()) + "/infer"
}

// Body is a whole request of the protocol, with zeros; long tensors are cut
// short, so that a person sees their form.
func (s Sample) Body() string {
	var inputs []string
	for _, p := range s.Inputs {
		zero := "0"
		switch p.Type {
		case "BYTES":
			zero = `""`
		case "BOOL":
			zero = "false"
		}
		n := s.count(p)
		data := strings.TrimSuffix(strings.Repeat(zero+",", int(min(n, longestExample))), ",")
		if n > longestExample {
			data += ",…"
		}
		inputs = append(inputs, fmt.Sprintf(`{"name":%q,"datatype":%q,"shape":[%s],"data":[%s]}`, p.Name, p.Type, strings.ReplaceAll(list(p.Shape), " ", ""), data))
	}
	return `{"inputs":[` + strings.Join(inputs, ",") + `]}`
}

// numpyTypes are NumPy's names of the protocol's datatypes.
func numpyType(datatype string) string {
	switch datatype {
	case "BYTES":
		return "object"
	case "BOOL":
		return "bool"
	case "FP16", "FP32", "FP64":
		return "float" + datatype[2:]
	case "BF16":
		return "float32" // tritonclient sends it as BF16
	}
	return strings.ToLower(datatype) // INT8 … UINT64
}

// Python is a program with NVIDIA's own client.
func Python(s Sample) string {
	var b strings.Builder
	imports := "import numpy as np, tritonclient.http as triton\n"
	address, ssl, headers := strings.TrimPrefix(s.URL, "http://"), "", ""
	if s.Insecure {
		imports = "import gevent.ssl, " + strings.TrimPrefix(imports, "import ")
		address = strings.TrimPrefix(s.URL, "https://")
		ssl = ", ssl=True, insecure=True, ssl_context_factory=gevent.ssl._create_unverified_context"
	}
	if s.Keyed {
		imports = "import os\n" + imports
		headers = `, headers={"Authorization": "Bearer " + os.environ["ATHANOR_KEY"]}`
	}
	fmt.Fprintf(&b, "# pip install tritonclient[http]\n%s\nclient = triton.InferenceServerClient(%q%s)\ninputs = []\n", imports, address, ssl)
	for _, p := range s.Inputs {
		shape := list(p.Shape)
		if len(p.Shape) == 1 {
			shape += ","
		}
		fill := "np.zeros((" + shape + "), np." + numpyType(p.Type) + ")"
		if p.Type == "BYTES" {
			fill = "np.full((" + shape + `), b"", np.object_)`
		}
		fmt.Fprintf(&b, "x = triton.InferInput(%q, [%s], %q)\nx.set_data_from_numpy(%s)\ninputs.append(x)\n", p.Name, list(p.Shape), p.Type, fill)
	}
	fmt.Fprintf(&b, "print(client.infer(%q, inputs%s).as_numpy(%q))\n", s.model(), headers, s.Output)
	return b.String()
}

// Go is a program that needs only the standard library.
func Go(s Sample) string {
	var inputs strings.Builder
	for _, p := range s.Inputs {
		kind := "int"
		switch p.Type {
		case "BYTES":
			kind = "string"
		case "BOOL":
			kind = "bool"
		case "FP16", "FP32", "FP64", "BF16":
			kind = "float32"
		}
		fmt.Fprintf(&inputs, "\t\tmap[string]any{\"name\": %q, \"datatype\": %q, \"shape\": []int{%s}, \"data\": make([]%s, %d)},\n", p.Name, p.Type, list(p.Shape), kind, s.count(p))
	}
	imports, client, header := "\t\"bytes\"\n", "http.DefaultClient", ""
	if s.Insecure {
		imports += "\t\"crypto/tls\"\n"
		client = "&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}"
	}
	imports += "\t\"encoding/json\"\n\t\"fmt\"\n\t\"io\"\n\t\"net/http\"\n"
	if s.Keyed {
		imports += "\t\"os\"\n"
		header = "\trequest.Header.Set(\"Authorization\", \"Bearer \"+os.Getenv(\"ATHANOR_KEY\"))\n"
	}
	return "package main\n\nimport (\n" + imports + ")\n\nfunc main() {\n" +
		"\tbody, _ := json.Marshal(map[string]any{\"inputs\": []any{\n" + inputs.String() + "\t}})\n" +
		fmt.Sprintf("\trequest, err := http.NewRequest(\"POST\", %q, bytes.NewReader(body))\n", s.URL+"/v2/models/"+url.PathEscape(s.model())+"/infer") +
		"\tif err != nil {\n\t\tpanic(err)\n\t}\n" + header +
		"\tanswer, err := (" + client + ").Do(request)\n\tif err != nil {\n\t\tpanic(err)\n\t}\n" +
		"\tdefer answer.Body.Close()\n\ttext, err := io.ReadAll(answer.Body)\n\tfmt.Println(answer.Status, string(text), err)\n}\n"
}
