package eventfile

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Writer writes an event file that TensorBoard can follow while it grows. It is
// for one goroutine.
type Writer struct {
	f   *os.File
	out *bufio.Writer
	buf []byte
	rec []byte
}

// Create makes a new event file in dir, named as TensorBoard expects it.
func Create(dir string, now time.Time) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create event file: %w", err)
	}
	f, err := createNew(dir, now)
	if err != nil {
		return nil, fmt.Errorf("create event file: %w", err)
	}
	w := &Writer{f: f, out: bufio.NewWriterSize(f, 1<<16)}
	var event []byte
	event = protowire.AppendTag(event, eventTime, protowire.Fixed64Type)
	event = protowire.AppendFixed64(event, math.Float64bits(float64(now.UnixNano())/1e9))
	event = protowire.AppendTag(event, eventVersion, protowire.BytesType)
	event = protowire.AppendString(event, "brain.Event:2")
	if err := w.record(event); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return w, w.Flush()
}

// createNew finds a name that is not taken.
func createNew(dir string, now time.Time) (*os.File, error) {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	for i := 0; ; i++ {
		name := "events.out.tfevents." + strconv.FormatInt(now.Unix(), 10) + "." + host + "." + strconv.Itoa(os.Getpid()) + "." + strconv.Itoa(i) + ".athanor"
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err == nil || !errors.Is(err, os.ErrExist) || i > 10_000 {
			return f, err
		}
	}
}

// Path is the file's path.
func (w *Writer) Path() string { return w.f.Name() }

// Add writes a scalar as simple_value. TensorBoard keeps 32 bits of it.
func (w *Writer) Add(s Scalar) error {
	value := w.buf[:0]
	value = protowire.AppendTag(value, valueTag, protowire.BytesType)
	value = protowire.AppendString(value, s.Tag)
	value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
	value = protowire.AppendFixed32(value, math.Float32bits(float32(s.Value)))
	w.buf = value

	inner := protowire.SizeTag(summaryValue) + protowire.SizeBytes(len(value))
	event := w.rec[:0]
	event = protowire.AppendTag(event, eventTime, protowire.Fixed64Type)
	event = protowire.AppendFixed64(event, math.Float64bits(s.Time))
	event = protowire.AppendTag(event, eventStep, protowire.VarintType)
	event = protowire.AppendVarint(event, uint64(s.Step))
	event = protowire.AppendTag(event, eventSummary, protowire.BytesType)
	event = protowire.AppendVarint(event, uint64(inner))
	event = protowire.AppendTag(event, summaryValue, protowire.BytesType)
	event = protowire.AppendBytes(event, value)
	w.rec = event
	return w.record(event)
}

func (w *Writer) record(event []byte) error {
	if _, err := w.out.Write(appendRecord(nil, event)); err != nil {
		return fmt.Errorf("write event file: %w", err)
	}
	return nil
}

// Flush hands everything to the operating system.
func (w *Writer) Flush() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write event file: %w", err)
	}
	return nil
}

// Close flushes and closes the file.
func (w *Writer) Close() error {
	return errors.Join(w.Flush(), w.f.Close())
}
