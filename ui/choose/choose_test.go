package choose_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"athanor/ui/choose"
	"athanor/ui/i18n"
	"athanor/ui/uitest"
)

// folder has two folders, two tables, a picture and a hidden file.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"Zoo", "ants"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"b.csv", "A.CSV", "photo.png", ".hidden.csv", "ants/one.csv"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// dialog is a view that reads folders at once, in a window.
func dialog(t *testing.T, w choose.Wish, name string) (v *choose.View, chosen *string) {
	t.Helper()
	uitest.App(t)
	v, chosen = choose.New(uitest.Book(t, i18n.English), w, nil, name), new(string)
	v.OnRead = func(dir string, w choose.Wish) {
		list, err := choose.List(t.Context(), dir, w)
		v.Apply(dir, list, err)
	}
	v.OnChosen = func(path string) { *chosen = path }
	window := test.NewTempWindow(t, v)
	window.Resize(fyne.NewSize(700, 500))
	return v, chosen
}

func keys(v *choose.View, names ...fyne.KeyName) {
	for _, n := range names {
		v.Focus().TypedKey(&fyne.KeyEvent{Name: n})
	}
}

func TestListShowsFoldersFirstAndWhatFits(t *testing.T) {
	dir := folder(t)
	for _, c := range []struct {
		wish choose.Wish
		want []string
	}{
		{choose.Wish{}, []string{"ants", "Zoo", "A.CSV", "b.csv", "photo.png"}},
		{choose.Wish{Extensions: []string{".csv"}}, []string{"ants", "Zoo", "A.CSV", "b.csv"}},
		{choose.Wish{Extensions: []string{".csv"}, Hidden: true}, []string{"ants", "Zoo", ".hidden.csv", "A.CSV", "b.csv"}},
		{choose.Wish{Kind: choose.Folder}, []string{"ants", "Zoo", "A.CSV", "b.csv", "photo.png"}},
	} {
		list, err := choose.List(t.Context(), dir, c.wish)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range list {
			names = append(names, e.Name)
			if want := !e.Folder && c.wish.Kind != choose.Folder || e.Folder && c.wish.Kind == choose.Folder; e.Fits != want {
				t.Errorf("%+v: %s fits: %v", c.wish, e.Name, e.Fits)
			}
		}
		if !slices.Equal(names, c.want) {
			t.Errorf("%+v lists %v, want %v", c.wish, names, c.want)
		}
	}
	if _, err := choose.List(t.Context(), filepath.Join(dir, "gone"), choose.Wish{}); err == nil {
		t.Error("a folder that is not there can be read")
	}
}

func TestAFileIsFoundByKeyboard(t *testing.T) {
	dir := folder(t)
	v, chosen := dialog(t, choose.Wish{Extensions: []string{".csv"}}, "")
	v.Go(dir)
	keys(v, fyne.KeyHome, fyne.KeyReturn) // into ants
	if v.Dir() != filepath.Join(dir, "ants") {
		t.Fatalf("Enter leads to %s", v.Dir())
	}
	keys(v, fyne.KeyBackspace)
	if v.Dir() != dir {
		t.Fatalf("Backspace leads to %s", v.Dir())
	}
	v.Focus().TypedRune('b')
	if want := filepath.Join(dir, "b.csv"); v.Choice() != want {
		t.Fatalf("after typing b the choice is %q, want %q", v.Choice(), want)
	}
	if keys(v, fyne.KeyReturn); *chosen != filepath.Join(dir, "b.csv") {
		t.Errorf("chosen %q", *chosen)
	}
}

func TestAFolderIsTheOneOnScreenOrTheMarkedOne(t *testing.T) {
	dir := folder(t)
	v, chosen := dialog(t, choose.Wish{Kind: choose.Folder}, "")
	v.Go(dir)
	if v.Choice() != dir {
		t.Errorf("without a mark the choice is %q", v.Choice())
	}
	keys(v, fyne.KeyHome)
	if v.Choose(); *chosen != filepath.Join(dir, "ants") {
		t.Errorf("chosen %q, want the marked folder", *chosen)
	}
}

func TestAFileIsReplacedOnlyWhenAskedTwice(t *testing.T) {
	dir := folder(t)
	v, chosen := dialog(t, choose.Wish{Kind: choose.Save, Extensions: []string{".csv"}}, "new.csv")
	v.Go(dir)
	v.Choose()
	if want := filepath.Join(dir, "new.csv"); *chosen != want {
		t.Errorf("chosen %q, want %q", *chosen, want)
	}
	*chosen = ""
	v, chosen = dialog(t, choose.Wish{Kind: choose.Save, Extensions: []string{".csv"}}, "b")
	v.Go(dir)
	if v.Choose(); *chosen != "" {
		t.Fatalf("%s would be replaced without a question", *chosen)
	}
	if v.Choose(); *chosen != filepath.Join(dir, "b.csv") {
		t.Errorf("chosen %q, want b.csv with its ending", *chosen)
	}
}

func TestPlacesAreThoseThereAre(t *testing.T) {
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, "Downloads"), 0o755); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, p := range choose.Places(home, "") {
		keys = append(keys, p.Key)
	}
	if want := []string{"choose.home", "choose.downloads", "choose.computer"}; !slices.Equal(keys, want) {
		t.Errorf("places %v, want %v", keys, want)
	}
}
