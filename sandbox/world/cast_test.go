package world_test

import (
	"errors"
	"testing"

	"libration/ntqq/message"
	"libration/sandbox/scenario"
	"libration/sandbox/world"
)

// The people and groups of the default scenario.
const (
	bot   = message.UIN(10001)
	alice = message.UIN(20001)
	bob   = message.UIN(20002)
	carol = message.UIN(20003)
	mall  = message.GroupCode(730000001) // owner Alice, admin Bob
	small = message.GroupCode(730000002) // owner the bot, without Carol
)

func defaultWorld(t testing.TB) *world.World {
	t.Helper()
	w, err := scenario.Default().Build(7)
	if err != nil {
		t.Fatalf("build default scenario: %v", err)
	}
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recorder keeps what happened in a world.
type recorder struct{ happenings []world.Happening }

func record(w *world.World) *recorder {
	r := &recorder{}
	w.Listen(func(h world.Happening) { r.happenings = append(r.happenings, h) })
	return r
}

func atAll() []world.Part {
	return world.Parts(&message.AtSegment{All: true, Display: "@全体成员"})
}

// send sends a message that must be allowed.
func send(t testing.TB, w *world.World, s world.Send) *world.Message {
	t.Helper()
	m, err := w.Messages().Send(s, nil)
	must(t, err)
	return m
}

// historyLimit is how many messages of a chat are remembered.
const historyLimit = 2000

// codeOf is the server's code of a refusal, 0 for none.
func codeOf(err error) uint32 {
	var refused *world.Refusal
	errors.As(err, &refused)
	if refused == nil {
		return 0
	}
	return refused.Code
}
