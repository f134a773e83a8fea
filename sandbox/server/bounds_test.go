package server

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"libration/internal/pb"
	"libration/internal/rpc"
	"libration/internal/wire"
)

// A request with more elements than a packet may have is refused, and the client
// stays.
func TestRequestWithTooManyElements(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot).register()
	send := mustMarshal(t, groupText(mall, "x", 1))
	// PbSendMsgReq.message_body, MessageBody.rich_text, RichText.elems
	elems := bytes.Repeat([]byte{2<<3 | 2, 0}, pb.MaxEntries+1)
	for _, num := range []protowire.Number{1, 3} {
		elems = protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), elems)
	}
	c.must(rpc.SendMessage.Name, wire.FlagD2, append(send, elems...))
	if got := h.World().History().LastOfGroup(mall); got != 0 {
		t.Errorf("%d messages were sent, want none", got)
	}
	c.must(rpc.SendMessage.Name, wire.FlagD2, send)
	if got := h.World().History().LastOfGroup(mall); got != 1 {
		t.Errorf("%d messages were sent, want 1", got)
	}
}

// Clients that begin long frames together take no more memory than there is for
// them.
func TestLongFramesShareTheirRoom(t *testing.T) {
	h := start(t, Options{})
	beginning := append(binary.BigEndian.AppendUint32(nil, wire.MaxFrame), make([]byte, wire.MaxFrame-100)...)
	cut, kept := 0, 0
	for range 10 {
		c := h.dial()
		if _, err := c.nc.Write(beginning); err != nil {
			cut++
		} else {
			kept++
		}
	}
	if kept < 4 || cut < 2 {
		t.Errorf("%d clients were cut off and %d kept, want about 6 kept of 64 MiB", cut, kept)
	}
	// What has ended gives its room back.
	h.registry.mu.Lock()
	for c := range h.conns {
		c.close()
	}
	h.registry.mu.Unlock()
	eventually(t, func() bool { return h.frames.Left() == frameRoom })
	h.dial().login(bot).register()
}

func TestTooManyClients(t *testing.T) {
	h := start(t, Options{})
	var all []net.Conn
	for range maxConns {
		all = append(all, h.dial().nc)
	}
	eventually(t, func() bool { return h.full() })
	if _, err := h.dial().nc.Read(make([]byte, 1)); err == nil {
		t.Error("one client too many is served")
	}
	all[0].Close()
	eventually(t, func() bool { return !h.full() })
	h.dial().login(bot).register()
}

// A client that does not read is cut off by the memory of what waits, too.
func TestSlowClientIsCutOffByBytes(t *testing.T) {
	h := start(t, Options{})
	h.dial().login(bot).register()
	for range 2*maxQueuedBytes/(1<<20) + 4 {
		h.Deliver(Push{To: bot, Command: rpc.PushMessage, Payload: make([]byte, 1<<20)})
	}
	eventually(t, func() bool { return !h.isOnline(bot) })
}
