package e2e_test

import (
	"bufio"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/inference/testenv"
)

// display is a virtual screen with one window on it.
type display struct {
	t    *testing.T
	name string // ":5"
	out  string // folder for pictures
}

// needTools ends the test where a tool is missing: a failure in continuous
// integration, else a skip.
func needTools(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"Xvfb", "xdotool", "import"} {
		_, err := exec.LookPath(tool)
		testenv.NeedNative(t, err)
	}
}

// openDisplay starts Xvfb on a free display. It must not begin anew whenever its last
// client leaves, as it would by default: the program that comes just then is turned
// away.
func openDisplay(t *testing.T, size, out string, more ...string) *display {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("Xvfb", append([]string{"-displayfd", "3", "-screen", "0", size + "x24", "-nolisten", "tcp", "-noreset"}, more...)...)
	server.ExtraFiles = []*os.File{write}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill() // it has nothing to save
		_ = server.Wait()
	})
	_ = write.Close()
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb tells no display: %v", err)
	}
	return &display{t: t, name: ":" + strings.TrimSpace(number), out: out}
}

// env is the environment of a program on the display.
func (d *display) env(more ...string) []string {
	return append(append(os.Environ(), "DISPLAY="+d.name, "WAYLAND_DISPLAY=", "LIBGL_ALWAYS_SOFTWARE=1"), more...)
}

func (d *display) run(name string, args ...string) (string, error) {
	c := exec.Command(name, args...)
	c.Env = d.env()
	out, err := c.Output()
	return strings.TrimSpace(string(out)), err
}

// do runs xdotool.
func (d *display) do(args ...string) {
	d.t.Helper()
	if out, err := d.run("xdotool", args...); err != nil {
		d.t.Fatalf("xdotool %v: %v %s", args, err, out)
	}
}

// key presses a shortcut.
func (d *display) key(keys string) {
	d.t.Helper()
	d.do("key", "--clearmodifiers", keys)
}

// still waits until the picture stands still: two in a row are equal. A window in
// which nothing happens comes to that.
func (d *display) still() {
	d.t.Helper()
	last := ""
	await(d.t, "a picture that stands still", 20*time.Second, func() bool {
		sum, err := d.run("sh", "-c", "import -silent -window root rgb:- | md5sum")
		same := err == nil && sum == last
		last = sum
		return same
	})
}

// await asks again and again until done, or fails after limit.
func await(t *testing.T, what string, limit time.Duration, done func() bool) time.Duration {
	t.Helper()
	began, again := time.Now(), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for !done() {
		if time.Since(began) > limit {
			t.Fatalf("%s did not happen within %v", what, limit)
		}
		<-again.C
	}
	return time.Since(began)
}

// shoot keeps a picture of the screen and fails if it is empty.
func (d *display) shoot(name string) image.Image {
	d.t.Helper()
	path := filepath.Join(d.out, name+".png")
	if out, err := d.run("import", "-silent", "-window", "root", path); err != nil {
		d.t.Fatalf("picture %s: %v %s", name, err, out)
	}
	f, err := os.Open(path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	img, err := png.Decode(f)
	if err != nil {
		d.t.Fatal(err)
	}
	if n := colours(img); n < 24 {
		d.t.Errorf("%s shows %d colours: the screen is as good as empty", name, n)
	}
	return img
}

// colours counts the different colours of every third pixel.
func colours(img image.Image) int {
	seen := map[color.RGBA]bool{}
	for y := 0; y < img.Bounds().Dy(); y += 3 {
		for x := 0; x < img.Bounds().Dx(); x += 3 {
			seen[color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)] = true
		}
	}
	return len(seen)
}

// share is how much of a region has a colour near one.
func share(img image.Image, r image.Rectangle, want color.RGBA) float64 {
	hits := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
			if near(c.R, want.R) && near(c.G, want.G) && near(c.B, want.B) {
				hits++
			}
		}
	}
	return float64(hits) / float64(r.Dx()*r.Dy())
}

func near(a, b uint8) bool { return max(a, b)-min(a, b) < 24 }
