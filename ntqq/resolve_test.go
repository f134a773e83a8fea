package ntqq

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// An event that comes before the answer to the registration waits with its
// look-ups until there is a connection to call through.
func TestResolveWaitsForTheRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t)
		c.log = quiet
		c.setState(State{Stage: Registering}, nil)
		e := &event.FriendAdded{Friend: event.Person{UID: "u_alice"}}
		resolved := make(chan struct{})
		go func() {
			defer close(resolved)
			c.resolve(t.Context(), e)
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		k := answering(t, ctx, c)
		c.setState(State{Stage: Online}, k)
		<-resolved
		if e.Friend.UIN != 20001 {
			t.Errorf("got number %d, want 20001", e.Friend.UIN)
		}
	})
}

func TestResolveGivesUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t)
		c.log = quiet
		c.setState(State{Stage: Registering}, nil)
		start := time.Now()
		c.resolve(t.Context(), &event.FriendAdded{Friend: event.Person{UID: "u_alice"}})
		if took := time.Since(start); took != resolveTimeout {
			t.Errorf("took %v, want %v", took, resolveTimeout)
		}
	})
}

// answering is a connection whose every request is answered as a look-up of
// account 20001; it ends with ctx.
func answering(t *testing.T, ctx context.Context, c *Client) *conn {
	t.Helper()
	payload, err := rpc.UserByUID.EncodeResponse(&oidbpb.UserInfoResp{Body: &oidbpb.UserInfoBody{
		Uin: 20001,
		Properties: &oidbpb.UserProperties{
			BytesValues: []*oidbpb.BytesProperty{{Key: keyNickname, Value: []byte("Alice")}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return alwaysAnswers(ctx, c, payload)
}

func TestMentionsByUIDGetTheirNumbers(t *testing.T) {
	c := newTestClient(t)
	c.log = quiet
	c.setKeys(Keystore{UIN: 10001, UID: "u_self", Device: NewDevice()})
	c.cache.setFriends([]Friend{{UIN: 20001, UID: "u_alice"}})
	given := message.Content{
		&message.Text{Text: "hi "}, &message.At{UID: "u_self"}, &message.At{UID: "u_alice"},
		&message.At{UID: "u_nobody"}, &message.At{UIN: 5, UID: "u_alice"}, &message.At{All: true},
	}
	m := &message.Message{
		Chat:    message.Chat{Kind: message.Group, Group: 730000001}, // offline: its list cannot be fetched
		Content: given,
	}
	c.resolve(t.Context(), &event.Message{Message: m})
	for i, want := range []UIN{1: 10001, 2: 20001, 3: 0, 4: 5, 5: 0} {
		if at, ok := m.Content[i].(*message.At); ok && at.UIN != want {
			t.Errorf("segment %d: got uin %d, want %d", i, at.UIN, want)
		}
	}
	if at := given[1].(*message.At); at.UIN != 0 {
		t.Errorf("the segment given was changed to uin %d; others may hold it", at.UIN)
	}
}
