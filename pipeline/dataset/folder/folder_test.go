package folder_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"athanor/inference/testenv"
	"athanor/pipeline/dataset/folder"
)

func put(t *testing.T, root, name string, data []byte) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestListHymenoptera(t *testing.T) {
	l, err := folder.List(t.Context(), testenv.SharedData(t, "image-folder"))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, f := range l.Files {
		side := map[folder.Side]string{folder.Train: "train", folder.Validation: "val"}[f.Side]
		count[side+"/"+f.Class]++
	}
	if len(l.Files) != 91 || len(count) != 4 || count["train/ants"] != 31 {
		t.Errorf("%d files: %v", len(l.Files), count)
	}
	if l.Kind() != folder.Pictures {
		t.Errorf("taken for %s", l.Kind())
	}
}

func TestListSkipsAndSays(t *testing.T) {
	root := t.TempDir()
	put(t, root, "猫/1.png", picture(t))
	put(t, root, "狗 /deep/2.png", picture(t))
	put(t, root, "loose.png", picture(t))
	put(t, root, "猫/.DS_Store", []byte("x"))
	put(t, root, ".git/config", []byte("x"))
	if err := os.Symlink("/etc", filepath.Join(root, "猫", "etc")); err != nil {
		t.Skip("no symbolic links here")
	}
	l, err := folder.List(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Files) != 3 || l.Skipped[folder.Link] != 1 || l.Skipped[folder.Hidden] != 2 {
		t.Errorf("%v, skipped %v", l.Files, l.Skipped)
	}
	classes := map[string]string{}
	for _, f := range l.Files {
		classes[f.Name] = f.Class
	}
	if classes["猫/1.png"] != "猫" || classes["狗 /deep/2.png"] != "狗" || classes["loose.png"] != "" {
		t.Errorf("classes %v", classes)
	}
}

func TestUnwrapAndKinds(t *testing.T) {
	root := t.TempDir()
	put(t, root, "pack/a/1.txt", []byte("some words"))
	put(t, root, "pack/b/2.txt", []byte("其他文字"))
	l, err := folder.List(t.Context(), root)
	if err != nil || l.Files[0].Class != "a" || l.Kind() != folder.Texts {
		t.Errorf("%+v, %v", l, err)
	}
	one := t.TempDir()
	put(t, one, "cats/1.png", picture(t))
	if l, err = folder.List(t.Context(), one); err != nil || l.Files[0].Class != "cats" {
		t.Errorf("a single class was passed through: %+v, %v", l, err)
	}
	junk := t.TempDir()
	put(t, junk, "a/x.bin", bytes.Repeat([]byte{0, 1, 2, 255, 254}, 50))
	if l, err = folder.List(t.Context(), junk); err != nil || l.Kind() != folder.Other {
		t.Errorf("junk is %s", l.Kind())
	}
	if _, err = folder.List(t.Context(), filepath.Join(junk, "nothing")); err == nil {
		t.Error("a missing folder was listed")
	}
}
