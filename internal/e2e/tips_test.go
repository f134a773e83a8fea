package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/onebot"
)

// TestSmallThings: what people do by hand that changes nothing comes as an event, and as
// the notice that OneBot has for it.
func TestSmallThings(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		people := func(uin message.UIN) event.Person { return event.Person{UIN: uin} }
		notify := func(sub, rest string) string {
			return fmt.Sprintf(`{"post_type":"notice","notice_type":"notify","sub_type":%q,%s}`, sub, rest)
		}
		if _, err := b.Messages().SendGroup(t.Context(), group, say("hello")); err != nil {
			t.Fatal(err)
		}
		b.told()
		a.told()
		first := eventsOf[*event.Message](b.account)[0]
		self := event.Person{UIN: bot, UID: b.Self().UID}
		for _, tt := range []struct {
			path, body string
			want       event.Event // with Time left out
			told       []string
		}{
			{"honors", `{"group":730000001,"uin":20002,"honor":"performer"}`,
				&event.GroupHonorChanged{Group: group, Member: people(bob), Nickname: "Bob", Honor: event.HonorPerformer},
				[]string{notify("honor", `"group_id":730000001,"user_id":20002,"honor_type":"performer"`)}},
			{"honors", `{"group":730000001,"uin":10001,"honor":"talkative"}`,
				&event.GroupHonorChanged{Group: group, Member: self, Nickname: "小振 Libration", Honor: event.HonorTalkative},
				[]string{notify("honor", `"group_id":730000001,"user_id":10001,"honor_type":"talkative"`)}},
			{"lucky-king", `{"group":730000001,"sender":20001,"uin":20002}`,
				&event.GroupLuckyKing{Group: group, Sender: people(alice), King: people(bob)},
				[]string{notify("lucky_king", `"group_id":730000001,"user_id":20001,"sender_id":20001,"target_id":20002`)}},
			{"tips", `{"group":730000001,"text":"你好"}`,
				&event.GroupGrayTip{Group: group, Text: "你好"},
				[]string{notify("gray_tip", `"group_id":730000001,"user_id":0,"message_id":0,"busi_id":"0","content":"你好","raw_info":{"business_type":0,"template_id":0,"params":{}}`)}},
			{"entries", `{"group":730000001,"uin":20002,"style":7}`,
				&event.GroupMemberEntered{Group: group, Member: people(bob), Style: 7}, nil},
			{"albums", `{"group":730000001,"image":"a/b c"}`, &event.GroupAlbumUpdated{Group: group, Image: "a/b c"}, nil},
			{"robots", `{"group":730000001,"uin":20003}`,
				&event.GroupBotAdded{Group: group, Bot: event.Person{UIN: 20003, UID: s.uid(20003)}}, nil},
			{"typing", `{"from":20002,"to":10001}`,
				&event.InputStatus{Peer: people(bob), Kind: 1, Text: "对方正在输入..."},
				[]string{notify("input_status", `"user_id":20002,"group_id":0,"event_type":1,"status_text":"对方正在输入..."`)}},
			{"typing", `{"from":20002,"to":10001,"on":false}`,
				&event.InputStatus{Peer: people(bob), Kind: 2},
				[]string{notify("input_status", `"user_id":20002,"group_id":0,"event_type":2,"status_text":""`)}},
			{"voice-texts", fmt.Sprintf(`{"uin":10001,"group":730000001,"sequence":%d,"text":"words"}`, first.Sequence),
				&event.VoiceTextReady{Chat: message.Chat{Kind: message.Group, Group: group}, Sender: self, MessageUID: 1<<56 | uint64(first.Random), Text: "words"}, nil},
			{"online-files", `{"from":20002,"to":10001,"folder":true,"end":"refused"}`,
				&event.OnlineFileNotice{Peer: event.Person{UIN: bob, UID: s.uid(bob)}, Folder: true, What: event.OnlineFileRefused},
				[]string{`{"post_type":"notice","notice_type":"online_file_send","sub_type":"refuse","peer_id":20002}`}},
		} {
			s.api(t, "POST", "/api/"+tt.path, tt.body, &struct{}{})
			all := eventsOf[event.Event](b.account)
			got := all[len(all)-1]
			if diff := cmp.Diff(tt.want, got, withoutTime); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", tt.path, tt.body, diff)
			}
			if got.When() == 0 {
				t.Errorf("%s %s: the event has no time", tt.path, tt.body)
			}
			b.tells(tt.path+" "+tt.body, tt.told...)
			if strings.Contains(tt.body, `"to"`) || strings.Contains(tt.path, "voice") { // that is for the bot alone
				a.tells("Alice hears nothing of " + tt.path)
				continue
			}
			a.tells("Alice: "+tt.path+" "+tt.body, tt.told...)
			if all := eventsOf[event.Event](a.account); all[len(all)-1].Name() != tt.want.Name() {
				t.Errorf("%s %s: Alice got %+v", tt.path, tt.body, all[len(all)-1])
			}
		}
	})
}

// withoutTime leaves out when things happened.
var withoutTime = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Time" }, cmp.Ignore())

func (s *service) uid(uin message.UIN) message.UID {
	u, _ := s.World().Users().Find(uin)
	return u.UID
}

// TestFiles: a file comes as a message and as an event of its own; its sender's bot gets
// none.
func TestFiles(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		var sent struct{ Sequence uint64 }
		s.api(t, "POST", "/api/files", `{"from":20001,"group":730000001,"name":"a.txt","size":7}`, &sent)
		s.api(t, "POST", "/api/files", `{"from":20001,"to":10001,"name":"b.txt","size":8}`, &sent)
		files, private := eventsOf[*event.GroupFileUploaded](b.account), eventsOf[*event.FriendFileReceived](b.account)
		if len(files) != 1 || len(private) != 1 {
			t.Fatalf("%d and %d events, want one each", len(files), len(private))
		}
		person := event.Person{UIN: alice, UID: s.uid(alice)}
		f, p := files[0], private[0]
		if f.Group != group || f.Sender != person || f.File.Name != "a.txt" || f.File.Size != 7 || f.File.Bus != 102 || !strings.HasPrefix(f.File.ID, "/") {
			t.Errorf("in the group: %+v", f)
		}
		if p.Peer != person || p.Sender != person || p.File.Name != "b.txt" || p.File.Size != 8 || p.File.ID == "" || p.File.Hash == "" {
			t.Errorf("in private: %+v", p)
		}
		told := strings.Join(b.told(), "\n")
		for _, want := range []string{
			fmt.Sprintf(`"notice_type":"group_upload","post_type":"notice","user_id":%d`, alice), `"file":{"busid":102,`, `"notice_type":"offline_file"`,
		} {
			if !strings.Contains(told, want) {
				t.Errorf("%s is not in\n%s", want, told)
			}
		}
		if own := strings.Join(a.told(), "\n"); strings.Contains(own, "group_upload") {
			t.Errorf("the sender's bot is told of its own file: %s", own)
		}
	})
}

// TestDevices: devices that come online on the account are reported and listed.
func TestDevices(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := speakers(t)
		own := b.Devices()
		if len(own) != 1 {
			t.Fatalf("devices: %+v, want the account's own", own)
		}
		b.tells("the first list is no news")
		for _, on := range []bool{true, false} {
			s.api(t, "POST", "/api/devices", fmt.Sprintf(`{"uin":10001,"name":"my phone","on":%t}`, on), &struct{}{})
			seen := eventsOf[*event.ClientsOnline](b.account)
			last := seen[len(seen)-1]
			changed := last.Removed
			if on {
				changed = last.Added
			}
			if len(changed) != 1 || changed[0].Name != "my phone" || len(last.Added)+len(last.Removed) != 1 {
				t.Fatalf("event %+v", last)
			}
			b.tells("device", fmt.Sprintf(`{"post_type":"notice","notice_type":"client_status","online":%t,"client":{"app_id":%d,"device_name":"my phone","device_kind":"phone"}}`,
				on, changed[0].Instance))
			r := b.call("get_online_clients", `{}`)
			if text := dataOf(t, r); r.RetCode != onebot.RetOK || strings.Contains(text, "my phone") != on {
				t.Errorf("get_online_clients: %+v", r)
			}
		}
	})
}

// TestRestricted: an account that the service restricts says so until a message is taken.
func TestRestricted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := speakers(t)
		good := func(want bool) {
			t.Helper()
			if r := b.call("get_status", `{}`); strings.Contains(dataOf(t, r), `"good":true`) != want || strings.Contains(dataOf(t, r), "safety verification") == want {
				t.Errorf("get_status: %s, want good %t", dataOf(t, r), want)
			}
		}
		good(true)
		s.api(t, "POST", "/api/restrict", `{"uin":10001,"group":730000001}`, &struct{}{})
		want := &event.AccountRestricted{Group: group, Kind: "群消息", URL: "https://unlock.sandbox.invalid/"}
		if diff := cmp.Diff([]*event.AccountRestricted{want}, eventsOf[*event.AccountRestricted](b.account), withoutTime); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
		b.tells("no bot can help")
		if r := b.Restriction(); r == nil || r.Group != group || r.URL != want.URL || r.Kind != want.Kind || r.Since.IsZero() {
			t.Errorf("restriction: %+v", r)
		}
		good(false)
		_, err := b.Messages().SendGroup(t.Context(), 730000002, say("x"))
		if !errors.Is(err, ntqq.ErrRestricted) {
			t.Errorf("to a group: %v, want %v", err, ntqq.ErrRestricted)
		}
		if _, err := b.Messages().SendFriend(t.Context(), alice, say("x")); err != nil {
			t.Errorf("to a friend: %v", err)
		}
		good(false) // that was no message to a group
		s.api(t, "POST", "/api/restrict", `{"uin":10001,"on":false}`, &struct{}{})
		good(false) // nobody has said so yet
		if _, err := b.Messages().SendGroup(t.Context(), group, say("x")); err != nil {
			t.Error(err)
		}
		good(true)
		if r := b.Restriction(); r != nil {
			t.Errorf("restriction: %+v, want none", r)
		}
	})
}

// dataOf is what an action returned, as JSON.
func dataOf(t *testing.T, r *onebot.Response) string {
	t.Helper()
	b, err := json.Marshal(r.Data)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
