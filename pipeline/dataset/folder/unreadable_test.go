//go:build unix

package folder_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"athanor/pipeline/dataset/folder"
)

// asNobody runs a test again as a user without rights where it runs as root, who
// may read everything, and reports whether it did.
func asNobody(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return false
	}
	dir, err := os.MkdirTemp("/tmp", "athanor-nobody-") //nolint:usetesting // below t.TempDir nobody may not go
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	program, home := filepath.Join(dir, "test"), filepath.Join(dir, "home")
	const nobody = 65534
	err = errors.Join(os.WriteFile(program, self, 0o755), os.Mkdir(home, 0o700), os.Chown(home, nobody, nobody), os.Chmod(dir, 0o755))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, "-test.run=^"+t.Name()+"$", "-test.v")
	command.Dir, command.Env = home, []string{"TMPDIR=" + home, "HOME=" + home}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	said, err := command.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("root may read everything, and may not become another user here")
	}
	if err != nil || !strings.Contains(string(said), "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, said)
	}
	return true
}

func TestUnreadableFolderIsSaid(t *testing.T) {
	if asNobody(t) {
		return
	}
	root := t.TempDir()
	put(t, root, "a/1.txt", []byte("x"))
	put(t, root, "b/1.txt", []byte("x"))
	if err := os.Chmod(filepath.Join(root, "b"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "b"), 0o755) })
	l, err := folder.List(t.Context(), root)
	if err != nil || l.Skipped[folder.Unreadable] != 1 || len(l.Files) != 1 {
		t.Errorf("%+v, %v", l, err)
	}
}
