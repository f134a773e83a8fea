package ntqq

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/ntqq/event"
)

// A name that the account gets elsewhere is its own from the event on. It outlives a
// refresh of the tickets, whose answer names nobody, and restarts.
func TestOwnNewNameIsKept(t *testing.T) {
	for name, online := range map[string]time.Duration{ // after the push
		"stopped at once": 0,
		"saved meanwhile": 2 * time.Minute,
		"over a refresh":  90 * time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var file MemoryKeystore
				saved := func() Keystore {
					if ks, _ := file.Load(); ks != nil {
						return *ks
					}
					return Keystore{}
				}
				t.Cleanup(func() { // after the client has ended
					if ks := saved(); ks.Nickname != "Botty" || (string(ks.D2) == "new d2") != (online > time.Hour) {
						t.Errorf("saved at the end are the name %.10q and D2 %q", ks.Nickname, ks.D2)
					}
				})
				initial := sessiontest.Keystore()
				initial.Nickname = "Bot"
				var c *Client
				var seen []string // by the handler, as the account's name
				c = start(t, sessiontest.New(t), Options{RefreshAfter: time.Hour, Initial: initial, Keystore: &file, Handler: func(e event.Event) {
					if _, ok := e.(*event.SelfRenamed); ok {
						seen = append(seen, c.Self().Nickname)
					}
				}})
				synctest.Wait()
				for _, name := range []string{"Botty", "", strings.Repeat("x", maxNames+1)} { // the last two are none
					c.receive(t.Context(), rpc.PushMessage, selfRenamed(t, name))
				}
				synctest.Wait()
				if want := []string{"Botty", "Botty", "Botty"}; !slices.Equal(seen, want) {
					t.Errorf("the handler saw the names %.10q, want %q", seen, want)
				}
				time.Sleep(online) // virtual
				if got := c.Self().Nickname; got != "Botty" {
					t.Errorf("the account's name is %.10q", got)
				}
				if got := saved().Nickname; online > time.Minute && got != "Botty" {
					t.Errorf("after %v the name is saved as %.10q", online, got)
				}
			})
		})
	}
}

// selfRenamed is what the server pushes when the account has a new name.
func selfRenamed(t *testing.T, name string) []byte {
	t.Helper()
	content, err := pb.Marshal(&pushpb.SelfProfileChange{Kind: 20, Body: &pushpb.SelfProfile{
		Uin: 10001, Value: &pushpb.ProfileValue{Field: 20002, Value: []byte(name)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := pb.Marshal(&messagepb.MsgPush{Message: &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: 10001, FromUid: proto.String("u_self"), ToUin: 10001, ToUid: proto.String("u_self")},
		ContentHead: &messagepb.ContentHead{Type: 528, SubType: proto.Uint64(29)},
		Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{}, MsgContent: content},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}
