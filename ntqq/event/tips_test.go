package event

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// noticeBytes puts the header before a group notice.
func noticeBytes(t testing.TB, sub byte, n *pushpb.GroupNotify) []byte {
	t.Helper()
	body := marshal(t, n)
	b := binary.BigEndian.AppendUint32(nil, uint32(theGroup))
	b = binary.BigEndian.AppendUint16(append(b, sub), uint16(len(body)))
	return append(b, body...)
}

func tipOf(kind, id, template uint64, pairs ...string) *pushpb.GroupNotify {
	tip := &pushpb.GeneralGrayTip{BusinessType: kind, BusinessId: id, TemplateId: template, Content: "<gtip/>"}
	for i := 0; i < len(pairs); i += 2 {
		tip.Params = append(tip.Params, &pushpb.GrayTipParam{Name: pairs[i], Value: []byte(pairs[i+1])})
	}
	return &pushpb.GroupNotify{GrayTip: tip}
}

// built are pushes that no vector has: how they are read is in docs/protocol/events.md.
func built(t testing.TB) []specified {
	var (
		bobByUIN = Person{UIN: 20002}
		content  = func(b []byte) string { return hex.EncodeToString(b) }
		tip      = func(n *pushpb.GroupNotify) string { return content(noticeBytes(t, 20, n)) }
		notice   = func(n *pushpb.GroupNotify) string { return content(noticeBytes(t, 16, n)) }
		end      = func(kind, verdict byte) string {
			b := make([]byte, 20)
			b[15], b[17] = kind, verdict
			return content(b)
		}
	)
	ignored := func(typ, sub, part int64) []Event {
		return []Event{&Unknown{Key: Key{CommandMsgPush, typ, sub, part}, Reason: ReasonIgnored}}
	}
	return []specified{
		{"poke without a target, with a verb of the older form", 732, 20, tip(tipOf(12, 1061, 1, "uin_str1", "20002", "alt_str1", "拍", "uin_str1", "20001")), []Event{
			&GroupPoked{Group: theGroup, Operator: alice, Target: bot, Look: PokeLook{Action: "拍"}, Time: pushTime}}},
		{"poke without words", 732, 20, tip(tipOf(12, 1061, 1, "uin_str1", "20002")), []Event{
			&GroupPoked{Group: theGroup, Operator: bobByUIN, Target: bot, Look: PokeLook{Action: "戳了戳"}, Time: pushTime}}},
		{"poke of nobody", 732, 20, tip(tipOf(12, 1061, 1, "uin_str1", "x")), []Event{
			&Unknown{Key: Key{CommandMsgPush, 732, 20, 12}, Reason: ReasonIncomplete}}},
		{"sign-in", 732, 20, tip(tipOf(14, 5, 6, "mqq_uin", "20002", "mqq_nick", "Bob")), []Event{
			&GroupSignIn{theGroup, bobByUIN, "Bob", pushTime}}},
		{"performer", 732, 20, tip(tipOf(1, 5, 1052, "uin", "20002", "nick", "Bob")), []Event{
			&GroupHonorChanged{theGroup, bobByUIN, "Bob", HonorPerformer, pushTime}}},
		{"talkative", 732, 20, tip(tipOf(1, 5, 1054, "uin", "20002", "nick", "Bob")), []Event{
			&GroupHonorChanged{theGroup, bobByUIN, "Bob", HonorTalkative, pushTime}}},
		{"emotion", 732, 20, tip(tipOf(1, 5, 1067, "uin", "20002", "nick", "Bob")), []Event{
			&GroupHonorChanged{theGroup, bobByUIN, "Bob", HonorEmotion, pushTime}}},
		{"talkative, newer, of nobody", 732, 20, tip(tipOf(1, 5, 10094, "nick_last", "Bob")), []Event{
			&GroupGrayTip{Group: theGroup, BusinessType: 1, BusinessID: 5, TemplateID: 10094,
				Params: []TipParam{{"nick_last", "Bob"}}, Content: "<gtip/>", Time: pushTime}}},
		{"honour of nobody", 732, 20, tip(tipOf(1, 5, 1052)), []Event{
			&Unknown{Key: Key{CommandMsgPush, 732, 20, tipHonor}, Reason: ReasonIncomplete}}},
		{"restricted", 732, 20, tip(tipOf(1, 1, 10214, "ftype", "群消息", "unlock_url", "https://a.invalid/")), []Event{
			&AccountRestricted{theGroup, "群消息", "https://a.invalid/", pushTime}}},
		{"robot, by tip", 732, 20, tip(tipOf(1, 19217, 7, "mqq_uin", "20002", "robot_name", "R")), []Event{
			&GroupBotAdded{theGroup, bobByUIN, "R", pushTime}}},
		{"robot, by notice", 732, 16, notice(&pushpb.GroupNotify{ServiceType: proto.Uint32(38),
			BotAdded: &pushpb.GroupBotAdded{BotUidAlt: proto.String("u_alice")}}), []Event{
			&GroupBotAdded{theGroup, alice, "", pushTime}}},
		{"album", 732, 16, notice(&pushpb.GroupNotify{ServiceType: proto.Uint32(37),
			Album: &pushpb.GroupAlbumUpdate{F1Unk: 6, Args: "h=1&i=pic%2f5"}}), []Event{
			&GroupAlbumUpdated{theGroup, "pic/5", pushTime}}},
		{"text", 732, 16, notice(&pushpb.GroupNotify{EventParam: marshal(t, &pushpb.GroupTextParam{
			Text: `hi <{"cmd":5,"data":"20002","text":"Bob"}>, <{no}>`})}), []Event{
			&GroupGrayTip{Group: theGroup, Text: "hi Bob, <{no}>", Time: pushTime}}},
		{"lucky king", 732, 16, notice(&pushpb.GroupNotify{RedPacket: &pushpb.GroupRedPacketTip{
			SenderUin: 20001, LuckyFlag: 1, LuckyUin: 20002}}), []Event{
			&GroupLuckyKing{theGroup, Person{UIN: alice.UIN}, bobByUIN, pushTime}}},
		{"red packet, not the last share", 732, 16, notice(&pushpb.GroupNotify{RedPacket: &pushpb.GroupRedPacketTip{SenderUin: 20001}}),
			ignored(732, 16, partRedPacket)},
		{"unread counters of a group's app", 528, 38, content(marshal(t, &pushpb.GroupAppPush{SubCommand: 1, Body: []byte{1}})), ignored(528, 38, -1)},
		{"voice as text, group", 528, 61, content(marshal(t, &pushpb.VoiceTextResult{Body: &pushpb.VoiceTextBody{
			MessageUid: 9, ChatType: 1, Text: "hello", SenderUin: 20002, PeerUin: uint64(theGroup)}})), []Event{
			&VoiceTextReady{message.Chat{Kind: message.Group, Group: theGroup}, bobByUIN, 9, "hello", pushTime}}},
		{"own voice as text", 528, 61, content(marshal(t, &pushpb.VoiceTextResult{Body: &pushpb.VoiceTextBody{
			MessageUid: 9, ChatType: 2, SenderUin: 10001, PeerUin: 20002}})), []Event{
			&VoiceTextReady{message.Chat{Kind: message.Friend, Peer: 20002}, bot, 9, "", pushTime}}},
		{"tip between friends", 528, 290, content(marshal(t, tipOf(1, 2, 3).GrayTip)), ignored(528, 290, 1)},
		{"became friends", 528, 290, content(marshal(t, tipOf(1, 19324, 3).GrayTip)), []Event{&ListsChanged{Stale{Friends: true}, true, pushTime}}},
		{"online file cancelled", 166, 133, end(101, 225), []Event{&OnlineFileNotice{alice, false, OnlineFileCancelled, pushTime}}},
		{"online folder refused", 166, 133, end(136, 230), []Event{&OnlineFileNotice{alice, true, OnlineFileRefused, pushTime}}},
		{"online file done", 166, 131, end(101, 0), []Event{&OnlineFileNotice{alice, false, OnlineFileDone, pushTime}}},
	}
}

func TestBuilt(t *testing.T) {
	for _, tt := range built(t) {
		t.Run(tt.name, func(t *testing.T) {
			payload := fromAlice(t, tt.typ, tt.subType, tt.content)
			for _, e := range tt.want {
				if u, ok := e.(*Unknown); ok {
					u.Payload = payload
				}
			}
			if diff := cmp.Diff(tt.want, watched(t).Decode(CommandMsgPush, payload)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDevices: each device that comes or goes is an event; the first list is what there is.
func TestDevices(t *testing.T) {
	var (
		pc    = Device{1, 2, "Linux", "desk"}
		phone = Device{3, 4, "iOS", "phone"}
		pad   = Device{5, 6, "Android", "pad"}
		d     = watched(t)
	)
	for i, step := range []struct {
		now  []Device
		want []Event
	}{
		{[]Device{pc}, []Event{&ClientsOnline{All: []Device{pc}}}},
		{[]Device{pc, phone, pad}, []Event{
			&ClientsOnline{All: []Device{pc, phone, pad}, Added: []Device{phone}},
			&ClientsOnline{All: []Device{pc, phone, pad}, Added: []Device{pad}}}},
		{[]Device{pc, phone, pad}, nil},
		{[]Device{pc, pad}, []Event{&ClientsOnline{All: []Device{pc, pad}, Removed: []Device{phone}}}},
	} {
		push := &pushpb.PushParams{}
		for _, v := range step.now {
			push.Devices = append(push.Devices, &pushpb.OnlineDevice{
				InstanceId: v.Instance, ClientType: v.Type, PlatformType: v.Platform, DeviceName: v.Name,
			})
		}
		got := d.Decode(CommandPushParams, marshal(t, push))
		if u, ok := got[0].(*Unknown); step.want == nil && ok && u.Reason == ReasonIgnored {
			continue
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("list %d (-want +got):\n%s", i, diff)
		}
	}
}
