package server

import (
	"cmp"
	"slices"
)

// maxRanges bounds the parts of a file that have come with gaps between them.
const maxRanges = 4096

// ranges are the parts of a file that have come: in order, with gaps between them.
type ranges []part

// part is from one byte to before another one.
type part struct{ from, to uint64 }

// add adds a part. It returns false when there would be too many.
func (r *ranges) add(from, to uint64) bool {
	// The first that does not end before the new one, and the first that begins behind it.
	first, _ := slices.BinarySearchFunc(*r, from, func(p part, at uint64) int { return cmp.Compare(p.to, at) })
	last := first
	for last < len(*r) && (*r)[last].from <= to {
		from, to = min(from, (*r)[last].from), max(to, (*r)[last].to)
		last++
	}
	if first == last && len(*r) >= maxRanges {
		return false
	}
	*r = slices.Replace(*r, first, last, part{from, to})
	return true
}

// has reports whether a part has come whole.
func (r ranges) has(from, to uint64) bool {
	return slices.ContainsFunc(r, func(p part) bool { return p.from <= from && to <= p.to })
}

// start returns up to where all parts have come from the beginning on.
func (r ranges) start() uint64 {
	if len(r) == 0 || r[0].from > 0 {
		return 0
	}
	return r[0].to
}
