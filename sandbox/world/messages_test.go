package world_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

func TestSendRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		setup func(t *testing.T, w *world.World)
		send  world.Send
		want  uint32
	}{
		{"group", nil, world.Send{From: carol, Group: mall, Parts: world.Text("hi")}, 0},
		{"friend", nil, world.Send{From: carol, To: bot, Parts: world.Text("hi")}, 0},
		{"oneself", nil, world.Send{From: carol, To: carol, Parts: world.Text("hi")}, 0},
		{"not a member", nil, world.Send{From: carol, Group: small, Parts: world.Text("hi")}, 110},
		{"no such group", nil, world.Send{From: carol, Group: 5, Parts: world.Text("hi")}, 110},
		{"muted", func(t *testing.T, w *world.World) { must(t, w.Members().Mute(mall, carol, bob, 60)) },
			world.Send{From: carol, Group: mall, Parts: world.Text("hi")}, 120},
		{"whole group muted, member", func(t *testing.T, w *world.World) { must(t, w.Groups().MuteAll(mall, alice, true)) },
			world.Send{From: carol, Group: mall, Parts: world.Text("hi")}, 120},
		{"whole group muted, admin", func(t *testing.T, w *world.World) { must(t, w.Groups().MuteAll(mall, alice, true)) },
			world.Send{From: bob, Group: mall, Parts: world.Text("hi")}, 0},
		{"everyone by a member", nil, world.Send{From: carol, Group: mall, Parts: atAll()}, 121},
		{"everyone by an admin", nil, world.Send{From: bob, Group: mall, Parts: atAll()}, 0},
		{"everyone once too often", func(t *testing.T, w *world.World) {
			for range 10 {
				if _, err := w.Messages().Send(world.Send{From: bob, Group: mall, Parts: atAll()}, nil); err != nil {
					t.Fatalf("setup: %v", err)
				}
			}
		}, world.Send{From: bob, Group: mall, Parts: atAll()}, 121},
		{"rate", func(t *testing.T, w *world.World) {
			must(t, w.Groups().LimitRate(mall, 1))
			w.Messages().Send(world.Send{From: bob, Group: mall, Parts: world.Text("1")}, nil)
		}, world.Send{From: bob, Group: mall, Parts: world.Text("2")}, 299},
		{"stranger", func(t *testing.T, w *world.World) { must(t, w.Friends().Remove(carol, bot)) },
			world.Send{From: carol, To: bot, Parts: world.Text("hi")}, 55},
		{"stranger through a group", func(t *testing.T, w *world.World) { must(t, w.Friends().Remove(carol, bot)) },
			world.Send{From: carol, To: bot, TempGroup: mall, Parts: world.Text("hi")}, 0},
		{"stranger through a foreign group", nil, world.Send{From: carol, To: bot, TempGroup: small, Parts: world.Text("hi")}, 55},
		{"no such user", nil, world.Send{From: carol, To: 99, Parts: world.Text("hi")}, 55},
		{"longest text", nil, world.Send{From: carol, Group: mall, Parts: world.Text(strings.Repeat("x", 10000))}, 0},
		{"text too long", nil, world.Send{From: carol, Group: mall, Parts: world.Text(strings.Repeat("x", 10001))}, 10},
		{"too many elements", nil, world.Send{From: carol, To: bot, Parts: make([]world.Part, 101)}, 10},
		{"empty", nil, world.Send{From: carol, To: bot}, 10},
		{"file", nil, world.Send{From: carol, To: bot, File: &world.Part{Segment: &message.FileSegment{ID: "f"}}}, 0},
		{"file too large", nil, world.Send{From: carol, To: bot, File: &world.Part{Form: make([]byte, 64<<10+1)}}, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := defaultWorld(t)
				if tt.setup != nil {
					tt.setup(t, w)
				}
				rec := record(w)
				var acked *world.Message
				got, err := w.Messages().Send(tt.send, func(m *world.Message) {
					acked = m
					if len(rec.happenings) != 0 {
						t.Errorf("%d happenings were reported before the acknowledgement", len(rec.happenings))
					}
				})
				if codeOf(err) != tt.want {
					t.Fatalf("got %v, want code %d", err, tt.want)
				}
				if acked != got || (got != nil) != (tt.want == 0) || (len(rec.happenings) == 1) != (tt.want == 0) {
					t.Errorf("acknowledged %+v, returned %+v, %d happenings", acked, got, len(rec.happenings))
				}
				if got == nil {
					return
				}
				if got.Sequence == 0 || got.Time != time.Now().Unix() || got.Random == 0 {
					t.Errorf("got time %d and random %d", got.Time, got.Random)
				}
			})
		})
	}
}

func TestLimitsRenew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := defaultWorld(t)
		send := func(from message.UIN, parts []world.Part) uint32 {
			_, err := w.Messages().Send(world.Send{From: from, Group: mall, Parts: parts}, nil)
			return codeOf(err)
		}
		must(t, w.Members().Mute(mall, carol, alice, 60))
		time.Sleep(59 * time.Second)
		if code := send(carol, world.Text("x")); code != 120 {
			t.Errorf("a second before the end of the mute: got code %d, want 120", code)
		}
		time.Sleep(time.Second)
		if code := send(carol, world.Text("x")); code != 0 {
			t.Errorf("after the mute: got code %d, want 0", code)
		}
		must(t, w.Members().Mute(mall, carol, alice, 60))
		must(t, w.Members().Mute(mall, carol, alice, 0))
		if code := send(carol, world.Text("x")); code != 0 {
			t.Errorf("after the mute was lifted: got code %d, want 0", code)
		}
		for i := range 11 {
			send(alice, atAll())
			if code := send(bob, atAll()); (code == 0) != (i < 10) {
				t.Errorf("mention of everyone %d: got code %d", i+1, code)
			}
		}
		time.Sleep(24 * time.Hour)
		if code := send(bob, atAll()); code != 0 {
			t.Errorf("the next day: got code %d, want 0", code)
		}
		must(t, w.Groups().LimitRate(mall, 2))
		for i, want := range []uint32{0, 0, 299} {
			if code := send(bob, world.Text("x")); code != want {
				t.Errorf("message %d of the minute: got code %d, want %d", i+1, code, want)
			}
		}
		time.Sleep(time.Minute)
		if code := send(bob, world.Text("x")); code != 0 {
			t.Errorf("the next minute: got code %d, want 0", code)
		}
	})
}

func TestSequences(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	rec := record(w)
	for i := range 3 {
		from := []message.UIN{alice, bob, alice}[i]
		if m := send(t, w, world.Send{From: from, Group: mall, Parts: world.Text("x")}); m.Sequence != uint64(i+1) {
			t.Errorf("group message %d: got sequence %d", i+1, m.Sequence)
		}
	}
	if got := w.History().LastOfGroup(mall); got != 3 {
		t.Errorf("latest sequence of the group: got %d, want 3", got)
	}
	first := send(t, w, world.Send{From: alice, To: bob, Parts: world.Text("x")})
	second := send(t, w, world.Send{From: bob, To: alice, Parts: world.Text("x")})
	if second.Sequence != first.Sequence+1 {
		t.Errorf("both directions count together: got %d after %d", second.Sequence, first.Sequence)
	}
	if seq, at := w.History().LastOfPrivate(alice, bob); seq != second.Sequence || at != second.Time {
		t.Errorf("peer sequence: got %d at %d, want %d at %d", seq, at, second.Sequence, second.Time)
	}
	if seq, at := w.History().LastOfPrivate(alice, 5); seq != 0 || at != 0 {
		t.Errorf("peer sequence of strangers: got %d at %d, want zeros", seq, at)
	}
	rec.happenings = nil
	w.Messages().Send(world.Send{From: alice, To: alice, Parts: world.Text("x"), Origin: 1}, nil)
	sent, _ := rec.happenings[0].(*world.MessageSent)
	if len(rec.happenings) != 1 || sent == nil || sent.Origin != 1 || !slices.Equal(sent.Members, []message.UIN{alice}) {
		t.Errorf("a message to oneself goes to oneself once: got %+v", rec.happenings)
	}
}

func TestHistories(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	const count = 2*historyLimit + 500
	for i := range count {
		w.Messages().Send(world.Send{From: alice, Group: mall, Parts: world.Text(fmt.Sprint(i + 1))}, nil)
	}
	tests := []struct {
		from, to uint64
		want     int
	}{
		{1, count, historyLimit},
		{1, count - historyLimit, 0},
		{count - 29, count, 30},
		{count, 1 << 60, 1},
		{count + 1, count + 5, 0},
		{10, 5, 0},
		{0, 1 << 63, historyLimit},
	}
	for _, tt := range tests {
		got := w.History().OfGroup(mall, tt.from, tt.to)
		if len(got) != tt.want {
			t.Errorf("history %d to %d: got %d messages, want %d", tt.from, tt.to, len(got), tt.want)
		}
		for i, m := range got {
			want := max(tt.from, count-historyLimit+1) + uint64(i)
			if m.Sequence != want || m.Text() != fmt.Sprint(want) {
				t.Fatalf("history %d to %d: message %d is %v", tt.from, tt.to, i, m)
			}
		}
	}
	if refused := w.Messages().RecallGroup(alice, mall, count-1, nil); refused != nil {
		t.Fatal(refused)
	}
	if got := w.History().OfGroup(mall, count-2, count); len(got) != 2 {
		t.Errorf("recalled messages are left out: got %d messages, want 2", len(got))
	}
	if got := w.History().OfGroup(99, 1, 10); got != nil {
		t.Errorf("unknown group: got %v", got)
	}
}

func TestRoamHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := defaultWorld(t)
		var sent []*world.Message
		for range 5 {
			sent = append(sent, send(t, w, world.Send{From: alice, To: bob, Parts: world.Text("x")}))
			time.Sleep(10 * time.Second)
		}
		tests := []struct {
			name      string
			time      int64
			count     int
			direction uint32
			want      []int // indexes of sent
			complete  bool
		}{
			{"newest", 0xfffffffa, 2, 1, []int{3, 4}, false},
			{"older", sent[2].Time, 2, 1, []int{1, 2}, false},
			{"oldest", sent[1].Time, 10, 1, []int{0, 1}, true},
			{"before all", 1, 10, 1, nil, true},
			{"no time", 0, 2, 1, []int{3, 4}, false},
			{"no direction", sent[2].Time, 2, 0, []int{1, 2}, false},
			{"onwards", sent[2].Time, 2, 2, []int{2, 3}, false},
			{"from the beginning", 0, 2, 2, []int{0, 1}, false},
			{"onwards to the newest", sent[3].Time, 2, 2, []int{3, 4}, true},
			{"few are left", sent[4].Time, 3, 2, []int{2, 3, 4}, true},
			{"after all", sent[4].Time + 1, 2, 2, []int{3, 4}, true},
		}
		for _, tt := range tests {
			got, complete := w.History().Roam(bob, alice, tt.time, tt.count, tt.direction)
			if complete != tt.complete || len(got) != len(tt.want) {
				t.Errorf("%s: got %d messages, complete %t; want %v, %t", tt.name, len(got), complete, tt.want, tt.complete)
				continue
			}
			for i, m := range got {
				if m != sent[tt.want[i]] {
					t.Errorf("%s: message %d is %d, want %d", tt.name, i, m.Sequence, sent[tt.want[i]].Sequence)
				}
			}
		}
		if got, complete := w.History().Roam(alice, 5, 0, 1, 1); got != nil || !complete {
			t.Errorf("strangers: got %v, %t; want nothing, complete", got, complete)
		}
	})
}
