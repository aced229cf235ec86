package cli_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"athanor/app/cli"
)

func runDoctor(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := call(t.Context(), "", append([]string{"doctor"}, args...)...)
	return c.both, c.err
}

func TestDoctorTellsThisMachine(t *testing.T) {
	t.Setenv("ATHANOR_HOME", t.TempDir())
	t.Setenv("LC_ALL", "C.UTF-8")
	out, err := runDoctor(t)
	if err != nil && !errors.Is(err, cli.ErrUnwell) {
		t.Fatal(err)
	}
	for _, title := range []string{"ONNX Runtime", "OpenCV", "Camera", "Chinese font", "Data folder", "Memory"} {
		if !strings.Contains(out, title) {
			t.Errorf("%q is not in\n%s", title, out)
		}
	}
	if strings.Contains(out, "✗") != errors.Is(err, cli.ErrUnwell) {
		t.Errorf("error %v does not fit\n%s", err, out)
	}
}

func TestDoctorSpeaksChinese(t *testing.T) {
	t.Setenv("ATHANOR_HOME", t.TempDir())
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	if out, _ := runDoctor(t); !strings.Contains(out, "中文字体") {
		t.Errorf("no Chinese in\n%s", out)
	}
}

func TestDoctorJSON(t *testing.T) {
	t.Setenv("ATHANOR_HOME", t.TempDir())
	out, err := runDoctor(t, "--json")
	if err != nil && !errors.Is(err, cli.ErrUnwell) {
		t.Fatal(err)
	}
	var list []struct{ ID, State, Title, Message string }
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	for _, f := range list {
		if f.ID == "" || f.State == "" || f.Title == "" || f.Message == "" {
			t.Errorf("half a finding: %+v", f)
		}
	}
	if len(list) < 10 {
		t.Errorf("%d findings", len(list))
	}
}
