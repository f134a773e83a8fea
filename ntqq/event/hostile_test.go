package event

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/pushpb"
)

// plausible checks that an event is about some group or person, and that no text id is
// longer than any can be.
func plausible(t *testing.T, e Event) {
	t.Helper()
	people := e.People()
	for _, p := range slices.Concat(people.Members, people.Others) {
		if len(p.UID) > MaxUID {
			t.Errorf("%s: a text id of %d bytes", e.Name(), len(p.UID))
		}
	}
	if group := reflect.ValueOf(e).Elem().FieldByName("Group"); group.IsValid() && group.IsZero() {
		if pin, ok := e.(*ChatPinChanged); !ok || pin.Peer == (Person{}) {
			t.Errorf("%s about no group", e.Name())
		}
	}
}

// TestHostilePushes: of every kind of push there are some that lack what they need, or
// have it in absurd sizes. Each gives events about somebody, or is counted as unknown.
func TestHostilePushes(t *testing.T) {
	long := strings.Repeat("u", 1<<17)
	many := bytes.Repeat([]byte{0x0a, 0x02, 0x38, 0x05}, 4*maxPerPush)
	for _, r := range rows() {
		if r.command != "" || r.chat {
			continue
		}
		for name, content := range map[string][]byte{
			"empty": {}, "zeros": make([]byte, 64), "no group": {0, 0, 0, 0, 1, 0xff, 0xff, 0x68, 0x17}, "many": many,
			"header and many": append([]byte{0, 0, 0, 5, 1, 0xff, 0xff}, many...),
			"long uids":       protowire.AppendString([]byte{0x08, 5, 0x1a}, long), "wrong types": {0x0d, 1, 2, 3, 4, 0x15, 1, 2, 3, 4, 0x1d, 1, 2, 3, 4},
		} {
			d := decoderFor(bot)
			events := d.Decode(CommandMsgPush, fromAlice(t, uint64(r.kind.typ), uint64(max(r.kind.sub, 0)), hex.EncodeToString(content)))
			if len(events) == 0 || len(events) > 2*maxPerPush {
				t.Errorf("%+v, %s: %d events", r.kind, name, len(events))
			}
			for _, e := range events {
				plausible(t, e)
			}
		}
	}
}

// TestSize: a text or a list that an event keeps counts.
func TestSize(t *testing.T) {
	small, long := Size(&GroupGrayTip{Group: 5}), strings.Repeat("x", 1000)
	for _, e := range []Event{
		&GroupGrayTip{Content: long}, &GroupGrayTip{Params: []TipParam{{Value: long}}}, &GroupJoinRequest{Comment: long},
		&Unknown{Payload: make([]byte, 1000)},
	} {
		if Size(e) < 1000 {
			t.Errorf("%s: %d bytes", e.Name(), Size(e))
		}
	}
	if small < 50 || small > 500 {
		t.Errorf("an empty one keeps %d bytes", small)
	}
}

// TestLongRestriction: what is kept of a restriction and shown to the owner is bounded.
func TestLongRestriction(t *testing.T) {
	for size, kept := range map[int]int{maxRestriction: maxRestriction, maxRestriction + 1: 0} {
		long := bytes.Repeat([]byte("x"), size)
		notify := marshal(t, &pushpb.GroupNotify{GroupCode: 5, GrayTip: &pushpb.GeneralGrayTip{
			BusinessType: 1, TemplateId: tipRestricted,
			Params: []*pushpb.GrayTipParam{{Name: "ftype", Value: long}, {Name: "unlock_url", Value: long}},
		}})
		content := append([]byte{0, 0, 0, 5, 1, 0xff, 0xff}, notify...)
		events := decoderFor(bot).Decode(CommandMsgPush, fromAlice(t, 732, 20, hex.EncodeToString(content)))
		e, ok := events[0].(*AccountRestricted)
		if !ok || len(e.Kind) != kept || len(e.URL) != kept {
			t.Errorf("%d bytes: got %.100v", size, events[0])
		}
	}
}

// TestLongDeviceNames: each event of a device has the whole list, so what it keeps is bounded.
func TestLongDeviceNames(t *testing.T) {
	for size, kept := range map[int]int{maxDeviceText: maxDeviceText, maxDeviceText + 1: 0} {
		push := &pushpb.PushParams{}
		for i := range 2 * maxDevices {
			long := strings.Repeat("x", size)
			push.Devices = append(push.Devices, &pushpb.OnlineDevice{InstanceId: uint32(i), DeviceName: long, PlatformType: long})
		}
		e, ok := decoderFor(bot).Decode(CommandPushParams, marshal(t, push))[0].(*ClientsOnline)
		if !ok || len(e.All) != maxDevices || len(e.All[0].Name) != kept || len(e.All[0].Platform) != kept {
			t.Errorf("%d bytes: got %.200v", size, e)
		}
	}
}

// TestLongTip: each event of a recalled message has the tip of the push.
func TestLongTip(t *testing.T) {
	for size, kept := range map[int]int{maxTip: maxTip, maxTip + 1: 0} {
		body := marshal(t, &pushpb.GroupNotify{GroupCode: 5, Recall: &pushpb.GroupRecall{
			Messages: []*pushpb.RecalledGroupMessage{{Sequence: 1}}, Tip: &pushpb.RecallTip{Text: proto.String(strings.Repeat("x", size))},
		}})
		content := append([]byte{0, 0, 0, 5, 17, 0xff, 0xff}, body...)
		e, ok := decoderFor(bot).Decode(CommandMsgPush, fromAlice(t, 732, 17, hex.EncodeToString(content)))[0].(*MessageRecalled)
		if !ok || len(e.Tip) != kept {
			t.Errorf("%d bytes: got %.200v", size, e)
		}
	}
}
