package ntqq

import (
	"cmp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// An event that comes before the answer to the registration waits with its
// look-ups until there is a connection to call through.
func TestResolveWaitsForTheRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, register := registering(t, Options{}, knowsAlice(t))
		e := &event.FriendAdded{Friend: event.Person{UID: "u_alice"}}
		resolved := make(chan struct{})
		go func() {
			defer close(resolved)
			lookUpNow(t, c, e)
		}()
		synctest.Wait()
		register()
		<-resolved
		if e.Friend.UIN != 20001 {
			t.Errorf("got number %d, want 20001", e.Friend.UIN)
		}
	})
}

func TestResolveGivesUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, register := registering(t, Options{}, nil)
		defer register()
		start := time.Now()
		lookUpNow(t, c, &event.FriendAdded{Friend: event.Person{UID: "u_alice"}})
		if took := time.Since(start); took != resolveTimeout {
			t.Errorf("took %v, want %v", took, resolveTimeout)
		}
	})
}

// registering is a client whose registration is answered when register is called, and
// then those commands that payloads has. It must be called inside a bubble.
func registering(t *testing.T, o Options, payloads map[string][]byte) (c *Client, register func()) {
	t.Helper()
	answered := make(chan struct{})
	service := sessiontest.New(t)
	service.Register = func() { <-answered }
	service.Answer = sessiontest.Answers(payloads)
	c = start(t, service, o)
	synctest.Wait()
	if st := c.State(); st.Stage != Registering {
		t.Fatalf("the account is %s", st.Stage)
	}
	return c, func() { close(answered) }
}

// knowsAlice answers each look-up by uid as one of account 20001.
func knowsAlice(t *testing.T) map[string][]byte {
	t.Helper()
	return map[string][]byte{rpc.UserByUID.Name: answer(t, rpc.UserByUID, &oidbpb.UserInfoResp{Body: &oidbpb.UserInfoBody{
		Uin: 20001,
		Properties: &oidbpb.UserProperties{
			BytesValues: []*oidbpb.BytesProperty{{Key: keyNickname, Value: []byte("Alice")}},
		},
	}})}
}

func TestMentionsByUIDGetTheirNumbers(t *testing.T) {
	c, err := New(Options{Log: quiet, Initial: sessiontest.Keystore()})
	if err != nil {
		t.Fatal(err)
	}
	c.cache.setFriends([]Friend{{UIN: 20001, UID: "u_alice"}})
	given := message.Content{
		message.Text("hi "), &message.AtSegment{UID: "u_self"}, &message.AtSegment{UID: "u_alice"},
		&message.AtSegment{UID: "u_nobody"}, &message.AtSegment{UIN: 5, UID: "u_alice"}, &message.AtSegment{All: true},
		&message.ReplySegment{SenderUID: "u_alice"}, &message.ReplySegment{SenderUID: "u_nobody"},
	}
	m := &message.Message{
		Chat:    message.Chat{Kind: message.Group, Group: 730000001}, // offline: its list cannot be fetched
		Content: given,
	}
	lookUpNow(t, c, &event.Message{Message: m})
	for i, want := range []UIN{1: 10001, 2: 20001, 3: 0, 4: 5, 5: 0, 6: 20001, 7: 0} {
		var got UIN
		switch s := m.Content[i].(type) {
		case *message.AtSegment:
			got = s.UIN
		case *message.ReplySegment:
			got = s.SenderUIN
		}
		if got != want {
			t.Errorf("segment %d: got uin %d, want %d", i, got, want)
		}
	}
	if at := given[1].(*message.AtSegment); at.UIN != 0 {
		t.Errorf("the segment given was changed to uin %d; others may hold it", at.UIN)
	}
	if r := given[6].(*message.ReplySegment); r.SenderUIN != 0 {
		t.Errorf("the quote given was changed to uin %d; others may hold it", r.SenderUIN)
	}
}

// Pushes flow before the answer to the registration; then the lists cannot be had yet.
func TestNamesOfMessagesBeforeTheRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []*message.Message
		friends := answer(t, rpc.FriendList, &oidbpb.FriendListResp{Friends: []*oidbpb.Friend{{
			Uin: 20001, Uid: "u_alice", Biz: map[int32]*oidbpb.FriendBizData{1: {Strings: map[int32][]byte{keyNickname: []byte("Alice")}}},
		}}})
		members := answer(t, rpc.GroupMembers, &oidbpb.GroupMemberListResp{Members: []*oidbpb.GroupMember{{
			Id: &oidbpb.GroupMemberId{Uin: 20002, Uid: "u_bob"},
		}}})
		handler := func(e event.Event) { got = append(got, e.(*event.Message).Message) }
		c, register := registering(t, Options{Handler: handler}, map[string][]byte{
			rpc.FriendList.Name: friends, rpc.GroupMembers.Name: members,
		})
		for _, m := range []*message.Message{
			{Chat: message.Chat{Kind: message.Friend, Peer: 20001}, Sender: message.Sender{UIN: 20001}},
			{Chat: message.Chat{Kind: message.Group, Group: 5}, Content: message.Content{&message.AtSegment{UID: "u_bob"}}},
		} {
			c.compared <- order.Pushed{Message: &event.Message{Message: m}}
		}
		synctest.Wait()
		if len(got) != 0 {
			t.Fatalf("got %+v before the answer to the registration", got)
		}
		register()
		synctest.Wait()
		slices.SortFunc(got, func(x, y *message.Message) int { return cmp.Compare(y.Chat.Kind, x.Chat.Kind) })
		if len(got) != 2 || got[0].Sender.Nickname != "Alice" || got[1].Content[0].(*message.AtSegment).UIN != 20002 {
			t.Errorf("got %+v, want the sender's name and the number of the mentioned", got)
		}
	})
}

func answer[Req, Resp proto.Message](t *testing.T, cmd *rpc.Op[Req, Resp], resp Resp) []byte {
	t.Helper()
	payload, err := cmd.EncodeResponse(resp)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// A mention by uid alone shows a name, too.
func TestMentionByUIDShowsTheName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bot := sessiontest.Keystore()
		bot.Nickname = "Bot"
		c, ctx := online(t, Options{Initial: bot}, knowsAlice(t)), t.Context() // u_nobody, too
		c.cache.setFriends([]Friend{{UIN: 20003, UID: "u_carol", Nickname: "Carol"}})
		c.cache.setMembers(testGroup, []Member{
			{Group: testGroup, UIN: 20002, UID: "u_bob", Nickname: "Bob", Card: "Bobby"}, {Group: testGroup, UIN: 10001, UID: "u_self", Nickname: "Bot"},
		})
		for _, tt := range []struct {
			group GroupCode
			uid   UID
			want  string
		}{
			{testGroup, "u_bob", "@Bobby"}, {testGroup, "u_self", "@Bot"}, {testGroup, "u_nobody", "@Alice"},
			{0, "u_carol", "@Carol"}, {0, "u_self", "@Bot"}, {0, "u_nobody", "@Alice"},
		} {
			got, err := c.complete(ctx, target{group: tt.group}, message.Content{&message.AtSegment{UID: tt.uid}})
			if err != nil {
				t.Fatal(err)
			}
			if at := got[0].(*message.AtSegment); at.Display != tt.want || at.UID != tt.uid {
				t.Errorf("%s in group %d: got %+v, want %q", tt.uid, tt.group, at, tt.want)
			}
			if name := c.quotedName(ctx, tt.group, message.Content{&message.ReplySegment{SenderUID: tt.uid}}); "@"+name != tt.want {
				t.Errorf("%s quoted in group %d: got %q, want %q", tt.uid, tt.group, name, tt.want)
			}
		}
	})
}

// lookUpNow completes an event as it is done for one that is alone in its conversation.
func lookUpNow(t *testing.T, c *Client, e event.Event) {
	t.Helper()
	if c.wants(t.Context(), e, (*Client).fillIn) {
		c.askAbout(t.Context(), &questions{allowed: true, crowded: c.crowded(nil)}, e, (*Client).fillIn)
	}
}
