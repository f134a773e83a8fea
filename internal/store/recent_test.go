package store

import (
	"path/filepath"
	"slices"
	"testing"

	"libration/ntqq/message"
)

// TestRecent: of each chat the newest message that has arrived, in the order of these.
func TestRecent(t *testing.T) {
	s := open(t, Options{Path: filepath.Join(t.TempDir(), "messages.db")})
	recent := func(most int, want ...int32) {
		t.Helper()
		flush(t, s)
		if got, err := s.Recent(t.Context(), most); err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	recent(10)
	one := put(t, s, groupMessage(t, 1, 5))
	friend := put(t, s, privateMessage(t, message.Friend, 1, 1000001, 7, 8)) // the same number as the group's
	recent(10, friend, one)
	two := put(t, s, groupMessage(t, 2, 1))
	one = put(t, s, groupMessage(t, 1, 6))
	if _, err := s.PutFetched(groupMessage(t, 1, 4)); err != nil {
		t.Fatal(err)
	}
	temp := put(t, s, privateMessage(t, message.Temp, 3, 1000002, 8, 9))
	recent(10, temp, one, two, friend)
	recent(2, temp, one)
	recent(0)
}
