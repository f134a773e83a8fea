package world_test

import (
	"bytes"
	"errors"
	"regexp"
	"testing"
	"time"

	"libration/sandbox/world"
)

func keep(t testing.TB, w *world.World, payload []byte) string {
	t.Helper()
	id, err := w.Forwards().Keep(payload)
	must(t, err)
	return id
}

func TestForwardsAreKept(t *testing.T) {
	w := defaultWorld(t)
	first, second := keep(t, w, []byte("first")), keep(t, w, []byte("second"))
	if !regexp.MustCompile(`^[A-Za-z0-9+/]{64}$`).MatchString(first) || first == second {
		t.Errorf("ids %q and %q", first, second)
	}
	for id, want := range map[string]string{first: "first", second: "second", "": "", first[1:]: ""} {
		if got, ok := w.Forwards().Find(id); string(got) != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", id, got, ok, want)
		}
	}
	if again := keep(t, defaultWorld(t), []byte("other")); again != first {
		t.Error("the same calls draw another id")
	}
}

func TestForwardsAreRefused(t *testing.T) {
	w := defaultWorld(t)
	for size, want := range map[int]world.Reason{0: world.BadRequest, 4<<20 + 1: world.TooLarge} {
		var refused *world.Refusal
		if _, err := w.Forwards().Keep(make([]byte, size)); !errors.As(err, &refused) || refused.Reason != want {
			t.Errorf("%d bytes: got %v, want reason %d", size, err, want)
		}
	}
}

func TestForwardsGoByAge(t *testing.T) {
	w := defaultWorld(t)
	now := time.Unix(1700000000, 0)
	w.SetClock(func() time.Time { return now })
	old := keep(t, w, []byte("old"))
	now = now.Add(time.Hour)
	newer := keep(t, w, []byte("newer"))
	now = now.Add(71*time.Hour - time.Second)
	if _, ok := w.Forwards().Find(old); !ok {
		t.Error("gone before three days")
	}
	now = now.Add(time.Second)
	if _, ok := w.Forwards().Find(old); ok {
		t.Error("there after three days")
	}
	if _, ok := w.Forwards().Find(newer); !ok {
		t.Error("the newer one is gone too")
	}
}

func TestForwardsGoByBounds(t *testing.T) {
	for name, c := range map[string]struct{ size, kept int }{
		"count": {1, 2000},
		"bytes": {4 << 20, 16},
	} {
		w := defaultWorld(t)
		payload := bytes.Repeat([]byte("x"), c.size)
		var ids []string
		for range c.kept + 2 {
			ids = append(ids, keep(t, w, payload))
		}
		for i, id := range ids {
			if _, ok := w.Forwards().Find(id); ok != (i >= 2) {
				t.Errorf("%s: forward %d of %d found: %v", name, i, len(ids), ok)
			}
		}
	}
}
