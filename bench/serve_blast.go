package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"time"

	"athanor/inference/remote"
)

// blasted is what a service did under load.
type blasted struct {
	perSecond float64
	p50, p99  time.Duration
	failures  int
	err       error
}

func (r blasted) row(name, ratio string) []string {
	if r.failures > 0 {
		ratio += fmt.Sprintf(" (%d failed: %v)", r.failures, r.err)
	}
	ms := func(d time.Duration) string { return strconv.FormatFloat(d.Seconds()*1000, 'f', 2, 64) + " ms" }
	return []string{name, fmt.Sprintf("%.0f", r.perSecond), ms(r.p50), ms(r.p99), ratio}
}

// medianOf is the run in the middle by requests a second.
func medianOf(list []blasted) blasted {
	sorted := slices.SortedFunc(slices.Values(list), func(a, b blasted) int { return int(a.perSecond - b.perSecond) })
	return sorted[len(sorted)/2]
}

// post is a whole inference request over HTTP as bytes; header is the number of JSON bytes of a
// binary body, else negative.
func post(body []byte, header int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST /v2/models/mlp/infer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	if header >= 0 {
		fmt.Fprintf(&b, "Inference-Header-Content-Length: %d\r\n", header)
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// blast asks over so many connections as fast as answers come.
func blast(ctx context.Context, addr string, request []byte, workers int) blasted {
	return blastAt(ctx, addr, request, workers, 0)
}

// blastAt asks so many times a second; 0 is as fast as answers come.
func blastAt(ctx context.Context, addr string, request []byte, workers int, perSecond float64) blasted {
	lines := make(chan *line, workers)
	for range workers {
		lines <- &line{addr: addr}
	}
	ask := func(context.Context) error {
		l := <-lines
		defer func() { lines <- l }()
		return l.ask(request)
	}
	remote.LoadTest{Workers: workers, Duration: lapTime / 5}.Run(ctx, ask) // warm up
	m := remote.LoadTest{Workers: workers, Duration: lapTime, PerSecond: perSecond}.Run(ctx, ask)
	for range workers {
		(<-lines).close()
	}
	if m.Unsent > 0 { // answered later than they should be, or not at all: as good as failed
		m.Failures += m.Unsent
		if m.FirstErr == nil {
			m.FirstErr = errUnsent
		}
	}
	return blasted{perSecond: m.PerSecond, p50: m.P50, p99: m.P99, failures: m.Failures, err: m.FirstErr}
}

var errUnsent = errors.New("due, but every connection waited for an answer")

// line is one connection that is kept open.
type line struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
}

func (l *line) close() {
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

// ask sends the bytes and reads one answer with a Content-Length.
func (l *line) ask(request []byte) (err error) {
	if l.conn == nil {
		if l.conn, err = net.Dial("tcp", l.addr); err != nil {
			return err
		}
		l.in = bufio.NewReaderSize(l.conn, 16<<10)
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if _, err := l.conn.Write(request); err != nil {
		return err
	}
	return l.answer()
}

func (l *line) answer() error {
	first, err := l.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(first, []byte("HTTP/1.1 200")) {
		return fmt.Errorf("the answer is %s", bytes.TrimSpace(first))
	}
	length := -1
	for {
		text, err := l.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			break
		}
		name, value, _ := bytes.Cut(text, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("the answer has no length")
	}
	_, err = io.CopyN(io.Discard, l.in, int64(length))
	return err
}
