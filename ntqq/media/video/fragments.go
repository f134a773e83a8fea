package video

import (
	"math/bits"
)

// The flags of the boxes of a fragment that say what stands in them (ISO/IEC 14496-12 8.8).
const (
	tfhdBase        = 0x1
	tfhdDescription = 0x2
	tfhdDuration    = 0x8

	trunOffset     = 0x1
	trunFirstFlags = 0x4
	trunDuration   = 0x100
	trunEach       = 0xf00 // what each sample has, 4 bytes each
)

// mvex reads what all fragments have in common.
func (f *file) mvex(within box, m *movie) error {
	return f.boxes(within.at, within.end, func(b box) (bool, error) {
		switch b.kind {
		case "mehd": // of all fragments
			head, err := f.bytes(b.at, 8)
			if err != nil {
				return false, err
			}
			duration := uint64(big.Uint32(head[4:]))
			if head[0] == 1 {
				if head, err = f.bytes(b.at, 12); err != nil {
					return false, err
				}
				duration = big.Uint64(head[4:])
			}
			m.duration = max(m.duration, duration)
		case "trex":
			head, err := f.bytes(b.at, 16)
			if err != nil {
				return false, err
			}
			if len(m.defaults) < maxTracks {
				m.defaults[big.Uint32(head[4:])] = uint64(big.Uint32(head[12:]))
			}
		}
		return false, nil
	})
}

func (f *file) moof(within box, m *movie) error {
	return f.boxes(within.at, within.end, func(b box) (bool, error) {
		if b.kind != "traf" {
			return false, nil
		}
		return false, f.traf(b, m)
	})
}

// traf adds a fragment to its track. It may say when it begins; without that it follows
// the fragment before.
func (f *file) traf(within box, m *movie) error {
	var t *track
	var sample uint64
	return f.boxes(within.at, within.end, func(b box) (bool, error) {
		if b.kind == "tfhd" {
			id, duration, err := f.tfhd(b, m)
			for i := range m.tracks {
				if m.tracks[i].id == id {
					t, sample = &m.tracks[i], duration
				}
			}
			return false, err
		}
		if t == nil {
			return false, nil
		}
		switch b.kind {
		case "tfdt":
			head, err := f.bytes(b.at, 8)
			if err != nil {
				return false, err
			}
			t.end = uint64(big.Uint32(head[4:]))
			if head[0] == 1 {
				if head, err = f.bytes(b.at, 12); err != nil {
					return false, err
				}
				t.end = big.Uint64(head[4:])
			}
		case "trun":
			duration, err := f.trun(b, sample)
			t.end += duration
			return false, err
		}
		return false, nil
	})
}

// tfhd returns the track of a fragment and the duration of its samples, unless they say
// their own.
func (f *file) tfhd(b box, m *movie) (id uint32, duration uint64, err error) {
	head, err := f.bytes(b.at, 8)
	if err != nil {
		return 0, 0, err
	}
	flags := big.Uint32(head)
	id = big.Uint32(head[4:])
	if flags&tfhdDuration == 0 {
		return id, m.defaults[id], nil
	}
	at := b.at + 8
	if flags&tfhdBase != 0 {
		at += 8
	}
	if flags&tfhdDescription != 0 {
		at += 4
	}
	if head, err = f.bytes(at, 4); err != nil {
		return 0, 0, err
	}
	return id, uint64(big.Uint32(head)), nil
}

// trun returns how long the samples of a run are.
func (f *file) trun(b box, sample uint64) (duration uint64, err error) {
	head, err := f.bytes(b.at, 8)
	if err != nil {
		return 0, err
	}
	flags, count := big.Uint32(head), int64(big.Uint32(head[4:]))
	if flags&trunDuration == 0 {
		return uint64(count) * sample, nil
	}
	at := b.at + 8 + 4*int64(bits.OnesCount32(flags&(trunOffset|trunFirstFlags)))
	size := 4 * int64(bits.OnesCount32(flags&trunEach)) // the duration stands first
	if count > (b.end-at)/size {
		return 0, errDamaged
	}
	for at < b.end && count > 0 {
		n := min(count, int64(len(f.buf))/size)
		samples, err := f.bytes(at, int(n*size))
		if err != nil {
			return 0, err
		}
		for i := range n {
			duration += uint64(big.Uint32(samples[i*size:]))
		}
		at, count = at+n*size, count-n
	}
	return duration, nil
}
