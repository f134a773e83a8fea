package ntqq

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"libration/internal/pb"
)

// No recorded request for the group list exists. It sets the flags that all clients
// set (docs/protocol/operations.md 3.3), and no other: a server could tell by it.
func TestGroupListFlags(t *testing.T) {
	req, err := pb.Marshal(groupListRequest())
	if err != nil {
		t.Fatal(err)
	}
	fields := func(b []byte) (numbers []int, nested [][]byte) {
		for len(b) > 0 {
			number, kind, n := protowire.ConsumeTag(b)
			if n < 0 {
				t.Fatal(protowire.ParseError(n))
			}
			m := protowire.ConsumeFieldValue(number, kind, b[n:])
			if m < 0 {
				t.Fatal(protowire.ParseError(m))
			}
			numbers = append(numbers, int(number))
			if kind == protowire.BytesType {
				inner, _ := protowire.ConsumeBytes(b[n:])
				nested = append(nested, inner)
			}
			b = b[n+m:]
		}
		return numbers, nested
	}
	_, config := fields(req)
	_, flags := fields(config[0])
	want := [][]int{
		{1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 5001, 5002, 5003},
		{1, 2, 3, 4, 5, 6, 7, 8},
		{5, 6},
	}
	if len(flags) != len(want) {
		t.Fatalf("got %d lists of flags, want %d", len(flags), len(want))
	}
	for i, flag := range flags {
		if got, _ := fields(flag); !slices.Equal(got, want[i]) {
			t.Errorf("flags %d: got %v, want %v", i+1, got, want[i])
		}
	}
}
