package e2e

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/server"
)

// A flood of events about people whom nobody knows, more than may wait: all of them come,
// in the order of their groups and at once, and so does what is written meanwhile.
func TestFloodOfLookUps(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const groups, each = 20, 800
		s := startService(t, sandbox.Options{AutoApprove: bot})
		var mu sync.Mutex // guards got
		got := map[message.GroupCode][]message.UID{}
		a := s.account(t, nil, func(o *ntqq.Options) {
			before := o.Handler
			o.Handler = func(e event.Event) {
				if e, ok := e.(*event.GroupAdminChanged); ok {
					mu.Lock()
					got[e.Group] = append(got[e.Group], e.Member.UID)
					mu.Unlock()
				}
				before(e)
			}
		})
		a.until(ntqq.Online)
		synctest.Wait()
		for i := range each {
			for g := range groups {
				s.Deliver(server.Push{To: bot, Command: rpc.PushMessage, Payload: promotion(t, message.GroupCode(g+1), fmt.Sprintf("u_%d_%d", g, i))})
			}
			if i == each/2 {
				s.says(t, alice, false, "meanwhile")
			}
		}
		synctest.Wait() // answers would be behind pushes that nobody takes: no question is waited for
		a.hears(message.Group, "meanwhile")
		mu.Lock()
		defer mu.Unlock()
		for g := range groups {
			list := got[message.GroupCode(g+1)]
			if len(list) != each {
				t.Fatalf("group %d: %d events", g, len(list))
			}
			for i, uid := range list {
				if want := message.UID(fmt.Sprintf("u_%d_%d", g, i)); uid != want {
					t.Fatalf("group %d: got %s, want %s", g, uid, want)
				}
			}
		}
	})
}

// promotion is the push that somebody became an admin.
func promotion(t *testing.T, group message.GroupCode, uid string) []byte {
	t.Helper()
	content, err := pb.Marshal(&pushpb.GroupAdminChange{GroupCode: uint64(group), Body: &pushpb.GroupAdminChangeBody{Set: &pushpb.GroupAdminTarget{Uid: uid}}})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := pb.Marshal(&messagepb.MsgPush{Message: &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: uint64(group), ToUin: uint64(bot)},
		ContentHead: &messagepb.ContentHead{Type: 44, Time: proto.Uint64(uint64(time.Now().Unix()))},
		Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{}, MsgContent: content},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}
