package metrics

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// flushEvery is how long a point may wait in memory: a killed process loses
	// no more than this.
	flushEvery = 250 * time.Millisecond
	// syncEvery is how often the files are forced onto the disk, for power cuts.
	syncEvery = 5 * time.Second
	// waitingBlocks is how many blocks may wait for a slow disk before Append
	// writes by itself.
	waitingBlocks = 64
)

// Writer appends rows to a table. Append only copies into memory; a goroutine of
// the writer's own puts rows on the disk four times a second. It may be used by
// several goroutines. A table has one writer at a time: whoever opens it holds
// the run's lock.
type Writer struct {
	mu      sync.Mutex // guards pending, err, closed
	pending *rows
	err     error
	closed  bool

	disk sync.Mutex // guards what follows, taken before mu
	l    layout
	f    *os.File
	tail *os.File
	path string
	slot slot
	// sealed full blocks lie in f; held are the rows after them, of which the
	// first written lie in the tail file.
	sealed  int
	held    *rows
	spare   *rows
	before  *bucketMeta
	synced  time.Time
	wake    chan struct{}
	stop    chan struct{}
	stopped chan struct{}
}

// Create makes a table in dir, or opens it to append when it is there with the
// same columns; what a crash left half-written is cut off.
func Create(dir, table string, columns []string) (*Writer, error) {
	w, err := open(dir, table, columns)
	if err != nil {
		return nil, fmt.Errorf("open metrics %s: %w", table, err)
	}
	go w.loop()
	return w, nil
}

func open(dir, table string, columns []string) (*Writer, error) {
	f, l, err := openBlocks(dir, BlocksPath(dir, table), columns)
	if err != nil {
		return nil, err
	}
	w := &Writer{
		l: l, f: f, path: TailPath(dir, table), synced: time.Now(),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := w.recover(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	w.pending = newRows(len(columns), l.rows)
	w.spare = newRows(len(columns), l.rows)
	return w, nil
}

func openBlocks(dir, path string, columns []string) (*os.File, layout, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createBlocks(dir, path, columns); err != nil {
			return nil, layout{}, err
		}
		f, err = os.OpenFile(path, os.O_RDWR, 0)
	}
	if err != nil {
		return nil, layout{}, err
	}
	l, err := readHeader(f)
	if err == nil && !slices.Equal(l.names, columns) {
		err = fmt.Errorf("%w: it has %d named %.80v", ErrColumns, len(l.names), l.names)
	}
	if err != nil {
		return nil, layout{}, errors.Join(err, f.Close())
	}
	return f, l, nil
}

// createBlocks writes an empty table under another name and moves it into place.
func createBlocks(dir, path string, columns []string) error {
	l, err := newLayout(header{Version: 1, Rows: blockRowsFor(len(columns)), Columns: columns})
	if err != nil {
		return err
	}
	b, err := encodeHeader(l)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return replaceFile(path, b)
}

// replaceFile writes a file atomically.
func replaceFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// recover finds out what is on the disk and mends what a crash left.
func (w *Writer) recover() error {
	st, err := readState(w.f, w.path, w.l)
	if err != nil {
		return err
	}
	if st.finishCut {
		if err := writeSlot(w.f, st.slot); err != nil {
			return err
		}
	}
	w.slot, w.sealed, w.held = st.slot, st.blocks, st.tail
	w.before = w.lastMeta()
	return w.rewriteTail()
}

// lastMeta is the last position in the sealed blocks, nil without any.
func (w *Writer) lastMeta() *bucketMeta {
	if w.sealed == 0 {
		return nil
	}
	head := make([]byte, w.l.head)
	if _, err := w.f.ReadAt(head, w.l.blockOffset(w.sealed-1)); err != nil {
		return nil
	}
	m := getMeta(head[w.l.bucketAt(w.l.buckets-1):])
	return &m
}

// rewriteTail replaces the tail file by one that holds exactly w.held.
func (w *Writer) rewriteTail() error {
	b := appendFrame(nil, w.held, 0, w.held.len(), w.sealed*w.l.rows, w.slot.generation)
	if err := replaceFile(w.path, b); err != nil {
		return fmt.Errorf("write metrics tail: %w", err)
	}
	if w.tail != nil {
		if err := w.tail.Close(); err != nil {
			return fmt.Errorf("close metrics tail: %w", err)
		}
	}
	f, err := os.OpenFile(w.path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("open metrics tail: %w", err)
	}
	w.tail = f
	return nil
}

// Append adds a row. It copies the values and does no input or output, unless
// the disk has fallen 64 blocks behind. The error is that of an earlier write:
// the rows stay in memory and are tried again.
func (w *Writer) Append(r Row) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return ErrClosed
	}
	w.pending.add(r)
	n, err := w.pending.len(), w.err
	w.mu.Unlock()
	if n >= waitingBlocks*w.l.rows {
		return w.Flush()
	}
	if n%w.l.rows == 0 {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	return err
}

// Rows is how many rows the table holds, written or waiting.
func (w *Writer) Rows() int {
	w.disk.Lock()
	defer w.disk.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sealed*w.l.rows + w.held.len() + w.pending.len()
}

// Flush hands all rows to the operating system: they outlive the process.
func (w *Writer) Flush() error {
	w.disk.Lock()
	defer w.disk.Unlock()
	return w.flush()
}

// Sync is Flush and waits for the disk: the rows outlive a power cut.
func (w *Writer) Sync() error {
	w.disk.Lock()
	defer w.disk.Unlock()
	return errors.Join(w.flush(), w.sync())
}

// Close flushes, syncs and closes the files.
func (w *Writer) Close() error {
	w.mu.Lock()
	already := w.closed
	w.closed = true
	w.mu.Unlock()
	if already {
		return nil
	}
	close(w.stop)
	<-w.stopped
	return errors.Join(w.Sync(), w.f.Close(), w.tail.Close())
}

// loop writes what waits until Close.
func (w *Writer) loop() {
	defer close(w.stopped)
	ticks := time.NewTicker(flushEvery)
	defer ticks.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-ticks.C:
		case <-w.wake:
		}
		w.background()
	}
}

func (w *Writer) background() {
	w.disk.Lock()
	defer w.disk.Unlock()
	err := w.flush()
	if err == nil && time.Since(w.synced) >= syncEvery {
		err = w.sync()
	}
	w.mu.Lock()
	w.err = err
	w.mu.Unlock()
}

func (w *Writer) sync() error {
	w.synced = time.Now()
	if err := errors.Join(w.f.Sync(), w.tail.Sync()); err != nil {
		return fmt.Errorf("sync metrics: %w", err)
	}
	return nil
}

// flush writes all pending rows; w.disk is held. Rows that could not be written
// are pending again.
func (w *Writer) flush() error {
	w.mu.Lock()
	batch := w.pending
	w.pending, w.spare = w.spare, nil
	w.mu.Unlock()
	done, err := w.write(batch)
	w.mu.Lock()
	defer w.mu.Unlock()
	if done < batch.len() {
		batch.dropFront(done)
		batch.appendFrom(w.pending, 0, w.pending.len())
		batch, w.pending = w.pending, batch
	}
	batch.truncate(0)
	w.spare = batch
	return err
}

// write puts a batch behind the held rows and seals full blocks. It returns how
// many rows of the batch are safe.
func (w *Writer) write(batch *rows) (int, error) {
	done := 0
	for done < batch.len() {
		n := min(batch.len()-done, w.l.rows-w.held.len())
		had := w.held.len()
		w.held.appendFrom(batch, done, done+n)
		err := w.store(had)
		if err != nil {
			w.held.truncate(had)
			return done, err
		}
		done += n
	}
	return done, nil
}

// store writes the held rows from had on: as a frame, or the whole as a block.
func (w *Writer) store(had int) error {
	if w.held.len() < w.l.rows {
		return w.appendTail(had)
	}
	block := w.l.encodeBlock(w.held, w.sealed, w.slot.generation, w.before)
	if _, err := w.f.WriteAt(block, w.l.blockOffset(w.sealed)); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	if err := w.tail.Truncate(0); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	m := getMeta(block[w.l.bucketAt(w.l.buckets-1):])
	w.before = &m
	w.sealed++
	w.held.truncate(0)
	return nil
}

// appendTail adds a frame; a frame that was written in part is cut off again.
func (w *Writer) appendTail(had int) error {
	frame := appendFrame(nil, w.held, had, w.held.len(), w.sealed*w.l.rows+had, w.slot.generation)
	info, err := w.tail.Stat()
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	if _, err := w.tail.Write(frame); err != nil {
		return fmt.Errorf("write metrics: %w", errors.Join(err, w.tail.Truncate(info.Size())))
	}
	return nil
}
