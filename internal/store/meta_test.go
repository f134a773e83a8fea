package store

import (
	"bytes"
	"testing"

	"libration/ntqq/message"
)

// FuzzMeta: whatever is read from the column meta is written and read again as the same.
func FuzzMeta(f *testing.F) {
	given := record{message: *groupMessage(f, 1, 1), people: "u_one 1\n"}
	given.message.Chat = message.Chat{Kind: message.Temp, Group: 5}
	f.Add(given.appendMeta(nil))
	f.Add([]byte{8, 1, 0x15, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		read := func(b []byte) (r record, ok bool) {
			r.message.Chat.Kind = message.Temp
			ok = r.readMeta(b)
			return r, ok
		}
		r, ok := read(b)
		if !ok {
			return
		}
		written := r.appendMeta(nil)
		again, ok := read(written)
		if !ok || !bytes.Equal(again.appendMeta(nil), written) {
			t.Errorf("% x was written as % x, which is read as %+v, %v", b, written, again, ok)
		}
	})
}
