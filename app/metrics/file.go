package metrics

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// slot says which cut of the table is current: blocks from base on count only
// when they carry the generation. It lies in the header and is replaced by one
// small write.
type slot struct{ generation, base uint64 }

const slotAt = 24

// BlocksPath and TailPath name the two files of a table.
func BlocksPath(dir, table string) string { return filepath.Join(dir, table+".blocks") }

// TailPath names the file of the rows since the last full block.
func TailPath(dir, table string) string { return filepath.Join(dir, table+".tail") }

func encodeHeader(l layout) ([]byte, error) {
	text, err := json.Marshal(header{Version: 1, Rows: l.rows, Columns: l.names})
	if err != nil {
		return nil, fmt.Errorf("write metrics header: %w", err)
	}
	b := make([]byte, l.start)
	copy(b, fileMagic)
	le := binary.LittleEndian
	le.PutUint32(b[8:], uint32(len(text)))
	le.PutUint32(b[12:], checksum(text))
	putSlot(b[slotAt:], slot{})
	copy(b[headerStart:], text)
	return b, nil
}

func putSlot(b []byte, s slot) {
	le := binary.LittleEndian
	le.PutUint64(b[0:], s.generation)
	le.PutUint64(b[8:], s.base)
	le.PutUint32(b[16:], checksum(b[:16]))
}

func writeSlot(f *os.File, s slot) error {
	var b [20]byte
	putSlot(b[:], s)
	if _, err := f.WriteAt(b[:], slotAt); err != nil {
		return fmt.Errorf("mark the cut of %s: %w", f.Name(), err)
	}
	return nil
}

func readSlot(f *os.File) (slot, error) {
	var b [20]byte
	if _, err := f.ReadAt(b[:], slotAt); err != nil {
		return slot{}, fmt.Errorf("%w: %s: %w", ErrDamaged, f.Name(), err)
	}
	le := binary.LittleEndian
	if le.Uint32(b[16:]) != checksum(b[:16]) {
		return slot{}, fmt.Errorf("%w: %s: cut mark", ErrDamaged, f.Name())
	}
	return slot{le.Uint64(b[0:]), le.Uint64(b[8:])}, nil
}

// maxHeader bounds the header of 65,536 long names.
const maxHeader = 64 << 20

func readHeader(f *os.File) (layout, error) {
	var b [headerStart]byte
	if _, err := f.ReadAt(b[:], 0); err != nil {
		return layout{}, fmt.Errorf("%w: %s: %w", ErrDamaged, f.Name(), err)
	}
	le := binary.LittleEndian
	n := le.Uint32(b[8:])
	if string(b[:8]) != fileMagic || n > maxHeader {
		return layout{}, fmt.Errorf("%w: %s is not a metrics table", ErrDamaged, f.Name())
	}
	text, err := io.ReadAll(io.NewSectionReader(f, headerStart, int64(n)))
	if err != nil || len(text) != int(n) || checksum(text) != le.Uint32(b[12:]) {
		return layout{}, fmt.Errorf("%w: %s: header", ErrDamaged, f.Name())
	}
	var h header
	if err := json.Unmarshal(text, &h); err != nil {
		return layout{}, fmt.Errorf("%w: %s: %w", ErrDamaged, f.Name(), err)
	}
	if h.Version != 1 {
		return layout{}, fmt.Errorf("%s: format version %d is newer than this program: update Athanor", f.Name(), h.Version)
	}
	return newLayout(h)
}

// fullBlocks is how many blocks lie whole in the file.
func (l layout) fullBlocks(f *os.File) (int, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("measure %s: %w", f.Name(), err)
	}
	return max(0, int((info.Size()-int64(l.start))/int64(l.size))), nil
}

// tail is what the tail file holds.
type tail struct {
	first      int // row number of the first row
	generation uint64
	rows       *rows
	size       int64 // bytes that are whole
}

// readTail reads all whole frames; what follows the first broken frame is left out.
func readTail(path string, l layout) (tail, error) {
	t := tail{rows: newRows(len(l.names), 0)}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return t, fmt.Errorf("read metrics: %w", err)
	}
	return parseTail(data, l), nil
}

func parseTail(data []byte, l layout) tail {
	t := tail{rows: newRows(len(l.names), 0)}
	whole := len(data)
	for {
		f, ok := parseFrame(data, l)
		if !ok {
			break
		}
		if t.size == 0 {
			t.first, t.generation = f.first, f.generation
		} else if f.first != t.first+t.rows.len() || f.generation != t.generation {
			break
		}
		t.rows.readColumns(f.payload, f.rows)
		data = data[frameHead+len(f.payload):]
		t.size = int64(whole - len(data))
	}
	return t
}

// frame is a few rows in the tail file: magic, checksum of what follows,
// generation, first row, rows, reserved, then the columns.
type frame struct {
	generation uint64
	first      int
	rows       int
	payload    []byte
}

func appendFrame(b []byte, r *rows, from, to, first int, generation uint64) []byte {
	at := len(b)
	b = append(b, make([]byte, frameHead)...)
	le := binary.LittleEndian
	le.PutUint32(b[at:], frameMagic)
	le.PutUint64(b[at+8:], generation)
	le.PutUint64(b[at+16:], uint64(first))
	le.PutUint32(b[at+24:], uint32(to-from))
	b = r.appendColumns(b, from, to)
	le.PutUint32(b[at+4:], checksum(b[at+8:]))
	return b
}

func parseFrame(b []byte, l layout) (frame, bool) {
	le := binary.LittleEndian
	if len(b) < frameHead || le.Uint32(b) != frameMagic {
		return frame{}, false
	}
	f := frame{generation: le.Uint64(b[8:]), first: int(le.Uint64(b[16:])), rows: int(le.Uint32(b[24:]))}
	if f.first < 0 || f.rows > (len(b)-frameHead)/l.rowSize() {
		return frame{}, false
	}
	size := frameHead + f.rows*l.rowSize()
	if le.Uint32(b[4:]) != checksum(b[8:size]) {
		return frame{}, false
	}
	f.payload = b[frameHead:size]
	return f, true
}
