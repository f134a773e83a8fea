package highway

import (
	"crypto/sha1"
	"encoding"
	"encoding/binary"
	"fmt"
	"hash"
)

// States takes the SHA-1 of what is written to it, and the states of it that the upload of
// a video names (docs/protocol/media.md 3.6).
type States struct {
	sha1   hash.Hash
	inside int // how many bytes of the block have come
	states [][sha1.Size]byte
}

// NewStates returns the states of nothing yet.
func NewStates() *States { return &States{sha1: sha1.New()} }

// StateCount is how many entries the list of a file of so many bytes has.
func StateCount(size uint64) uint64 { return size/BlockSize + 1 }

// Write implements io.Writer.
func (s *States) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		part := b[:min(len(b), BlockSize-s.inside)]
		b = b[len(part):]
		s.sha1.Write(part)
		s.inside += len(part)
		if s.inside == BlockSize {
			s.inside = 0
			if err := s.note(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// note keeps the registers, each with its low byte first. The saved form of crypto/sha1 has
// them after four bytes, with the high byte first.
func (s *States) note() error {
	saved, err := s.sha1.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return fmt.Errorf("state of SHA-1: %w", err)
	}
	var state [sha1.Size]byte
	for i := 0; i < len(state); i += 4 {
		binary.LittleEndian.PutUint32(state[i:], binary.BigEndian.Uint32(saved[4+i:]))
	}
	s.states = append(s.states, state)
	return nil
}

// Sum returns the SHA-1 of all that was written.
func (s *States) Sum() (sum [sha1.Size]byte) {
	s.sha1.Sum(sum[:0])
	return sum
}

// List returns the states and, as the last entry, Sum.
func (s *States) List() [][sha1.Size]byte {
	return append(s.states[:len(s.states):len(s.states)], s.Sum())
}
