package elements

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	_ "libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
	"libration/internal/vectors/content"
	"libration/ntqq/message"
)

type vectorCase struct {
	ID        string       `json:"id"`
	Direction string       `json:"direction"`
	Kind      string       `json:"kind"`
	Note      string       `json:"note"`
	Elements  content.List `json:"elements"`
	Body      vectors.Hex  `json:"body"`
	RichText  vectors.Hex  `json:"rich_text"`
	Message   vectors.Hex  `json:"message"`
	Parsed    struct {
		Elements   content.List      `json:"elements"`
		ID         uint64            `json:"id"`
		InternalID *uint32           `json:"internal_id"`
		GroupUIN   message.GroupCode `json:"group_uin"`
		GroupName  string            `json:"group_name"`
		Time       int64             `json:"time"`
		Self       message.UIN       `json:"self"`
		Target     message.UIN       `json:"target"`
		Sender     struct {
			UIN      message.UIN `json:"uin"`
			UID      message.UID `json:"uid"`
			CardName string      `json:"card_name"`
		} `json:"sender"`
	} `json:"parsed"`
}

func TestVectorsMessages(t *testing.T) {
	for _, c := range vectors.Of[vectorCase](t, "messages.json") {
		v := &c
		t.Run(v.ID, func(t *testing.T) {
			switch v.Direction {
			case "pack":
				vectorPack(t, v)
			case "parse":
				vectorParse(t, v)
			case "common_message":
				vectorCommon(t, v)
			default:
				t.Errorf("direction %q is not known", v.Direction)
			}
		})
	}
}

func vectorPack(t *testing.T, v *vectorCase) {
	if v.Elements.HasMedia() {
		packMedia(t, v)
		return
	}
	c, err := v.Elements.Segments()
	if err != nil {
		t.Fatal(err)
	}
	body, err := Encode(c, EncodeOptions{Group: v.Elements.InGroup()})
	for _, e := range v.Elements {
		var object map[string]any
		if e.Kind == "light_app" && json.Unmarshal([]byte(e.Content), &object) != nil && err != nil {
			t.Skipf("what is no JSON object is no card for us: %v (docs/protocol/messages.md 9.1)", err)
		}
	}
	if err != nil {
		t.Fatalf("Encode: %v", err)
	}
	want := new(messagepb.MessageBody)
	if err := pb.Unmarshal(v.Body, want); err != nil {
		t.Fatalf("Unmarshal: %v", err)
	}
	for _, at := range v.Elements {
		if at.Kind == "at" && at.TargetUIN != 0 && at.TargetUID == "" {
			if problem := v.Elements.Compare(Decode(body.RichText, true), content.Read(body)); problem != "" {
				t.Error(problem)
			}
			t.Skip("a mention without a uid: ours is the older form, the author's names nobody (docs/protocol/messages.md 5.2)")
		}
	}
	for _, elems := range [][]*messagepb.Elem{want.GetRichText().GetElems(), body.RichText.Elems} {
		for _, e := range elems {
			plainNothing(t, e)
		}
	}
	for i, e := range v.Elements {
		if dice := string(e.FaceID) == "358" || string(e.FaceID) == "359"; e.Kind == "face" && dice && !e.IsLargeFace {
			t.Skip("dice and rock-paper-scissors are always thrown: ours has no small form of them (docs/protocol/messages.md 5.3)")
		}
		if e.Kind == "at" {
			oursOfMention(t, &e, i, want.GetRichText().GetElems(), body.RichText.Elems)
		}
	}
	for _, elems := range [][]*messagepb.Elem{want.GetRichText().GetElems(), body.RichText.Elems} {
		if err := content.PlainCards(elems); err != nil {
			t.Fatal(err)
		}
	}
	got, err := pb.Marshal(body)
	if err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	if plain, err := pb.Marshal(want); err != nil || !slices.Equal(got, plain) {
		t.Errorf("body:\n got %x\nwant %x, %v", got, plain, err)
	}
}

// plainNothing writes in one way that a large face has no result and that the author of
// a quote has no uid: absent, "" and "0" say the same.
func plainNothing(t *testing.T, e *messagepb.Elem) {
	t.Helper()
	var part proto.Message
	var raw *[]byte
	switch {
	case e.GetCommonElem().GetServiceType() == ServiceLargeFace:
		var face messagepb.LargeFaceElem
		part, raw = &face, &e.CommonElem.PbElem
		unmarshal(t, *raw, part)
		if r := face.GetResultId(); r == "" || r == "0" {
			face.ResultId = nil
		}
	case len(e.GetSrcMsg().GetPbReserve()) > 0:
		var reserve messagepb.SourceMsgReserve
		part, raw = &reserve, &e.SrcMsg.PbReserve
		unmarshal(t, *raw, part)
		if reserve.GetReceiverUid() == "" {
			reserve.ReceiverUid = nil
		}
	default:
		return
	}
	var err error
	if *raw, err = pb.Marshal(part); err != nil {
		t.Fatal(err)
	}
}

// oursOfMention writes into the author's mention what we decide differently: one without
// a number that has a uid is of that member, where the author takes 0 for everyone; everyone
// has no uid; and a mention shows something.
func oursOfMention(t *testing.T, at *content.Element, i int, author, ours []*messagepb.Elem) {
	t.Helper()
	if i >= len(author) || i >= len(ours) {
		return // the bodies differ
	}
	var reserve messagepb.TextReserve
	unmarshal(t, author[i].GetText().GetPbReserve(), &reserve)
	if at.TargetUIN == 0 && reserve.GetAtType() == 1 && reserve.GetAtMemberUid() == string(at.TargetUID) {
		if at.TargetUID == "all" {
			reserve.AtMemberUid = proto.String("")
		} else if at.TargetUID != "" {
			reserve.AtType = proto.Uint32(2)
		}
		raw, err := pb.Marshal(&reserve)
		if err != nil {
			t.Fatal(err)
		}
		author[i].Text.PbReserve = raw
	}
	if at.Display == "" && ours[i].GetText().GetStr() != "" {
		author[i].Text.Str = ours[i].Text.Str
	}
}

// packMedia sends the medium of a body that another client has built, as it is after its
// upload.
func packMedia(t *testing.T, v *vectorCase) {
	want := new(messagepb.MessageBody)
	unmarshal(t, v.Body, want)
	var stored Stored
	var c message.Content
	for _, e := range want.GetRichText().GetElems() {
		switch info := e.GetCommonElem().GetPbElem(); {
		case e.NotOnlineImage != nil:
			stored.Compat = mustMarshal(t, e.NotOnlineImage)
		case e.CustomFace != nil:
			stored.Compat = mustMarshal(t, e.CustomFace)
		case info != nil:
			stored.Info = info
			for _, read := range Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true) {
				c = append(c, withStored(t, read, stored))
			}
		}
	}
	body, err := Encode(c, EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := mustMarshal(t, body); !bytes.Equal(got, v.Body) {
		t.Errorf("got %x, want %x", got, v.Body)
	}
}

// withStored is a medium after its upload.
func withStored(t *testing.T, seg message.Segment, stored Stored) message.Segment {
	t.Helper()
	ready, err := Upload(t.Context(), &storage{stored: stored}, message.Content{seg})
	if err != nil {
		t.Fatal(err)
	}
	return ready[0]
}

func vectorParse(t *testing.T, v *vectorCase) {
	rt := new(messagepb.RichText)
	if err := pb.Unmarshal(v.RichText, rt); err != nil {
		t.Fatalf("Unmarshal: %v", err)
	}
	group := v.Elements.InGroup()
	if problem := v.Elements.Compare(Decode(rt, group), content.Read(&messagepb.MessageBody{RichText: rt})); problem != "" {
		t.Error(problem)
	}
	message.Clean(Decode(rt, group), group)
}

// vectorCommon compares the content before the clean-up, as the vectors have it, and
// then what the clean-up makes of it.
func vectorCommon(t *testing.T, v *vectorCase) {
	const self = 10001
	cm := new(messagepb.CommonMessage)
	if err := pb.Unmarshal(v.Message, cm); err != nil {
		t.Fatalf("Unmarshal: %v", err)
	}
	want := &v.Parsed
	got, err := Parse(v.Message, self)
	if errors.Is(err, ErrIncomplete) && v.Kind == "group" && want.GroupUIN == 0 && cm.GetRoutingHead().GetGroup().GetGroupCode() == 0 {
		// Ours: a message of no group is for nobody. The rest is compared.
		cm.RoutingHead.Group = &messagepb.RoutingGroup{GroupCode: 1}
		want.GroupUIN = 1
		got, err = ParseCommon(cm, self)
	}
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	sequence := got.Sequence
	switch v.Kind {
	case "group":
		if got.Chat.Kind != message.Group || got.Chat.Group != want.GroupUIN || got.GroupName != want.GroupName {
			t.Errorf("chat: got %+v %q, want group %d %q", got.Chat, got.GroupName, want.GroupUIN, want.GroupName)
		}
		if name := got.Sender.Card + got.Sender.Nickname; want.Sender.CardName != "" && !strings.Contains(name, want.Sender.CardName) {
			t.Errorf("sender: got %+v, want the card %q", got.Sender, want.Sender.CardName)
		}
	case "private":
		sequence = got.ClientSequence // the author reads no other
		if got.Chat.Kind != message.Friend || got.Chat.Peer != want.Target {
			t.Errorf("chat: got %+v, want friend %d", got.Chat, want.Target)
		}
	case "temp":
		sequence = got.ClientSequence
		peer := want.Sender.UIN
		if got.Self { // the author does not say to whom
			peer = message.UIN(cm.GetRoutingHead().GetToUin())
		}
		if got.Chat.Kind != message.Temp || got.Chat.Peer != peer {
			t.Errorf("chat: got %+v, want temp %d", got.Chat, peer)
		}
		// The author reads the group in neither of its two places.
		route := cm.GetRoutingHead()
		if group := want.GroupUIN + message.GroupCode(max(route.GetC2C().GetFromTinyId(), route.GetGroup().GetGroupCode())); got.Chat.Group != group {
			t.Errorf("group: got %d, want %d", got.Chat.Group, group)
		}
	default:
		t.Errorf("kind %q is not known", v.Kind)
	}
	if sequence != want.ID || got.Sender.UIN != want.Sender.UIN || got.Sender.UID != want.Sender.UID || got.Self != (want.Sender.UIN == self) {
		t.Errorf("got sequence %d, sender %+v, self %v; want %d, %+v", sequence, got.Sender, got.Self, want.ID, want.Sender)
	}
	if want.InternalID != nil && (got.Random != *want.InternalID || got.Time != want.Time) {
		t.Errorf("got random %d, time %d; want %d, %d", got.Random, got.Time, *want.InternalID, want.Time)
	}
	checkBody(t, want.Elements, got, cm.GetBody())
}

// checkBody compares the content of a message with what a vector says of it.
func checkBody(t *testing.T, want content.List, got *message.Message, body *messagepb.MessageBody) {
	t.Helper()
	group := got.Chat.Kind == message.Group
	c := Decode(body.GetRichText(), group)
	cleaned := message.Clean(slices.Clone(c), group)
	for i := len(cleaned); i < len(got.Content); i++ { // what stands outside of the elements
		c, cleaned = append(c, got.Content[i]), append(cleaned, got.Content[i])
	}
	if problem := want.Compare(c, content.Read(body)); problem != "" {
		t.Error(problem)
	}
	if diff := cmp.Diff(cleaned, got.Content); diff != "" {
		t.Errorf("cleaned (-want +got):\n%s", diff)
	}
}
