package rpc

import "testing"

func TestGroupUIN(t *testing.T) {
	t.Parallel()
	for code, want := range map[uint64]uint64{
		1: 202000001, 10999999: 212999999, 11000000: 480000000, 20000001: 2100000001, 67000000: 2010000000,
		157000000: 2147000000, 210000000: 4100000000, 435213448: 3925213448, 500000000: 500000000, 730000001: 730000001,
	} {
		if got := GroupUIN(code); got != want {
			t.Errorf("internal number of %d: got %d, want %d", code, got, want)
		}
	}
}
