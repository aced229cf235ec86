package vision

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"gocv.io/x/gocv"
)

// maxPart is the largest JPEG accepted from a stream.
const maxPart = 32 << 20

// openStream opens a network stream. Motion JPEG over HTTP is read in Go, where
// a stalled server can be left at once; everything else goes through OpenCV.
func openStream(ctx context.Context, spec string, cfg OpenConfig) (Source, error) {
	u, err := url.Parse(spec)
	if err != nil {
		return nil, fmt.Errorf("%w: %q is not an address", ErrUnsupported, spec)
	}
	if strings.HasPrefix(u.Scheme, "http") {
		return openHTTP(ctx, u, cfg)
	}
	if err := dial(ctx, u, cfg.Stall); err != nil {
		return nil, err
	}
	return openURL(ctx, u, cfg)
}

func openURL(ctx context.Context, u *url.URL, cfg OpenConfig) (Source, error) {
	info := SourceInfo{Name: u.Redacted(), Kind: KindStream}
	return openCapture(ctx, info, cfg.Stall, func() (*gocv.VideoCapture, error) {
		c, err := gocv.VideoCaptureFileWithAPI(u.String(), gocv.VideoCaptureFFmpeg)
		if err != nil {
			if c != nil {
				_ = c.Close()
			}
			return nil, fmt.Errorf("%s: %w: it answers, but not with a video", u.Redacted(), ErrBroken)
		}
		return c, nil
	})
}

// dial finds out whether anybody is there, because FFmpeg does not say.
func dial(ctx context.Context, u *url.URL, limit time.Duration) error {
	port := u.Port()
	if port == "" {
		port = map[string]string{"rtsp": "554", "rtsps": "322", "rtmp": "1935"}[u.Scheme]
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return netError(u, err)
	}
	return conn.Close()
}

// netError says in words why an address cannot be reached.
func netError(u *url.URL, err error) error {
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: nothing answers at this address and port: %w", u.Redacted(), err)
	case errors.As(err, &dns):
		return fmt.Errorf("%s: no machine of this name: %w", u.Redacted(), err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w: no answer in time", u.Redacted(), ErrStalled)
	}
	return fmt.Errorf("%s: %w", u.Redacted(), err)
}

// mjpeg reads Motion JPEG: one HTTP answer that never ends, a JPEG a part; or
// a camera's still picture, asked for again and again.
type mjpeg struct {
	info   SourceInfo
	stall  time.Duration
	cancel context.CancelFunc
	body   io.ReadCloser
	part   func() ([]byte, error)
	n      int64
}

func openHTTP(ctx context.Context, u *url.URL, cfg OpenConfig) (Source, error) {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel) // while opening, ctx counts
	defer stop()
	late := time.AfterFunc(cfg.Stall, cancel)
	resp, err := get(run, u)
	if !late.Stop() && err != nil {
		err = context.DeadlineExceeded
	}
	if err != nil {
		cancel()
		if resp != nil {
			_ = resp.Body.Close()
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, netError(u, err)
	}
	kind, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	m := &mjpeg{info: SourceInfo{Name: u.Redacted(), Kind: KindStream}, stall: cfg.Stall, cancel: cancel, body: resp.Body}
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		m.part = parts(resp.Body, params["boundary"])
	case kind == "image/jpeg" || kind == "image/png":
		m.part = m.stills(run, u, resp)
	default:
		_ = m.Close()
		return openURL(ctx, u, cfg)
	}
	return m, nil
}

func get(ctx context.Context, u *url.URL) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return resp, nil
	case http.StatusUnauthorized, http.StatusForbidden:
		err = fmt.Errorf("%w: the camera wants a name and password: write http://name:password@%s", ErrDenied, u.Host)
	default:
		err = fmt.Errorf("the server answers %s", resp.Status)
	}
	_ = resp.Body.Close()
	return nil, err
}

// parts splits an endless multipart answer. Many cameras write the two dashes
// into the boundary itself, which the standard does not allow.
func parts(body io.Reader, boundary string) func() ([]byte, error) {
	r := multipart.NewReader(bufio.NewReaderSize(body, 1<<16), strings.TrimPrefix(boundary, "--"))
	return func() ([]byte, error) {
		p, err := r.NextRawPart()
		if err != nil {
			return nil, err
		}
		return readPart(p)
	}
}

func readPart(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPart+1))
	if err == nil && len(data) > maxPart {
		err = fmt.Errorf("%w: a frame of over %d MB", ErrTooLarge, maxPart>>20)
	}
	return data, err
}

// stills asks for the same picture again, ten times a second at most.
func (m *mjpeg) stills(ctx context.Context, u *url.URL, first *http.Response) func() ([]byte, error) {
	resp, tick := first, time.NewTicker(100*time.Millisecond)
	context.AfterFunc(ctx, tick.Stop)
	return func() ([]byte, error) {
		if resp == nil {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			var err error
			if resp, err = get(ctx, u); err != nil {
				return nil, err
			}
		}
		defer func() { resp = nil }()
		defer resp.Body.Close()
		return readPart(resp.Body)
	}
}

func (m *mjpeg) Info() SourceInfo { return m.info }

func (m *mjpeg) Next(ctx context.Context) (*Frame, error) {
	stop := context.AfterFunc(ctx, m.cancel)
	defer stop()
	late := time.AfterFunc(m.stall, m.cancel)
	data, err := m.part()
	stalled := !late.Stop()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case stalled:
		return nil, fmt.Errorf("%s: %w for %v", m.info.Name, ErrStalled, m.stall)
	case errors.Is(err, context.Canceled):
		return nil, ErrClosed
	case err != nil:
		return nil, fmt.Errorf("%s: the stream broke off: %w", m.info.Name, noEOF(err))
	}
	arrived := time.Now()
	m.n++
	f, err := Decode(data)
	if err != nil {
		return nil, &FrameError{Name: m.info.Name, Err: err}
	}
	f.Index, f.Time = m.n-1, arrived
	m.info.W, m.info.H = f.W, f.H
	return f, nil
}

// noEOF keeps a broken connection from looking like the end of a file.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (m *mjpeg) Close() error {
	m.cancel()
	return m.body.Close()
}
