// Package eventfile reads and writes TensorBoard's event files: records with
// checksums around protocol buffers of which only what scalars need is known
// here. Sources: tensorflow/core/lib/io/record_writer.cc, event.proto,
// summary.proto and tensor.proto.
package eventfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// ErrDamaged says that a file ends, or is changed, within a record.
var ErrDamaged = errors.New("event file is damaged")

// maxRecord bounds one record; pictures and graphs can be large.
const maxRecord = 256 << 20

// masked is the checksum of a record's parts: CRC-32C, rotated and moved so that
// checksums of checksums do not go wrong.
func masked(b []byte) uint32 {
	c := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return (c>>15 | c<<17) + 0xa282ead8
}

// appendRecord frames a record: length, its checksum, data, its checksum.
func appendRecord(dst, data []byte) []byte {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(data)))
	dst = binary.LittleEndian.AppendUint32(dst, masked(dst[at:at+8]))
	dst = append(dst, data...)
	return binary.LittleEndian.AppendUint32(dst, masked(data))
}

// readRecord reads the next record into buf, which it may grow. At the end of
// the file it returns io.EOF; within a record ErrDamaged with how many bytes of
// the file were taken.
func readRecord(r io.Reader, buf []byte) (data, kept []byte, err error) {
	var head [12]byte
	n, err := io.ReadFull(r, head[:])
	if n == 0 && errors.Is(err, io.EOF) {
		return nil, buf, io.EOF
	}
	if err != nil {
		return nil, buf, fmt.Errorf("%w: it ends within a record", ErrDamaged)
	}
	length := binary.LittleEndian.Uint64(head[:])
	if masked(head[:8]) != binary.LittleEndian.Uint32(head[8:]) || length > maxRecord {
		return nil, buf, fmt.Errorf("%w: a record's length fails its checksum", ErrDamaged)
	}
	buf, err = readN(r, buf[:0], int(length)+4)
	if err != nil {
		return nil, buf, fmt.Errorf("%w: it ends within a record", ErrDamaged)
	}
	data = buf[:length]
	if masked(data) != binary.LittleEndian.Uint32(buf[length:]) {
		return nil, buf, fmt.Errorf("%w: a record fails its checksum", ErrDamaged)
	}
	return data, buf, nil
}

// readN reads n bytes in pieces, so that a length that lies costs no memory.
func readN(r io.Reader, buf []byte, n int) ([]byte, error) {
	for len(buf) < n {
		step := min(n-len(buf), 1<<20)
		at := len(buf)
		buf = append(buf, make([]byte, step)...)
		if _, err := io.ReadFull(r, buf[at:]); err != nil {
			return buf, err
		}
	}
	return buf, nil
}

// WriteRecord frames one record; Writer does so for scalars.
func WriteRecord(w io.Writer, data []byte) error {
	if _, err := w.Write(appendRecord(nil, data)); err != nil {
		return fmt.Errorf("write event file: %w", err)
	}
	return nil
}
