package wire

import "errors"

// The errors of this package; what is returned wraps one of them with what was read.
var (
	// ErrTruncated means that a field or a length reaches past the end of its packet.
	ErrTruncated = errors.New("truncated packet")
	// ErrDecrypt means that an encrypted part does not open with the key.
	ErrDecrypt = errors.New("packet does not decrypt")
	// ErrProtocol means a value that the protocol does not allow: version, encryption flag or key.
	ErrProtocol = errors.New("protocol violation")
	// ErrNoRoom means that other readers' frames take all of the Room.
	ErrNoRoom = errors.New("too many long frames at the same time")
	// ErrCompression means an unknown compression, a damaged compressed body or one that inflates over MaxInflated.
	ErrCompression = errors.New("bad compression")
)
