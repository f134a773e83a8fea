package video

import (
	"math"
	"math/bits"
)

// The elements of Matroska that are read (RFC 9559), with the mark of their length.
const (
	idHeader   = 0x1a45dfa3
	idDocType  = 0x4282
	idSegment  = 0x18538067
	idInfo     = 0x1549a966
	idScale    = 0x2ad7b1
	idDuration = 0x4489
	idTracks   = 0x1654ae6b
	idTrack    = 0xae
	idKind     = 0x83
	idVideo    = 0xe0
	idWidth    = 0xb0
	idHeight   = 0xba
)

const (
	defaultScale = 1_000_000 // nanoseconds
	kindVideo    = 1
	unknownSize  = -1
)

// element is a part of a Matroska file.
type element struct {
	id      uint64
	at, end int64 // of its content
	open    bool  // its size is not known
}

// elements calls do for each element between at and end, until there are no more or it says
// that it is done. An element of unknown size goes to the end.
func (f *file) elements(at, end int64, do func(e element) (done bool, err error)) error {
	for at < end {
		if f.left--; f.left < 0 {
			return errDamaged
		}
		id, n, err := f.vint(at, end, true)
		if err != nil {
			return err
		}
		size, m, err := f.vint(at+n, end, false)
		if err != nil {
			return err
		}
		e := element{id: uint64(id), at: at + n + m, open: size == unknownSize}
		if e.end = end; !e.open {
			if size > end-e.at {
				return errDamaged
			}
			e.end = e.at + size
		}
		done, err := do(e)
		if done || err != nil {
			return err
		}
		at = e.end
	}
	return nil
}

// vint reads a number of variable length, and says of how many bytes. One of nothing but
// ones is unknownSize. An id keeps the mark of its length.
func (f *file) vint(at, end int64, id bool) (value, length int64, err error) {
	b, err := f.bytes(at, int(min(8, end-at, f.size-at)))
	if err != nil {
		return 0, 0, err
	}
	if len(b) == 0 || b[0] == 0 {
		return 0, 0, errDamaged
	}
	n := bits.LeadingZeros8(b[0]) + 1
	if n > len(b) || id && n > 4 {
		return 0, 0, errDamaged
	}
	var v uint64
	for _, c := range b[:n] {
		v = v<<8 | uint64(c)
	}
	if id {
		return int64(v), int64(n), nil
	}
	ones := uint64(1)<<(7*n) - 1
	if v &= ones; v == ones {
		return unknownSize, int64(n), nil
	}
	return int64(v), int64(n), nil
}

// matroska reads the information and the tracks of the first segment. They stand before
// the pictures, or behind those whose size is known.
func (f *file) matroska(info *Info) error {
	return f.elements(0, f.size, func(e element) (bool, error) {
		switch e.id {
		case idHeader:
			return false, f.elements(e.at, e.end, func(e element) (bool, error) {
				if e.id == idDocType && e.end-e.at == int64(len("webm")) {
					b, err := f.bytes(e.at, len("webm"))
					if err == nil && string(b) == "webm" {
						info.Container = "webm"
					}
					return true, err
				}
				return false, nil
			})
		case idSegment:
			return true, f.segment(e, info)
		}
		return false, nil
	})
}

func (f *file) segment(within element, info *Info) error {
	var timed, tracks bool
	return f.elements(within.at, within.end, func(e element) (bool, error) {
		var err error
		switch {
		case e.open:
			return true, nil
		case e.id == idInfo:
			timed = true
			err = f.duration(e, info)
		case e.id == idTracks:
			tracks = true
			err = f.elements(e.at, e.end, func(e element) (bool, error) {
				if e.id != idTrack {
					return false, nil
				}
				return info.Width != 0, f.track(e, info)
			})
		}
		return timed && tracks, err
	})
}

func (f *file) duration(within element, info *Info) error {
	scale, duration := uint64(defaultScale), 0.0
	err := f.elements(within.at, within.end, func(e element) (bool, error) {
		var err error
		switch e.id {
		case idScale:
			scale, err = f.number(e)
		case idDuration:
			var v uint64
			v, err = f.number(e)
			if duration = math.Float64frombits(v); e.end-e.at == 4 {
				duration = float64(math.Float32frombits(uint32(v)))
			}
		}
		return false, err
	})
	info.Seconds = duration * float64(scale) / 1e9
	return err
}

func (f *file) track(within element, info *Info) error {
	var kind uint64
	var width, height uint64
	err := f.elements(within.at, within.end, func(e element) (bool, error) {
		var err error
		switch e.id {
		case idKind:
			kind, err = f.number(e)
		case idVideo:
			err = f.elements(e.at, e.end, func(e element) (bool, error) {
				var err error
				switch e.id {
				case idWidth:
					width, err = f.number(e)
				case idHeight:
					height, err = f.number(e)
				}
				return false, err
			})
		}
		return false, err
	})
	if kind == kindVideo && max(width, height) <= math.MaxUint16 && info.Width == 0 {
		info.Width, info.Height = uint32(width), uint32(height)
	}
	return err
}

// number reads the bytes of a number.
func (f *file) number(e element) (uint64, error) {
	if e.end-e.at > 8 {
		return 0, errDamaged
	}
	b, err := f.bytes(e.at, int(e.end-e.at))
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v, err
}
