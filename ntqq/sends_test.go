package ntqq

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// A message that turns up after its sender was answered is logged; few are
// remembered.
func TestMessageAfterTheVerdict(t *testing.T) {
	var log bytes.Buffer
	s := newSendings(slog.New(slog.NewTextHandler(&log, nil)))
	key := func(random uint32) sendKey { return sendKey{groupChat(testGroup), random} }
	echo := func(random uint32) event.Event {
		return &event.Message{Message: &message.Message{
			Chat: message.Chat{Kind: message.Group, Group: testGroup}, Self: true, Random: random, Sequence: 5,
		}}
	}
	for i := range uint32(lostMost + 1) {
		out := &outgoing{sendKey: key(i)}
		s.begin(out)
		if m := s.end(out, ErrNotSent); m != nil {
			t.Fatalf("message %d was seen: %+v", i, m)
		}
	}
	if len(s.out) != lostMost || len(s.lost) != lostMost {
		t.Errorf("%d and %d messages are remembered, want %d", len(s.out), len(s.lost), lostMost)
	}
	for _, random := range []uint32{0, 1, 1, 7} { // 0 is forgotten
		s.saw(echo(random))
	}
	if n := strings.Count(log.String(), "answered otherwise"); n != 2 {
		t.Errorf("%d lines in the log, want one for each of two messages:\n%s", n, log.String())
	}
	if len(s.out) != lostMost-2 || len(s.lost) != lostMost-2 {
		t.Errorf("%d and %d messages are remembered after two came, want %d", len(s.out), len(s.lost), lostMost-2)
	}

	out := &outgoing{sendKey: key(1000)}
	s.begin(out)
	s.saw(&event.Message{Message: &message.Message{Chat: message.Chat{Kind: message.Group, Group: testGroup}, Random: 1000}}) // somebody else's
	if out.proven.Err() != nil {
		t.Error("the message of somebody else proves the sending")
	}
	s.saw(echo(1000))
	if m := s.end(out, ErrUnknownOutcome); out.proven.Err() == nil || m == nil || m.Sequence != 5 {
		t.Errorf("got %+v, want the echo", m)
	}
}

// Neither what nobody can read nor a success without a number says that a message was
// not sent.
func TestAnswerThatLeavesTheOutcomeOpen(t *testing.T) {
	for name, answer := range map[string][]byte{"unreadable": {0xff}, "no sequence": {0x08, 0}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newTestClient(t)
				c.log = quiet
				c.opts.OutcomeWait = -1
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				c.setState(State{Stage: Online}, alwaysAnswers(ctx, c, answer))
				if err := <-sendHello(ctx, c); !errors.Is(err, ErrUnknownOutcome) {
					t.Errorf("got %v, want ErrUnknownOutcome", err)
				}
			})
		})
	}
}
