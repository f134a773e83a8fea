package store

// filter is a Bloom filter of the ids in use: "no" is certain, "yes" may be
// wrong in some percent of the cases. It saves a query for nearly every message that
// was missed. It costs one byte per message and grows by adding layers, so nothing
// is ever read again. Not safe for concurrent use.
type filter struct {
	layers []layer
	// complete is false while ids of the file are still missing.
	complete bool
}

type layer struct {
	bits  []uint64
	room  int // how many ids it still takes
	shift uint
}

// minLayerBits makes the first layer 64 KiB.
const minLayerBits = 19

// newFilter returns a filter made for n ids and more.
func newFilter(n int64) *filter {
	bits := uint(minLayerBits)
	for bits < 34 && int64(1)<<(bits-3) < 2*n {
		bits++
	}
	f := &filter{}
	f.grow(bits)
	return f
}

func (f *filter) grow(bits uint) {
	f.layers = append(f.layers, layer{bits: make([]uint64, 1<<(bits-6)), room: 1 << (bits - 3), shift: 64 - bits})
}

// add notes an id. Adding one twice is harmless.
func (f *filter) add(id int32) {
	last := &f.layers[len(f.layers)-1]
	if last.room == 0 {
		f.grow(64 - last.shift + 1)
		last = &f.layers[len(f.layers)-1]
	}
	last.room--
	h := mix(uint64(uint32(id)))
	for range probes {
		bit := h >> last.shift
		last.bits[bit>>6] |= 1 << (bit & 63)
		h *= step
	}
}

// mayHave is false only when the id is certainly not in use.
func (f *filter) mayHave(id int32) bool {
	if !f.complete {
		return true
	}
	for i := range f.layers {
		if f.layers[i].has(id) {
			return true
		}
	}
	return false
}

func (l *layer) has(id int32) bool {
	h := mix(uint64(uint32(id)))
	for range probes {
		bit := h >> l.shift
		if l.bits[bit>>6]&(1<<(bit&63)) == 0 {
			return false
		}
		h *= step
	}
	return true
}

const probes = 4
