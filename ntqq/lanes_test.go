package ntqq

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// pushOf is a push of this type, with this content.
func pushOf(t *testing.T, typ, sub uint64, content []byte) []byte {
	t.Helper()
	payload, err := pb.Marshal(&messagepb.MsgPush{Message: &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: 5, ToUin: 10001, ToUid: proto.String("u_self")},
		ContentHead: &messagepb.ContentHead{Type: typ, SubType: &sub, Time: proto.Uint64(1_700_000_000)},
		Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{}, MsgContent: content},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func content(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := pb.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// promoted is the push that a member of a group, whose number nobody knows, is an admin.
func promoted(t *testing.T, group GroupCode) []byte {
	t.Helper()
	return pushOf(t, 44, 0, content(t, &pushpb.GroupAdminChange{GroupCode: uint64(group), Body: &pushpb.GroupAdminChangeBody{
		Set: &pushpb.GroupAdminTarget{Uid: "u_stranger"},
	}}))
}

// muted is the push that all of a group are muted. Nothing is looked up for it.
func muted(t *testing.T, group GroupCode, seconds uint32) []byte {
	t.Helper()
	return pushOf(t, 732, 12, content(t, &pushpb.GroupMute{GroupCode: uint64(group), OperatorUid: proto.String("u_self"), Data: &pushpb.GroupMuteData{
		State: &pushpb.GroupMuteState{Duration: &seconds},
	}}))
}

// laneWorld is a client whose service answers who somebody is when the test lets it.
type laneWorld struct {
	*Client
	t   *testing.T
	let chan struct{}
	mu  sync.Mutex // guards got
	got []string
}

func newLaneWorld(t *testing.T) *laneWorld {
	t.Helper()
	w := &laneWorld{t: t, let: make(chan struct{})}
	payloads := knowsAlice(t)
	service := sessiontest.New(t)
	answers := sessiontest.Answers(payloads)
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	service.Answer = func(command string, body []byte) ([]byte, error) {
		if command == rpc.UserByUID.Name {
			select {
			case <-w.let:
			case <-stop:
			}
		}
		return answers(command, body)
	}
	w.Client = start(t, service, Options{Handler: w.handle})
	if _, err := w.Wait(t.Context(), State.Online); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // the lists have been refused
	synctest.Wait()
	return w
}

func (w *laneWorld) handle(e event.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := e.(type) {
	case *event.GroupAdminChanged:
		w.got = append(w.got, fmt.Sprintf("%d: admin %d %s", e.Group, e.Member.UIN, e.Member.UID))
	case *event.GroupMuted:
		w.got = append(w.got, fmt.Sprintf("%d: muted %d", e.Group, e.Duration))
	case *event.FriendAdded:
		w.got = append(w.got, fmt.Sprintf("friend %d", e.Friend.UIN))
	case *event.Message:
		w.got = append(w.got, fmt.Sprintf("message of %d", e.Chat.Peer))
	}
}

func (w *laneWorld) push(payloads ...[]byte) {
	w.t.Helper()
	for _, p := range payloads {
		w.receive(w.t.Context(), rpc.PushMessage, p)
	}
	synctest.Wait()
}

func (w *laneWorld) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.got)
}

func (w *laneWorld) want(want ...string) {
	w.t.Helper()
	if got := w.all(); !slices.Equal(got, want) {
		w.t.Errorf("got %q, want %q", got, want)
	}
}

// A look-up holds up the events of its conversation, and no others.
func TestLookUpHoldsUpItsConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newLaneWorld(t)
		w.push(promoted(t, 1), muted(t, 1, 5), muted(t, 2, 6), muted(t, 1, 7))
		w.want("2: muted 6")
		if n := w.QueuedPushes(); n != 3 {
			t.Errorf("%d events wait, want 3", n)
		}
		w.let <- struct{}{}
		synctest.Wait()
		w.want("2: muted 6", "1: admin 20001 u_stranger", "1: muted 5", "1: muted 7")
		w.push(promoted(t, 1)) // now they are known
		w.want("2: muted 6", "1: admin 20001 u_stranger", "1: muted 5", "1: muted 7", "1: admin 20001 u_stranger")
		if len(w.lanes.open) != 0 || w.lanes.bytes != 0 || w.QueuedPushes() != 0 {
			t.Errorf("%d lanes with %d bytes are left, %d events wait", len(w.lanes.open), w.lanes.bytes, w.QueuedPushes())
		}
	})
}

// A service that does not answer costs each conversation ten seconds, once.
func TestSilentServiceAboutPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newLaneWorld(t)
		w.push(promoted(t, 1), promoted(t, 2), promoted(t, 1), muted(t, 3, 1))
		w.want("3: muted 1")
		time.Sleep(resolveTimeout)
		synctest.Wait()
		want := []string{"1: admin 0 u_stranger", "1: admin 0 u_stranger", "2: admin 0 u_stranger", "3: muted 1"}
		if got := w.all(); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("got %q, want %q", got, want)
		}
		w.push(promoted(t, 4))
		if got := w.all(); len(got) != 5 || got[4] != "4: admin 0 u_stranger" {
			t.Errorf("got %q, want that of group 4 at once", got)
		}
	})
}

// What waits at the end is handed on, in order.
func TestWhatWaitsIsHandedOnAtTheEnd(t *testing.T) {
	var w *laneWorld
	synctest.Test(t, func(t *testing.T) {
		w = newLaneWorld(t)
		w.push(promoted(t, 1), muted(t, 1, 5))
		w.want()
	})
	w.t = t
	w.want("1: admin 0 u_stranger", "1: muted 5")
}

// A message that waits is not saved as delivered.
func TestProgressOfWhatWaits(t *testing.T) {
	c := newTestClient(t)
	ctx := t.Context()
	c.order.book.Restore(c.order.at(), []order.Saved{{Chat: groupChat(testGroup), Sequence: 10}}, 0)
	saved := func() ChatDelivered {
		t.Helper()
		d := c.order.snapshot()
		if len(d.Chats) != 1 {
			t.Fatalf("%d chats are saved, want one", len(d.Chats))
		}
		return d.Chats[0]
	}
	push := func(seq uint64, content ...message.Segment) {
		m := groupMessage(seq)
		m.Content = content
		c.order.step(ctx, order.Pushed{Message: m})
	}
	push(11)
	push(12, &message.AtSegment{UID: "u_stranger"})
	push(13)
	if got := saved(); got.Sequence != 11 || len(got.Missing) != 0 {
		t.Errorf("saved %+v while 12 and 13 wait, want 11", got)
	}
	c.answered(ctx, <-c.lanes.done)
	if got := saved(); got.Sequence != 13 || len(got.Missing) != 0 {
		t.Errorf("saved %+v, want 13", got)
	}
}

// The dispatcher takes nothing new while too much waits.
func TestLanesMakeTheServerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newLaneWorld(t)
		w.push(promoted(t, 1))
		for range lanesEvents + 10 {
			w.receive(t.Context(), rpc.PushMessage, muted(t, 1, 5))
		}
		synctest.Wait()
		if waits, queued := w.lanes.waits.Load(), w.pushes.Len(); waits != lanesEvents || queued != 11 {
			t.Errorf("%d events wait in lanes and %d before them, want %d and 11", waits, queued, lanesEvents)
		}
		w.push(muted(t, 2, 5))
		w.want()
		w.let <- struct{}{}
		synctest.Wait()
		if got := w.all(); len(got) != lanesEvents+12 || w.QueuedPushes() != 0 {
			t.Errorf("%d events came, %d wait", len(got), w.QueuedPushes())
		}
	})
}

// So it is when an answer comes, which waits for the pushes before it, and when pushes are
// about many people, or large.
func TestLanesAreBounded(t *testing.T) {
	var people []byte
	for i := range 500 {
		people = protowire.AppendTag(people, 1, protowire.BytesType)
		people = protowire.AppendBytes(people, content(t, &pushpb.ProfileSyncItem{
			Operation: 5, FriendDeleted: &pushpb.FriendDeleted{Uid: fmt.Sprint("u_", i)},
		}))
	}
	asks := pushOf(t, 84, 0, content(t, &pushpb.GroupJoinRequest{
		GroupCode: 5, ApplicantUid: "u_stranger", Comment: bytes.Repeat([]byte("x"), 1<<20),
	}))
	for name, payload := range map[string][]byte{"people": pushOf(t, 528, 39, people), "large": asks} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newLaneWorld(t)
				for range 30 {
					w.receive(t.Context(), rpc.PushMessage, payload)
				}
				w.emit(&event.Message{Message: groupMessage(5).Message})
				synctest.Wait()
				if waits := w.lanes.waits.Load(); waits == 0 || waits >= lanesEvents+500 || w.lanes.bytes >= lanesBytes+2<<20 {
					t.Errorf("%d events with %d bytes wait", waits, w.lanes.bytes)
				}
				if w.pushes.Len() == 0 {
					t.Error("nothing waits before the lanes")
				}
				close(w.let)
				synctest.Wait()
				if w.QueuedPushes() != 0 || len(w.lanes.open) != 0 || w.lanes.bytes != 0 {
					t.Errorf("%d events wait at the end, in %d lanes, with %d bytes", w.QueuedPushes(), len(w.lanes.open), w.lanes.bytes)
				}
			})
		})
	}
}

// A private chat that is named by a text id alone gets its number before its messages.
func TestChatIsNumberedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newLaneWorld(t)
		w.push(pushOf(t, 528, 179, content(t, &pushpb.NewFriend{Info: &pushpb.NewFriendInfo{Uid: "u_stranger"}})))
		hello := content(t, &messagepb.MsgPush{Message: &messagepb.CommonMessage{
			RoutingHead: &messagepb.RoutingHead{FromUin: 20001, FromUid: proto.String("u_stranger"), ToUin: 10001},
			ContentHead: &messagepb.ContentHead{Type: 166, Random: proto.Uint64(1), Sequence: proto.Uint64(1), Time: proto.Uint64(1_700_000_000)},
			Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String("hi")}}}}},
		}})
		w.push(hello, muted(t, 2, 1))
		w.want("2: muted 1")
		w.let <- struct{}{}
		time.Sleep(time.Minute)
		synctest.Wait()
		w.want("2: muted 1", "friend 20001", "message of 20001")
	})
}

func TestSavedWithoutWhatWaits(t *testing.T) {
	held := func(sequences ...uint64) (list []*event.Message) {
		for _, seq := range sequences {
			list = append(list, groupMessage(seq))
		}
		return list
	}
	for _, tt := range []struct {
		held     []uint64
		sequence uint64
		missing  []uint64
	}{
		{nil, 10, []uint64{4}},
		{[]uint64{10}, 9, []uint64{4}},
		{[]uint64{8, 9, 10, 11}, 7, []uint64{4}},
		{[]uint64{8, 10}, 9, []uint64{4, 8}},
		{[]uint64{3}, 10, []uint64{3, 4}},
		{[]uint64{4, 5, 6, 7, 8, 9, 10}, 3, nil},
		{[]uint64{12}, 10, []uint64{4}},
	} {
		s := order.Saved{Sequence: 10, Missing: []uint64{4}}
		s.Without(held(tt.held...))
		if s.Sequence != tt.sequence || !slices.Equal(s.Missing, tt.missing) {
			t.Errorf("%v wait: got %d without %v, want %d without %v", tt.held, s.Sequence, s.Missing, tt.sequence, tt.missing)
		}
	}
}
