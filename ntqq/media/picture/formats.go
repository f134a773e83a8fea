package picture

import (
	"encoding/binary"
	"math/bits"
)

var (
	big    = binary.BigEndian
	little = binary.LittleEndian
)

// jpeg walks the segments to the first frame header.
func (r *reader) jpeg() (size, error) {
	if err := r.skip(2); err != nil {
		return size{}, err
	}
	for {
		kind, err := r.marker()
		switch {
		case err != nil:
			return size{}, err
		case kind == 0x01 || kind >= 0xd0 && kind <= 0xd7: // they have no length
			continue
		case kind == 0xd9 || kind == 0xda:
			return size{}, damaged("its data come before its size")
		}
		b, err := r.next(2)
		if err != nil {
			return size{}, err
		}
		length := int64(big.Uint16(b))
		if length < 2 {
			return size{}, damaged("a segment is shorter than its length")
		}
		if kind >= 0xc0 && kind <= 0xcf && kind != 0xc4 && kind != 0xc8 && kind != 0xcc { // of a frame
			if length < 7 {
				return size{}, damaged("its frame header is too short")
			}
			b, err = r.next(5)
			return size{width: uint32(big.Uint16(b[3:])), height: uint32(big.Uint16(b[1:]))}, err
		}
		if err := r.skip(length - 2); err != nil {
			return size{}, err
		}
	}
}

// marker reads the next marker of a JPEG; any number of 0xff may stand before its code.
func (r *reader) marker() (byte, error) {
	c, err := r.b.ReadByte()
	if err == nil && c != 0xff {
		return 0, damaged("a segment is longer than its length")
	}
	for err == nil && c == 0xff {
		c, err = r.b.ReadByte()
	}
	return c, err
}

// png reads the header, and goes on to the animation control or the first data.
func (r *reader) png() (size, error) {
	b, err := r.next(24)
	if err != nil {
		return size{}, err
	}
	if string(b[12:16]) != "IHDR" {
		return size{}, damaged("it does not begin with its header")
	}
	s := size{width: big.Uint32(b[16:]), height: big.Uint32(b[20:])}
	left := int64(big.Uint32(b[8:])) - 8
	for {
		if err := r.skip(max(left, 0) + 4); err != nil { // and the checksum
			return s, ended(err)
		}
		b, err := r.next(8)
		if err != nil {
			return s, ended(err)
		}
		left = int64(big.Uint32(b))
		switch string(b[4:]) {
		case "acTL":
			s.animated = true
			return s, nil
		case "IDAT", "IEND":
			return s, nil
		}
	}
}

// gif reads the header, and goes on to the second frame.
func (r *reader) gif() (size, error) {
	b, err := r.next(13)
	if err != nil {
		return size{}, err
	}
	s := size{width: uint32(little.Uint16(b[6:])), height: uint32(little.Uint16(b[8:]))}
	s.animated, err = r.gifFrames(b[10])
	return s, ended(err)
}

// gifFrames tells whether there is a second frame; flags is of the header.
func (r *reader) gifFrames(flags byte) (bool, error) {
	if err := r.skip(gifColors(flags)); err != nil {
		return false, err
	}
	for frames := 0; ; {
		kind, err := r.b.ReadByte()
		if err != nil {
			return false, err
		}
		switch kind {
		case 0x21: // an extension with its label
			err = r.skip(1)
		case 0x2c:
			if frames++; frames == 2 {
				return true, nil
			}
			var b []byte
			if b, err = r.next(9); err == nil {
				err = r.skip(gifColors(b[8]) + 1) // and the code size
			}
		default: // the end, or damage
			return false, nil
		}
		if err == nil {
			err = r.gifBlocks()
		}
		if err != nil {
			return false, err
		}
	}
}

func gifColors(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

func (r *reader) gifBlocks() error {
	for {
		n, err := r.b.ReadByte()
		if err != nil || n == 0 {
			return err
		}
		if err := r.skip(int64(n)); err != nil {
			return err
		}
	}
}

// webp has three forms: lossy, lossless, and with extras, animation among them.
func (r *reader) webp() (size, error) {
	b, err := r.b.Peek(30)
	if len(b) < 25 || len(b) < 30 && string(b[12:16]) != "VP8L" { // a small one of which may be shorter
		return size{}, err
	}
	switch string(b[12:16]) {
	case "VP8 ":
		if b[23] != 0x9d || b[24] != 0x01 || b[25] != 0x2a {
			return size{}, damaged("it begins without a key frame")
		}
		return size{width: uint32(little.Uint16(b[26:]) & 0x3fff), height: uint32(little.Uint16(b[28:]) & 0x3fff)}, nil
	case "VP8L":
		if b[20] != 0x2f {
			return size{}, damaged("its stream has no signature")
		}
		v := little.Uint32(b[21:])
		return size{width: v&0x3fff + 1, height: v>>14&0x3fff + 1}, nil
	case "VP8X":
		u24 := func(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }
		return size{width: u24(b[24:]) + 1, height: u24(b[27:]) + 1, animated: b[20]&2 != 0}, nil
	}
	return size{}, damaged("its first chunk is none of VP8, VP8L and VP8X")
}

// bmp has an old form with a short header. A negative height says that the first row is
// the upper one.
func (r *reader) bmp() (size, error) {
	b, err := r.next(26)
	if err != nil {
		return size{}, err
	}
	switch header := little.Uint32(b[14:]); {
	case header == 12:
		return size{width: uint32(little.Uint16(b[18:])), height: uint32(little.Uint16(b[20:]))}, nil
	case header < 16 || header > 256: // other texts begin with BM
		return size{}, &FormatError{}
	}
	height := int32(little.Uint32(b[22:]))
	if height < 0 {
		height = -height // the lowest stays, and is too large
	}
	return size{width: little.Uint32(b[18:]), height: uint32(height)}, nil
}

// The fields of a TIFF directory that say the size, and the types that they may have.
const (
	tiffWidth  = 256
	tiffHeight = 257

	tiffByte  = 1
	tiffShort = 3
	tiffLong  = 4
)

// tiff reads the first directory, which may stand behind the pixels.
func (r *reader) tiff() (size, error) {
	b, err := r.next(8)
	if err != nil {
		return size{}, err
	}
	order := binary.ByteOrder(little)
	if b[0] == 'M' {
		order = big
	}
	at := int64(order.Uint32(b[4:]))
	if at < 8 {
		return size{}, damaged("its directory stands within its header")
	}
	if err := r.skip(at - 8); err != nil {
		return size{}, err
	}
	if b, err = r.next(2); err != nil {
		return size{}, err
	}
	var s size
	for range order.Uint16(b) {
		if b, err = r.next(12); err != nil {
			return size{}, err
		}
		if order.Uint32(b[4:]) != 1 { // more values than one stand elsewhere
			continue
		}
		var value uint32
		switch order.Uint16(b[2:]) {
		case tiffByte:
			value = uint32(b[8])
		case tiffShort:
			value = uint32(order.Uint16(b[8:]))
		case tiffLong:
			value = order.Uint32(b[8:])
		}
		switch order.Uint16(b) {
		case tiffWidth:
			s.width = value
		case tiffHeight:
			s.height = value
		}
		if s.width != 0 && s.height != 0 {
			break
		}
	}
	return s, nil
}

// jpeg2000 walks the boxes to the image header, the first box of the box "jp2h"
// (ISO/IEC 15444-1 I.5.3.1: the height stands first).
func (r *reader) jpeg2000() (size, error) {
	for {
		b, err := r.next(8)
		if err != nil {
			return size{}, err
		}
		length := int64(big.Uint32(b))
		switch kind := string(b[4:]); {
		case kind == "jp2h":
			continue
		case kind == "ihdr":
			b, err := r.next(8)
			return size{width: big.Uint32(b[4:]), height: big.Uint32(b)}, err
		case length == 1: // 64 bits follow
			if b, err = r.next(8); err != nil {
				return size{}, err
			}
			long := big.Uint64(b)
			if long < 16 || bits.Len64(long) > 63 {
				return size{}, damaged("a box has an impossible length")
			}
			length = int64(long) - 8
		case length < 8:
			return size{}, damaged("a box has an impossible length")
		}
		if err := r.skip(length - 8); err != nil {
			return size{}, err
		}
	}
}
