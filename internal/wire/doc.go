// Package wire reads and writes the packets of the protocol, both directions of
// each in the same file: frames and the SSO layer with its encryption
// (docs/protocol/wire.md), and the login packets that travel inside
// (docs/protocol/login.md).
//
// It does no I/O but that of FrameReader, starts no goroutine and holds no
// session: keys, sequences and the clock are the caller's. It may import
// internal/crypto and internal/pb, nothing else of this module. Every length is
// bounded, and no input makes it panic. Unless a function says otherwise, byte
// slices in its result alias its input.
package wire
