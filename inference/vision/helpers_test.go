package vision_test

import (
	"encoding/binary"
	"hash/crc32"
)

// fixCRC repairs the checksum of a PNG's first chunk after its header changed.
func fixCRC(png []byte) {
	binary.BigEndian.PutUint32(png[29:], crc32.ChecksumIEEE(png[12:29]))
}
