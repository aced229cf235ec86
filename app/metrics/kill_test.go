package metrics_test

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"athanor/app/metrics"
)

// TestKillLosesNoMoreThanASecond kills a real process while it writes, again and
// again, and lets the next one go on from what is left.
func TestKillLosesNoMoreThanASecond(t *testing.T) {
	if dir := os.Getenv("ATHANOR_METRICS_CHILD"); dir != "" {
		child(dir)
		return
	}
	dir := t.TempDir()
	for round, after := range []time.Duration{90 * time.Millisecond, 1400 * time.Millisecond, 333 * time.Millisecond} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKillLosesNoMoreThanASecond$")
		cmd.Env = append(os.Environ(), "ATHANOR_METRICS_CHILD="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		told := killAfter(t, cmd, out, after)
		n := openTable(t, dir).View().Len()
		checkRows(t, openTable(t, dir).View(), n)
		if after > time.Second && told == 0 {
			t.Error("the child told nothing in its first moments")
		}
		if n < told {
			t.Errorf("round %d: %d rows are left, %d were there a second before the kill", round, n, told)
		}
	}
}

// killAfter kills the child and returns the newest row that it told to be older
// than a second, 0 for none.
func killAfter(t *testing.T, cmd *exec.Cmd, out interface{ Read([]byte) (int, error) }, after time.Duration) int {
	t.Helper()
	type line struct {
		at time.Time
		n  int
	}
	var lines []line
	var timer *time.Timer
	for s := bufio.NewScanner(out); s.Scan(); {
		if timer == nil { // the child is at work
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
		}
		if n, err := strconv.Atoi(s.Text()); err == nil {
			lines = append(lines, line{time.Now(), n})
		}
	}
	killed := time.Now()
	_ = cmd.Wait()
	told := 0
	for _, l := range lines {
		if killed.Sub(l.at) > time.Second {
			told = l.n
		}
	}
	return told
}

// child writes rows until it is killed and tells every 500th.
func child(dir string) {
	w, err := metrics.Create(dir, "steps", []string{"loss", "half"})
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		return
	}
	os.Stdout.WriteString("0\n")
	for step := w.Rows() + 1; ; step++ {
		if err := w.Append(sampleRow(step)); err != nil {
			return
		}
		if step%100 == 0 {
			os.Stdout.WriteString(strconv.Itoa(step) + "\n")
			time.Sleep(2 * time.Millisecond)
		}
	}
}
