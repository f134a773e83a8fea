package gateway

import (
	"errors"
	"testing"
)

// TestNewest: each event is written once in each form while it is among the newest, and
// they take no more memory than they may.
func TestNewest(t *testing.T) {
	var n newest
	writes := 0
	big := make([]byte, maxNewestBytes/4)
	get := func(id int64, f Form) {
		t.Helper()
		b, err := n.in(id, f, func() ([][]byte, error) {
			writes++
			return [][]byte{big}, nil
		})
		if err != nil || sizeOf(b) != len(big) {
			t.Errorf("event %d: %d bytes, %v", id, sizeOf(b), err)
		}
	}
	for id := int64(1); id <= 3; id++ {
		n.add(id)
	}
	if _, err := n.in(1, plain, func() ([][]byte, error) { return nil, errDisk }); !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
	for range 2 {
		get(1, plain)
		get(2, plain)
		get(2, silent)
		get(3, plain)
	}
	if writes != 4 || n.bytes != maxNewestBytes {
		t.Errorf("%d times written, %d bytes kept", writes, n.bytes)
	}
	get(3, silent) // the oldest makes room
	get(1, plain)
	get(99, plain)
	if writes != 7 || len(n.all) != 2 || n.bytes > maxNewestBytes {
		t.Errorf("%d times written, %d events of %d bytes kept", writes, len(n.all), n.bytes)
	}
	for id := int64(100); id < 100+2*maxNewest; id++ {
		n.add(id)
	}
	if len(n.all) != maxNewest || n.bytes != 0 {
		t.Errorf("%d events of %d bytes kept", len(n.all), n.bytes)
	}
}
