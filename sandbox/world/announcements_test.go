package world_test

import (
	"fmt"
	"strings"
	"testing"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// TestAnnouncementOrder: pinned ones come first, then the newest. Who marks them as read is
// counted once, and others still have to. What happened is seen.
func TestAnnouncementOrder(t *testing.T) {
	t.Parallel()
	w := world.New(1)
	for _, uin := range []message.UIN{1, 2, 3} {
		_, err := w.Users().Add(world.User{UIN: uin})
		must(t, err)
	}
	_, err := w.Groups().Add(world.Group{Code: 5, Name: "group", Owner: 1}, 1, 2)
	must(t, err)
	seen, stop := w.Watch(100)
	defer stop()
	for _, text := range []string{"a", "b!", "c", "d!"} {
		_, err := w.Announcements().Publish(5, 1, world.Announcement{Text: text, Pinned: strings.HasSuffix(text, "!")})
		must(t, err)
	}
	list := func(reader message.UIN, mark bool) string {
		t.Helper()
		all, err := w.Announcements().List(5, reader, mark)
		must(t, err)
		var out []string
		for _, a := range all {
			out = append(out, fmt.Sprintf("%s %d %t", a.Text, a.Readers, a.Read))
		}
		return strings.Join(out, ", ")
	}
	const unread = "d! 0 false, b! 0 false, c 0 false, a 0 false"
	for _, step := range []struct {
		reader message.UIN
		mark   bool
		want   string
	}{
		{2, false, unread},
		{2, true, unread},
		{2, true, "d! 1 true, b! 1 true, c 1 true, a 1 true"},
		{1, false, "d! 1 false, b! 1 false, c 1 false, a 1 false"},
	} {
		if got := list(step.reader, step.mark); got != step.want {
			t.Errorf("as %d sees them: got %s, want %s", step.reader, got, step.want)
		}
	}
	if _, err := w.Announcements().List(5, 3, false); err == nil {
		t.Error("who is no member sees them")
	}
	var kinds []string
	for range 8 {
		kinds = append(kinds, (<-seen).Kind)
	}
	if got := strings.Join(kinds, " "); got != strings.TrimSpace(strings.Repeat(world.ActivityAnnouncement+" "+world.ActivityMessage+" ", 4)) {
		t.Errorf("what was seen: %s", got)
	}
}
