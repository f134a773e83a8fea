//go:build endurance && linux

package e2e

import (
	"bytes"
	"encoding/binary"
	"net"
	"sync"

	"libration/internal/crypto"
	"libration/internal/wire"
)

// hostile is the sandbox's port with somebody in it who has the session's key: a
// server that wants the client's memory.
type hostile struct {
	net.Listener

	mu      sync.Mutex // guards what follows
	key     crypto.Key
	newest  *hostileConn
	answers map[string][]byte // what is answered to a command instead; nil: nothing
	asked   map[string]int    // how often that was
}

type hostileConn struct {
	net.Conn
	h  *hostile
	mu sync.Mutex // held while frames are written
}

func (h *hostile) Accept() (net.Conn, error) {
	nc, err := h.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &hostileConn{Conn: nc, h: h}
	h.mu.Lock()
	h.newest = c
	h.mu.Unlock()
	return c, nil
}

// push writes frames to the newest client. It returns false when that has gone.
func (h *hostile) push(frames []byte) bool {
	h.mu.Lock()
	c := h.newest
	h.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.Conn.Write(frames)
	return err == nil
}

// answer replaces the answers to a command by a body, or by silence.
func (h *hostile) answer(command string, body []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers[command] = body
}

func (h *hostile) honest() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.answers)
}

func (h *hostile) count(command string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked[command]
}

// Write gets whole frames from the sandbox.
func (c *hostileConn) Write(frames []byte) (int, error) {
	out := c.h.replaced(frames)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(frames), nil
}

func (h *hostile) replaced(frames []byte) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.answers) == 0 {
		return frames
	}
	var out []byte
	for rest := wire.NewFrameReader(bytes.NewReader(frames)); ; {
		frame, err := rest.Next()
		if err != nil {
			return out
		}
		var resp wire.Response
		if wire.ParseResponse(bytes.Clone(frame), h.key, &resp) == nil {
			if body, ok := h.answers[resp.Command]; ok && resp.Sequence > 0 {
				h.asked[resp.Command]++
				if body != nil {
					resp.Body, resp.Compression = body, wire.CompressionZlib
					out, _ = wire.AppendResponse(out, &resp, h.key)
				}
				continue
			}
		}
		out = binary.BigEndian.AppendUint32(out, uint32(len(frame)+4))
		out = append(out, frame...)
	}
}

// pushFrame makes the frame of a push whose body is packed already. The sandbox's
// own code would refuse some.
func pushFrame(key crypto.Key, command string, compression uint32, packed []byte) []byte {
	p4 := func(dst, b []byte) []byte {
		return append(binary.BigEndian.AppendUint32(dst, uint32(len(b)+4)), b...)
	}
	head := binary.BigEndian.AppendUint32(nil, 0xffffffff) // the sequence -1
	head = binary.BigEndian.AppendUint32(head, 0)
	head = p4(p4(p4(head, nil), []byte(command)), nil)
	head = binary.BigEndian.AppendUint32(head, compression)
	plain := p4(nil, append(p4(head, nil), 0, 0, 0, 1))
	plain = p4(plain, packed)
	b := binary.BigEndian.AppendUint32(nil, wire.Protocol12)
	b = append(b, byte(wire.FlagD2), 0)
	b = p4(b, []byte("10001"))
	b = crypto.TEASeal(b, plain, key)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b)+4)), b...)
}
