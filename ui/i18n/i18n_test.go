package i18n_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"athanor/inference/testenv"
	"athanor/ui/i18n"
)

func book(t *testing.T, l i18n.Language) *i18n.Book {
	t.Helper()
	b, err := i18n.Open(l)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// verbs finds the places a text leaves for values; the languages may name them
// in another order by number.
func verbs(text string) []string {
	found := regexp.MustCompile(`%(?:\[\d\])?[-+#0]*\d*(?:\.\d+)?[a-zA-Z%]`).FindAllString(text, -1)
	for i, v := range found {
		found[i] = regexp.MustCompile(`\[\d\]`).ReplaceAllString(v, "")
	}
	slices.Sort(found)
	return found
}

func TestBothLanguagesHaveTheSameKeysAndPlaces(t *testing.T) {
	b := book(t, i18n.English)
	en, zh := b.Keys(i18n.English), b.Keys(i18n.Chinese)
	for key, text := range en {
		other, ok := zh[key]
		if !ok || strings.TrimSpace(other) == "" || strings.TrimSpace(text) == "" {
			t.Errorf("%s: missing in one language", key)
			continue
		}
		if !slices.Equal(verbs(text), verbs(other)) {
			t.Errorf("%s: %q and %q take different values", key, text, other)
		}
	}
	for key := range zh {
		if _, ok := en[key]; !ok {
			t.Errorf("%s: only in Chinese", key)
		}
	}
}

// sources parses every file of the window that is not a test.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	set := token.NewFileSet()
	err := filepath.WalkDir(filepath.Join(testenv.Root(t), "ui"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(set, path, nil, 0)
		files[path] = f
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func TestEveryTextOfTheWindowIsTranslated(t *testing.T) {
	keys := book(t, i18n.English).Keys(i18n.English)
	for path, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
				checkCall(t, path, sel.Sel.Name, call.Args, keys)
			}
			return true
		})
	}
}

// checkCall looks at one call that takes a key or shows a text.
func checkCall(t *testing.T, path, name string, args []ast.Expr, keys map[string]string) {
	t.Helper()
	first, ok := literal(args[0])
	if !ok {
		return
	}
	switch name {
	case "T":
		if _, ok := keys[first]; !ok {
			t.Errorf("%s: no translation of %q", filepath.Base(path), first)
		}
	case "N":
		for _, form := range []string{".one", ".other"} {
			if _, ok := keys[first+form]; !ok {
				t.Errorf("%s: no translation of %q", filepath.Base(path), first+form)
			}
		}
	case "Body", "Strong", "Note", "Head", "Big", "Paragraph", "NewLabel", "NewButton", "NewCheck", "SetPlaceHolder", "NewText":
		if strings.IndexFunc(first, unicode.IsLetter) >= 0 && !strings.HasPrefix(first, "Ctrl+") {
			t.Errorf("%s: %q is shown without translation", filepath.Base(path), first)
		}
	}
}

func TestSwitchingIsLive(t *testing.T) {
	b := book(t, i18n.English)
	english := b.T("train.start")
	b.Use(i18n.Chinese)
	if chinese := b.T("train.start"); chinese == english || chinese != "开始" {
		t.Errorf("got %q after %q", chinese, english)
	}
}

func TestCountsAndPlurals(t *testing.T) {
	b := book(t, i18n.English)
	if got := b.N("data.samples", 1); got != "1 sample" {
		t.Errorf("got %q", got)
	}
	if got := b.N("data.samples", 1200000); got != "1,200,000 samples" {
		t.Errorf("got %q", got)
	}
	b.Use(i18n.Chinese)
	if got := b.N("data.samples", 1); got != "1 个样本" {
		t.Errorf("got %q", got)
	}
}

func TestDurationsReadAsPeopleSayThem(t *testing.T) {
	b := book(t, i18n.English)
	for d, want := range map[time.Duration]string{
		187 * time.Second: "3 min", 42 * time.Second: "42 s", 0: "< 1 s", -1: "–", 100 * time.Minute: "1 h 40 min", 72 * time.Hour: "3 days",
	} {
		if got := b.Duration(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestLocalesChooseTheLanguage(t *testing.T) {
	for locale, want := range map[string]i18n.Language{"zh_CN.UTF-8": i18n.Chinese, "zh": i18n.Chinese, "en_US": i18n.English, "": i18n.English, "de_DE": i18n.English} {
		if got := i18n.Match(locale); got != want {
			t.Errorf("%q: got %s", locale, got)
		}
	}
}
