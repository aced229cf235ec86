package serve

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrInUse says that another program listens on the port.
var ErrInUse = errors.New("the port is in use")

// InUseError is ErrInUse with what can be done.
type InUseError struct {
	Addr  string // that was wanted
	Owner string // the program that has it, "" where the system does not tell
	Free  string // an address close by that nobody has
}

// Error says by whom the port is used and which one is free.
func (e *InUseError) Error() string {
	who := e.Owner
	if who == "" {
		who = "another program"
	}
	return fmt.Sprintf("listen on %s: %v by %s; %s is free", e.Addr, ErrInUse, who, e.Free)
}

// Unwrap makes it ErrInUse.
func (e *InUseError) Unwrap() error { return ErrInUse }

// listen opens a TCP port. When it is taken the error says by whom, where the
// system tells, and which one is free.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	host, port, _ := net.SplitHostPort(addr)
	return nil, &InUseError{Addr: addr, Owner: owner(port), Free: freeNear(host, port)}
}

// freeNear names an address with a free port, close above the taken one.
func freeNear(host, port string) string {
	n, _ := strconv.Atoi(port)
	for p := n + 1; p <= n+50 && p < 1<<16; p++ {
		addr := net.JoinHostPort(host, strconv.Itoa(p))
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
	return net.JoinHostPort(host, "0")
}

// owner finds the program that listens on a port, on Linux for programs of the
// same person: the socket's inode in /proc/net/tcp, then who holds it.
func owner(port string) string {
	n, err := strconv.Atoi(port)
	if err != nil {
		return ""
	}
	inode := listeningInode(n)
	if inode == "" {
		return ""
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		if to, err := os.Readlink(link); err != nil || to != "socket:["+inode+"]" {
			continue
		}
		pid := strings.Split(link, "/")[2]
		name, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
		if err == nil {
			return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), pid)
		}
	}
	return ""
}

func listeningInode(port int) string {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) > 9 && f[3] == "0A" && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
				return f[9]
			}
		}
	}
	return ""
}

// limitListener closes connections beyond a number at once, so that idle ones
// cannot use up the process.
type limitListener struct {
	net.Listener
	open    atomic.Int64
	most    int64
	refused *atomic.Int64
}

func newLimitListener(l net.Listener, most int, refused *atomic.Int64) *limitListener {
	return &limitListener{Listener: l, most: int64(most), refused: refused}
}

// Accept waits for the next connection within the limit.
func (l *limitListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.most {
			return &countedConn{Conn: c, open: &l.open}, nil
		}
		l.open.Add(-1)
		l.refused.Add(1)
		_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_, _ = c.Write([]byte("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
		_ = c.Close()
	}
}

type countedConn struct {
	net.Conn
	once sync.Once
	open *atomic.Int64
}

// Close closes the connection and frees its place.
func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// quietLog passes net/http's own messages on at debug level: they are about
// broken clients.
func quietLog(l *slog.Logger) *log.Logger {
	return slog.NewLogLogger(l.Handler(), slog.LevelDebug)
}
