package video

import (
	"encoding/binary"
	"math"
)

var big = binary.BigEndian

// box is a part of an MP4: at to end are its content.
type box struct {
	kind    string
	at, end int64
}

// boxes calls do for each box between at and end, until there are no more or it says that
// it is done. A box that does not end before end is damage; the last one may go to the end.
func (f *file) boxes(at, end int64, do func(b box) (done bool, err error)) error {
	for end-at >= 8 {
		if f.left--; f.left < 0 {
			return errDamaged
		}
		head, err := f.bytes(at, 8)
		if err != nil {
			return err
		}
		b := box{string(head[4:]), at + 8, end}
		switch length := big.Uint32(head); {
		case length == 1: // 64 bits follow
			if head, err = f.bytes(b.at, 8); err != nil {
				return err
			}
			long := big.Uint64(head)
			if long < 16 || long > uint64(end-at) {
				return errDamaged
			}
			b.at, b.end = b.at+8, at+int64(long)
		case length >= 8 && int64(length) <= end-at:
			b.end = at + int64(length)
		case length != 0:
			return errDamaged
		}
		done, err := do(b)
		if done || err != nil {
			return err
		}
		at = b.end
	}
	return nil
}

// movie is what the box moov says.
type movie struct {
	timescale, duration uint64
	tracks              []track
	defaults            map[uint32]uint64 // of fragments: the duration of a sample, by track
	fragmented          bool
}

type track struct {
	id            uint32
	handler       string // "vide" of a video
	timescale     uint64
	width, height uint32
	end           uint64 // of its fragments, by timescale
}

// maxTracks is how many tracks are read.
const maxTracks = 64

// mp4 reads the box moov, wherever it stands, and of a fragmented video all fragments.
func (f *file) mp4(info *Info) error {
	m := movie{defaults: map[uint32]uint64{}}
	found := false
	err := f.boxes(0, f.size, func(b box) (bool, error) {
		switch b.kind {
		case "moov":
			found = true
			err := f.moov(b, &m)
			return !m.fragmented || m.duration != 0, err
		case "moof":
			if found {
				return false, f.moof(b, &m)
			}
		}
		return false, nil
	})
	m.tell(info)
	return err
}

func (m *movie) tell(info *Info) {
	if m.timescale != 0 {
		info.Seconds = float64(m.duration) / float64(m.timescale)
	}
	for _, t := range m.tracks {
		if info.Width == 0 && t.width != 0 && t.height != 0 && (t.handler == "vide" || t.handler == "") {
			info.Width, info.Height = t.width, t.height
		}
		if m.duration == 0 && t.timescale != 0 {
			info.Seconds = max(info.Seconds, float64(t.end)/float64(t.timescale))
		}
	}
}

func (f *file) moov(within box, m *movie) error {
	return f.boxes(within.at, within.end, func(b box) (bool, error) {
		switch b.kind {
		case "mvhd":
			var err error
			m.timescale, m.duration, err = f.times(b)
			return false, err
		case "trak":
			if len(m.tracks) == maxTracks {
				return true, nil
			}
			m.tracks = append(m.tracks, track{})
			return false, f.trak(b, &m.tracks[len(m.tracks)-1])
		case "mvex":
			m.fragmented = true
			return false, f.mvex(b, m)
		}
		return false, nil
	})
}

// times reads the time scale and the duration of mvhd and mdhd, whose beginnings are the
// same.
func (f *file) times(b box) (timescale, duration uint64, err error) {
	head, err := f.bytes(b.at, 20)
	if err != nil {
		return 0, 0, err
	}
	if head[0] == 0 {
		return uint64(big.Uint32(head[12:])), known(uint64(big.Uint32(head[16:])), math.MaxUint32), nil
	}
	if head, err = f.bytes(b.at, 32); err != nil {
		return 0, 0, err
	}
	return uint64(big.Uint32(head[20:])), known(big.Uint64(head[24:]), math.MaxUint64), nil
}

// known is a duration; all ones say that it is not known.
func known(duration, unknown uint64) uint64 {
	if duration == unknown {
		return 0
	}
	return duration
}

func (f *file) trak(within box, t *track) error {
	return f.boxes(within.at, within.end, func(b box) (bool, error) {
		switch b.kind {
		case "tkhd":
			return false, f.tkhd(b, t)
		case "mdia":
			return false, f.mdia(b, t)
		}
		return false, nil
	})
}

// tkhd reads the size, which its matrix may turn by a quarter.
func (f *file) tkhd(b box, t *track) error {
	head, err := f.bytes(b.at, 84)
	if err == nil && head[0] == 1 { // with times of 64 bits
		t.id = big.Uint32(head[20:])
		head, err = f.bytes(b.at+12, 84)
	} else if err == nil {
		t.id = big.Uint32(head[12:])
	}
	if err != nil {
		return err
	}
	matrix := head[40:]
	t.width, t.height = big.Uint32(head[76:])>>16, big.Uint32(head[80:])>>16
	if big.Uint32(matrix) == 0 && big.Uint32(matrix[16:]) == 0 && big.Uint32(matrix[4:]) != 0 {
		t.width, t.height = t.height, t.width
	}
	return nil
}

func (f *file) mdia(within box, t *track) error {
	return f.boxes(within.at, within.end, func(b box) (bool, error) {
		switch b.kind {
		case "mdhd":
			var err error
			t.timescale, _, err = f.times(b)
			return false, err
		case "hdlr":
			head, err := f.bytes(b.at, 12)
			if err == nil {
				t.handler = string(head[8:])
			}
			return false, err
		}
		return false, nil
	})
}
