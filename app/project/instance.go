package project

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Instance is the one open studio of a data folder.
type Instance struct {
	lock *os.File
	l    net.Listener
	done chan struct{}
}

// maxPathLength is what a socket's path may have on every Unix.
const maxPathLength = 100

// socketPath is beside the lock, or in the temporary folder when that is too long.
func socketPath(dir string) string {
	p := filepath.Join(dir, ".instance.sock")
	if len(p) <= maxPathLength {
		return p
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(dir)) // a hash never fails
	return filepath.Join(os.TempDir(), fmt.Sprintf("athanor-%x.sock", h.Sum64()))
}

// Lock makes this process the studio of a data folder. While it is, what other
// starts hand over with Send arrives in open, on a goroutine of its own: no
// paths at all asks the window to come to the front. ErrRunning says that
// another process is the studio.
func Lock(dir string, open func(paths []string)) (*Instance, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("lock the studio: %w", err)
	}
	f, err := lockInstance(dir)
	if err != nil {
		return nil, err
	}
	path := socketPath(dir)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("lock the studio: %w", errors.Join(err, f.Close()))
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("lock the studio: %w", errors.Join(err, f.Close()))
	}
	i := &Instance{lock: f, l: l, done: make(chan struct{})}
	go i.serve(open)
	return i, nil
}

func (i *Instance) serve(open func([]string)) {
	defer close(i.done)
	for {
		c, err := i.l.Accept()
		if err != nil {
			return
		}
		if paths, err := receive(c); err == nil {
			open(paths)
		}
	}
}

// receive reads one message; whoever dawdles is cut off.
func receive(c net.Conn) ([]string, error) {
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return nil, err
	}
	line, err := bufio.NewReaderSize(c, 1<<20).ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	var paths []string
	if err := json.Unmarshal(line, &paths); err != nil {
		return nil, err
	}
	_, err = c.Write([]byte("ok\n"))
	return paths, err
}

// Send hands paths to the open studio of a data folder.
func Send(dir string, paths []string) error {
	c, err := net.DialTimeout("unix", socketPath(dir), time.Second)
	if err != nil {
		return fmt.Errorf("reach the open studio: %w", err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return fmt.Errorf("reach the open studio: %w", err)
	}
	if err := json.NewEncoder(c).Encode(append([]string{}, paths...)); err != nil {
		return fmt.Errorf("reach the open studio: %w", err)
	}
	if _, err := bufio.NewReader(c).ReadString('\n'); err != nil {
		return fmt.Errorf("the open studio does not answer: %w", err)
	}
	return nil
}

// Close lets another process be the studio.
func (i *Instance) Close() error {
	err := i.l.Close()
	<-i.done
	return errors.Join(err, i.lock.Close())
}
