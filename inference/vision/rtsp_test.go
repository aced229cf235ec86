package vision_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"athanor/inference/vision"
)

// rtspCamera is an RTSP server on loopback that plays one JPEG over RTP inside
// the TCP connection (RFC 2326 and 2435), frames at 25 a second; after stopAfter
// frames it falls silent, 0 is never.
type rtspCamera struct {
	listener  net.Listener
	tables    []byte // the two quantisation tables
	scan      []byte // entropy-coded data
	w, h      int
	stopAfter int
	over      chan struct{}
}

func newRTSPCamera(t testing.TB, w, h, stopAfter int) *rtspCamera {
	t.Helper()
	data := asJPEG(t, gradient(w, h))
	c := &rtspCamera{w: w, h: h, stopAfter: stopAfter, over: make(chan struct{})}
	for at := 2; at+4 < len(data); {
		marker, size := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == 0xDB { // 65 bytes a table, the first of each is its number
			for body := data[at+4 : at+2+size]; len(body) >= 65; body = body[65:] {
				c.tables = append(c.tables, body[1:65]...)
			}
		}
		at += 2 + size
		if marker == 0xDA {
			c.scan = data[at : len(data)-2]
			break
		}
	}
	var err error
	if c.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.listener.Close(); close(c.over) })
	go c.serve()
	return c
}

func (c *rtspCamera) url() string { return "rtsp://" + c.listener.Addr().String() + "/live" }

func (c *rtspCamera) serve() {
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			return
		}
		go c.talk(conn)
	}
}

// talk answers requests until PLAY, then plays.
func (c *rtspCamera) talk(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		first, err := in.ReadString('\n')
		if err != nil {
			return
		}
		seq := ""
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if line = strings.TrimSpace(line); line == "" {
				break
			}
			if v, ok := strings.CutPrefix(strings.ToLower(line), "cseq:"); ok {
				seq = strings.TrimSpace(v)
			}
		}
		method, _, _ := strings.Cut(first, " ")
		fmt.Fprintf(conn, "RTSP/1.0 200 OK\r\nCSeq: %s\r\n%s", seq, c.answer(method))
		if method == "PLAY" {
			go func() { _, _ = io.Copy(io.Discard, in) }()
			c.play(conn)
			return
		}
	}
}

func (c *rtspCamera) answer(method string) string {
	switch method {
	case "OPTIONS":
		return "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
	case "DESCRIBE":
		sdp := "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=framerate:25\r\na=control:track1\r\n"
		return fmt.Sprintf("Content-Base: %s/\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", c.url(), len(sdp), sdp)
	case "SETUP":
		return "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n\r\n"
	}
	return "Session: 1\r\n\r\n"
}

func (c *rtspCamera) play(conn net.Conn) {
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	seq := uint16(0)
	for n := 0; c.stopAfter == 0 || n < c.stopAfter; n++ {
		for at := 0; at < len(c.scan); at += 1200 {
			part := c.scan[at:min(at+1200, len(c.scan))]
			if _, err := conn.Write(c.packet(part, at, n, seq, at+1200 >= len(c.scan))); err != nil {
				return
			}
			seq++
		}
		<-tick.C
	}
	<-c.over
}

// packet is one RTP packet of a frame, framed for the TCP connection.
func (c *rtspCamera) packet(part []byte, at, frame int, seq uint16, last bool) []byte {
	var b bytes.Buffer
	kind := byte(26)
	if last {
		kind |= 0x80
	}
	b.Write([]byte{0x80, kind})
	_ = binary.Write(&b, binary.BigEndian, seq)
	_ = binary.Write(&b, binary.BigEndian, uint32(frame*3600))
	_ = binary.Write(&b, binary.BigEndian, uint32(7))
	b.Write([]byte{0, byte(at >> 16), byte(at >> 8), byte(at), 1, 255, byte(c.w / 8), byte(c.h / 8)})
	if at == 0 {
		b.Write([]byte{0, 0, 0, 128})
		b.Write(c.tables)
	}
	b.Write(part)
	head := []byte{'$', 0, 0, 0}
	binary.BigEndian.PutUint16(head[2:], uint16(b.Len()))
	return append(head, b.Bytes()...)
}

func TestRTSPThroughOpenCV(t *testing.T) {
	cam := newRTSPCamera(t, 160, 128, 0)
	src, err := vision.Open(limit(t), cam.url(), vision.OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for range 3 {
		f, err := src.Next(limit(t))
		if err != nil {
			t.Fatal(err)
		}
		left, right := f.RGBA(nil).RGBAAt(2, 64), f.RGBA(nil).RGBAAt(157, 64)
		if f.W != 160 || f.H != 128 || left.R > 30 || right.R < 225 {
			t.Fatalf("%d×%d, %v to %v: not the picture that was sent", f.W, f.H, left, right)
		}
	}
}

func TestRTSPStalls(t *testing.T) {
	cam := newRTSPCamera(t, 160, 128, 40)
	src, err := vision.Open(limit(t), cam.url(), vision.OpenConfig{Stall: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = src.Next(limit(t))
	}
	src.Close()
	if !errors.Is(err, vision.ErrStalled) {
		t.Errorf("got %v, want ErrStalled", err)
	}
}
