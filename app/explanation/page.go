package explanation

import (
	"bytes"
	"fmt"
	"html/template"
	"math"

	"athanor/app/store"
	"athanor/inference/attribution"
)

// Page is an explanation of a text or a row to look at.
type Page struct {
	Title    string
	Answer   string
	Words    []attribution.Word
	Source   string // the text the words are of
	Columns  []attribution.Column
	Complete attribution.Completeness
}

type coloured struct {
	Text   string
	Colour template.CSS
	Title  string
}

const pageTemplate = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{.Title}}</title>
<style>body{font:18px/1.9 system-ui,sans-serif;color:#22252a;background:#faf8f4;margin:40px auto;max-width:820px;padding:0 24px}
h1{font-size:22px}.note{color:#666;font-size:14px}span{border-radius:3px;padding:1px 0;white-space:pre-wrap}
td{padding:2px 10px}.bar{height:12px}</style>
<h1>{{.Title}}: {{.Answer}}</h1>
{{with .Spans}}<p>{{range .}}<span style="background:{{.Colour}}" title="{{.Title}}">{{.Text}}</span>{{end}}</p>{{end}}
{{with .Bars}}<table>{{range .}}<tr><td>{{.Name}}<td>{{.Value}}<td>{{printf "%+.4f" .Share}}<td><div class="bar" style="width:{{.Width}}px;background:{{.Colour}}"></div></tr>
{{end}}</table>{{end}}
<p class="note">Orange spoke for the answer, blue against it. The shares sum to {{printf "%.4f" .Complete.Sum}}; the output is {{printf "%.4f" .Complete.Output}}, without all of it {{printf "%.4f" .Complete.Baseline}}.</p>
</html>
`

type bar struct {
	attribution.Column
	Width  int
	Colour template.CSS
}

// Write leaves the page at path.
func (p Page) Write(path string) error {
	view := struct {
		Page
		Spans []coloured
		Bars  []bar
	}{Page: p, Spans: p.spans()}
	top := 1e-12
	for _, c := range p.Columns {
		top = max(top, math.Abs(c.Share))
	}
	for _, c := range p.Columns {
		view.Bars = append(view.Bars, bar{c, int(240 * math.Abs(c.Share) / top), tint(c.Share, top, 0.9)})
	}
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, view); err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	return store.WriteFile(path, b.Bytes())
}

// spans are the words with what lies between them.
func (p Page) spans() []coloured {
	top, at := 1e-12, 0
	for _, w := range p.Words {
		top = max(top, math.Abs(w.Share))
	}
	var out []coloured
	for _, w := range p.Words {
		if w.Start > at {
			out = append(out, coloured{Text: p.Source[at:w.Start]})
		}
		out = append(out, coloured{w.Text, tint(w.Share, top, 0.75), fmt.Sprintf("%+.4f", w.Share)})
		at = w.End
	}
	if len(p.Words) > 0 {
		out = append(out, coloured{Text: p.Source[at:]})
	}
	return out
}

func tint(share, top, strongest float64) template.CSS {
	colour := "213,94,0"
	if share < 0 {
		colour = "0,114,178"
	}
	return template.CSS(fmt.Sprintf("rgba(%s,%.2f)", colour, strongest*math.Abs(share)/top))
}
