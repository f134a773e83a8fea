package sound

import (
	"errors"
	"fmt"
	"io"
)

// maxPacket is how many bytes a packet may have that a decoder gets.
const maxPacket = 256 << 10

// An oggReader reads the packets of the first logical stream of an Ogg file (RFC 3533).
type oggReader struct {
	r        io.Reader
	serial   uint32
	begun    bool
	last     bool   // the page is the stream's last one
	granule  int64  // of the page, -1 if no packet ends on it
	segments []byte // of the page, that were not read yet
	body     []byte // of them
}

// A packet is what a codec gets.
type packet struct {
	data    []byte // nil if it was skipped
	granule int64  // where sound ends with it, in samples; -1 when that is not said
	last    bool   // of the stream
}

// next returns the next packet; one that is longer than keep is an error, or skipped if
// keep is 0.
func (o *oggReader) next(keep int) (packet, error) {
	var p packet
	for {
		if len(o.segments) == 0 {
			if err := o.page(len(p.data) > 0); err != nil {
				return packet{}, err
			}
			continue
		}
		n := int(o.segments[0])
		o.segments = o.segments[1:]
		if keep > 0 {
			if len(p.data)+n > keep {
				return packet{}, fmt.Errorf("a packet of Ogg has more than %d bytes", keep)
			}
			p.data = append(p.data, o.body[:n]...)
		}
		o.body = o.body[n:]
		if n < 255 {
			p.granule = -1
			if !o.more() {
				p.granule, p.last = o.granule, o.last
			}
			return p, nil
		}
	}
}

// more tells whether another packet ends on the page.
func (o *oggReader) more() bool {
	for _, n := range o.segments {
		if n < 255 {
			return true
		}
	}
	return false
}

// page reads the next page of the stream.
func (o *oggReader) page(within bool) error {
	if o.last {
		return io.EOF
	}
	for {
		var head [27]byte
		if _, err := io.ReadFull(o.r, head[:]); err != nil {
			return ended(err)
		}
		content := make([]byte, int(head[26])+255*255)
		segments := content[:head[26]]
		if _, err := io.ReadFull(o.r, segments); err != nil {
			return ended(err)
		}
		size := 0
		for _, n := range segments {
			size += int(n)
		}
		body := content[len(segments) : len(segments)+size]
		if _, err := io.ReadFull(o.r, body); err != nil {
			return ended(err)
		}
		if string(head[:5]) != "OggS\x00" {
			return errors.New("this is no page of Ogg")
		}
		want := le.Uint32(head[22:])
		clear(head[22:26])
		if oggSum(head[:], content[:len(segments)+size]) != want {
			return errors.New("a page of Ogg has a wrong checksum")
		}
		serial, continued := le.Uint32(head[14:]), head[5]&1 != 0
		if o.begun && serial != o.serial {
			continue // of another stream in the same file
		}
		if o.begun && continued != within {
			return errors.New("a page of Ogg is missing")
		}
		o.begun, o.serial, o.last = true, serial, head[5]&4 != 0
		o.granule, o.segments, o.body = int64(le.Uint64(head[6:])), segments, body
		return nil
	}
}

var oggTable = func() (table [256]uint32) {
	for i := range table {
		c := uint32(i) << 24
		for range 8 {
			c = c<<1 ^ c>>31*0x04c11db7
		}
		table[i] = c
	}
	return table
}()

func oggSum(parts ...[]byte) (sum uint32) {
	for _, part := range parts {
		for _, b := range part {
			sum = sum<<8 ^ oggTable[byte(sum>>24)^b]
		}
	}
	return sum
}

// A span cuts decoded sound to what the positions in an Ogg stream say.
type span struct {
	at   int64 // where the sound that was decoded ends
	skip int64 // how many samples at the beginning are none
}

// cut returns how many of the n samples that a packet became are none at its beginning, and
// where they end.
func (s *span) cut(p packet, n int) (from, to int) {
	s.at += int64(n)
	from, to = int(min(s.skip, int64(n))), n
	s.skip -= int64(from)
	switch {
	case p.granule < 0:
	case !p.last:
		s.at = p.granule
	case s.at > p.granule:
		to -= int(min(s.at-p.granule, int64(n)))
	}
	return from, max(from, to)
}
