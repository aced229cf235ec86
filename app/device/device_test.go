package device_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"athanor/app/device"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// TestMain lets the test binary stand in for the program: a child that is asked
// for the device "crash" dies of a signal, as a bad driver makes it.
func TestMain(m *testing.M) {
	if len(os.Args) != 4 || os.Args[1] != device.Command {
		os.Exit(m.Run())
	}
	if os.Args[2] == "crash" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSEGV)
		select {}
	}
	length, err := time.ParseDuration(os.Args[3])
	if err != nil {
		panic(err)
	}
	speed, err := device.InProcess(context.Background(), os.Args[2], length)
	answer := device.Measured{GFLOPS: speed.GFLOPS, StartMS: float64(speed.Start.Milliseconds())}
	if err != nil {
		answer.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		panic(err)
	}
}

func own(t *testing.T) device.Test {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return device.InChild(program)
}

func TestChooseFallsBackWithASentence(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for wanted, says := range map[string]string{"crash": "crashed", "cuda:77": "cuda:77", "nonsense": "unknown"} {
		c, err := device.Choose(t.Context(), wanted, own(t))
		if err != nil {
			t.Fatal(err)
		}
		if c.Device != runtime.CPU || !strings.Contains(c.Note, says) {
			t.Errorf("%s: %+v", wanted, c)
		}
	}
}

func TestChooseTakesWhatWorks(t *testing.T) {
	gpu := testenv.GPU(t)
	for _, wanted := range []string{"", "cpu", gpu} {
		c, err := device.Choose(t.Context(), wanted, own(t))
		if err != nil {
			t.Fatal(err)
		}
		if c.Note != "" || (c.Device != wanted && wanted != "") {
			t.Errorf("%q: %+v", wanted, c)
		}
	}
}

// TestCards: a device computed in software is never taken by itself, and a card
// that fails is named.
func TestCards(t *testing.T) {
	testenv.GPU(t)
	broken := func(_ context.Context, d string, _ time.Duration) (runtime.Speed, error) {
		return runtime.Speed{}, fmt.Errorf("%w: %s is broken", runtime.ErrDevice, d)
	}
	cards, note, err := device.Cards(t.Context(), broken)
	if err != nil || len(cards) > 0 {
		t.Fatalf("%q, %v", cards, err)
	}
	list, err := runtime.Devices()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if real := d.Name != runtime.CPU && !d.Software; real != strings.Contains(note, d.Name+" (") {
			t.Errorf("%+v and the note %q", d, note)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := device.Choose(ctx, "webgpu", own(t)); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled choice: %v", err)
	}
}
