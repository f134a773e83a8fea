package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/server"
)

// absurdSequence is a sequence that no chat reaches.
const absurdSequence = 4_000_000_000

// forge pushes a message of alice under the session's key that is in no history, with a
// time in 2046.
func (s *service) forge(t *testing.T, private bool, sequence uint64) {
	t.Helper()
	user, ok := s.World().Users().Find(alice)
	if !ok {
		t.Fatal("no alice")
	}
	m := &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: uint64(alice), FromUid: proto.String(string(user.UID)), ToUin: uint64(bot)},
		ContentHead: &messagepb.ContentHead{
			Type: 82, Random: proto.Uint64(sequence | 1), Sequence: proto.Uint64(sequence),
			Time: proto.Uint64(uint64(time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC).Unix())),
		},
		Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: elems(t, "forged")}},
	}
	if private {
		m.ContentHead.Type, m.ContentHead.NtMsgSeq, m.ContentHead.Sequence = 166, proto.Uint64(sequence), proto.Uint64(4711)
	} else {
		m.RoutingHead.Group = &messagepb.RoutingGroup{GroupCode: uint64(group), GroupName: "group"}
	}
	payload, err := pb.Marshal(&messagepb.MsgPush{Message: m})
	if err != nil {
		t.Fatal(err)
	}
	s.Deliver(server.Push{To: bot, Command: rpc.PushMessage, Payload: payload})
	synctest.Wait()
}

// One message with an absurd sequence and time, and a recall of one, hide nothing of
// what follows, also not after restarts.
func TestAbsurdMessage(t *testing.T) {
	for _, private := range []bool{false, true} {
		t.Run(fmt.Sprint("private=", private), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := startService(t, sandbox.Options{AutoApprove: bot})
				ks, file := &ntqq.MemoryKeystore{}, ntqq.FileProgress(filepath.Join(t.TempDir(), "progress.json"))
				keep := func(o *ntqq.Options) { o.Progress = file }
				kind := message.Group
				if private {
					kind = message.Friend
				}
				a := s.account(t, ks, keep)
				a.until(ntqq.Online)
				settle()
				s.says(t, alice, private, "1")
				settle()
				s.forge(t, private, absurdSequence)
				s.says(t, alice, private, "2")
				synctest.Wait()
				a.hears(kind, "1", "2")
				time.Sleep(time.Minute) // virtual
				s.says(t, alice, private, "3")
				settle()
				a.hears(kind, "1", "2", "forged", "3")
				for round := range 2 {
					a.stop()
					s.says(t, alice, private, "missed")
					a = s.account(t, ks, keep)
					a.until(ntqq.Online)
					s.forge(t, private, absurdSequence+uint64(round))
					settle()
					s.says(t, alice, private, "then")
					settle()
					got := slices.DeleteFunc(a.heard(kind), func(s string) bool { return s == "forged" })
					if want := []string{"missed*", "then"}; !slices.Equal(got, want) {
						t.Errorf("after restart %d: got %q, want %q", round, got, want)
					}
				}
			})
		})
	}
}

// A position that an older version saved wrong is put back after the registration, and
// what was missed comes.
func TestWrongPositionSaved(t *testing.T) {
	for _, private := range []bool{false, true} {
		t.Run(fmt.Sprint("private=", private), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, ks := loggedIn(t, sandbox.Options{})
				chat := ntqq.ChatDelivered{Group: group, Sequence: absurdSequence, Time: time.Now().Unix()}
				kind := message.Group
				if private {
					user, _ := s.World().Users().Find(alice)
					chat.Group, chat.Peer, chat.PeerUID, kind = 0, alice, user.UID, message.Friend
				}
				file := ntqq.FileProgress(filepath.Join(t.TempDir(), "progress.json"))
				if err := file.Save(&ntqq.Delivered{UIN: bot, Chats: []ntqq.ChatDelivered{chat}}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute) // virtual
				var want []string
				for i := range 120 {
					s.says(t, alice, private, fmt.Sprint(i))
					want = append(want, fmt.Sprint(i, "*"))
				}
				a := s.account(t, ks, func(o *ntqq.Options) { o.Progress = file })
				a.until(ntqq.Online)
				time.Sleep(time.Minute) // virtual
				s.says(t, alice, private, "live")
				settle()
				a.hears(kind, append(want, "live")...)
			})
		})
	}
}

// Nothing can be asked, and messages come: they are delivered, and not saved. After a
// restart everything is there, and what was missing comes too.
func TestNothingCanBeAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		ks, file := &ntqq.MemoryKeystore{}, ntqq.FileProgress(filepath.Join(t.TempDir(), "progress.json"))
		m := &mixer{}
		a := s.account(t, ks, func(o *ntqq.Options) { o.Progress = file }, m.through)
		a.until(ntqq.Online)
		settle()
		s.says(t, alice, false, "0")
		settle()
		commands := []string{rpc.GroupHistory.Name, rpc.GroupInfo.Name, rpc.GroupList.Name, rpc.PeerSequence.Name}
		for _, command := range commands {
			s.Faults().Mute(command, true)
		}
		m.mix(1, 2)
		for i := range 3 { // the first one is lost
			s.says(t, alice, false, fmt.Sprint(i+1))
		}
		time.Sleep(2*time.Minute + 3*time.Second) // virtual; between two heartbeats
		a.hears(message.Group, "0", "2", "3")
		a.stop()
		d, err := file.Load()
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(d.Chats, func(c ntqq.ChatDelivered) bool { return c.Group == group }); i < 0 || d.Chats[i].Sequence != 1 {
			t.Errorf("saved: %+v, want sequence 1 for the group", d.Chats)
		}
		for _, command := range commands {
			s.Faults().Mute(command, false)
		}
		a = s.account(t, ks, func(o *ntqq.Options) { o.Progress = file })
		a.until(ntqq.Online)
		settle()
		a.hears(message.Group, "1*", "2*", "3*")
		for _, e := range eventsOf[*event.Message](a) {
			if !e.CaughtUp { // else the service cannot recognise what it told
				t.Errorf("%q is not marked", text(e.Message))
			}
		}
	})
}
