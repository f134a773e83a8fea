package message

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/packed"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
)

// vectorNode is a node as the vectors write it.
type vectorNode struct {
	Group   GroupCode       `json:"group_id"`
	UIN     UIN             `json:"sender_id"`
	Name    string          `json:"sender_name"`
	Time    int64           `json:"time"`
	Message []vectorElement `json:"message"`
	Content []vectorElement `json:"elements"`
}

func (n *vectorNode) node() Node {
	return Node{Group: n.Group, UIN: n.UIN, Name: n.Name, Time: n.Time, Content: vectorContent(append(n.Message, n.Content...))}
}

func decodeBody(t *testing.T, body []byte) Content {
	t.Helper()
	var m messagepb.MessageBody
	if err := pb.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	return Decode(m.GetRichText(), true)
}

// transmitOf reads a payload without what is drawn in each node, and with its cards
// inflated.
func transmitOf(t *testing.T, inflated []byte) map[string][]*messagepb.CommonMessage {
	t.Helper()
	var transmit messagepb.MultiMsgTransmit
	if err := pb.Unmarshal(inflated, &transmit); err != nil {
		t.Fatal(err)
	}
	out := map[string][]*messagepb.CommonMessage{}
	for _, item := range transmit.GetItems() {
		for _, raw := range item.GetContent().GetMessages() {
			m := new(messagepb.CommonMessage)
			if err := pb.Unmarshal(raw, m); err != nil {
				t.Fatal(err)
			}
			if h := m.GetContentHead(); h.Random == nil || h.Sequence == nil {
				t.Errorf("random and sequence are missing: %v", h)
			} else {
				h.Random, h.Sequence = nil, nil
			}
			body := m.Body
			m.Body = new(messagepb.MessageBody)
			if err := pb.Unmarshal(plainCards(t, encoded(t, body)), m.Body); err != nil {
				t.Fatal(err)
			}
			out[item.GetFileName()] = append(out[item.GetFileName()], m)
		}
	}
	return out
}

func gunzip(t testing.TB, payload []byte) []byte {
	t.Helper()
	raw, err := packed.Gunzip(payload, MaxForwardBytes)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestVectorsForward(t *testing.T) {
	type vector struct {
		ID, Kind, Body, Response, Inflated string
		Args                               struct {
			Group   GroupCode
			SelfUID UID `json:"self_uid"`
			ResID   string
		}
		Nodes []vectorNode
	}
	nodes := map[string][]Node{} // by the part of the id behind the kind
	for _, v := range vectors.Read[vector](t, "longmsg.json") {
		t.Run(v.ID, func(t *testing.T) {
			_, name, _ := strings.Cut(v.ID, "/")
			switch v.Kind {
			case "upload":
				var req messagepb.LongMsgReq
				if err := pb.Unmarshal(unhex(t, v.Body), &req); err != nil {
					t.Fatal(err)
				}
				payload := req.GetSend().GetPayload()
				if err := CheckForward(payload); err != nil {
					t.Errorf("CheckForward: %v", err)
				}
				list, err := DecodeForward(payload)
				if err != nil {
					t.Fatal(err)
				}
				nodes[name] = list
				sent := make([]Node, len(list))
				for i, n := range list {
					n.Avatar = ""
					sent[i] = n
				}
				again, err := EncodeForward(Forward(sent...), Scene{v.Args.Group, v.Args.SelfUID})
				if err != nil {
					t.Fatal(err)
				}
				want := transmitOf(t, unhex(t, v.Inflated))
				if diff := cmp.Diff(want, transmitOf(t, gunzip(t, again)), cmp.Comparer(equalMessages)); diff != "" {
					t.Errorf("transmit (-want +got):\n%s", diff)
				}
			case "download":
				var resp messagepb.LongMsgResp
				if err := pb.Unmarshal(unhex(t, v.Response), &resp); err != nil {
					t.Fatal(err)
				}
				got, err := DecodeForward(resp.GetRecv().GetPayload())
				if err != nil {
					t.Fatal(err)
				}
				var want []Node
				for _, n := range v.Nodes {
					want = append(want, n.node())
				}
				for i := range got {
					if got[i].Time == 0 || !strings.Contains(got[i].Avatar, "qlogo") {
						t.Errorf("node %d: time %d, avatar %q", i, got[i].Time, got[i].Avatar)
					}
					got[i].Time, got[i].Avatar = 0, ""
				}
				if name == "group-nested" { // that client makes a forward of the card in a later step
					if f, ok := got[0].Content[0].(*ForwardSegment); !ok || f.ID == "" {
						t.Errorf("got %v, want a forward", got[0].Content)
					}
					want[0].Content, got[0].Content = nil, nil
				}
				if diff := cmp.Diff(want, got, cmp.Transformer("plain", plainJSON)); diff != "" {
					t.Errorf("nodes (-want +got):\n%s", diff)
				}
			case "card":
				var card forwardCard
				if err := json.Unmarshal([]byte(v.Inflated), &card); err != nil {
					t.Fatal(err)
				}
				f := Forward(nodes[name]...)
				f.ID, f.FileName = card.Meta.Detail.ResID, card.Meta.Detail.UniSeq
				got, err := f.Card().json()
				if err != nil {
					t.Fatal(err)
				}
				want := v.Inflated
				if name == "group-nested" { // ours knows that the card is a forward (docs/protocol/messages.md 10.4)
					want = strings.Replace(want, "Anne: [卡片消息]", "Anne: [聊天记录]", 1)
				}
				if got != want {
					t.Errorf("card\n got %s\nwant %s", got, want)
				}
			default:
				t.Errorf("kind %q is not known", v.Kind)
			}
		})
	}
}

func equalMessages(a, b *messagepb.CommonMessage) bool { return proto.Equal(a, b) }

// plainJSON leaves out what the vectors do not say of cards.
func plainJSON(l *LightAppSegment) string { return l.JSON }

// checkOldForward reads the forward of a client before NT.
func checkOldForward(t *testing.T, inflated []byte) {
	t.Helper()
	nodes, err := DecodeForward(packed.AppendGzipped(nil, inflated))
	if err != nil {
		t.Fatal(err)
	}
	if len(nodes) != 3 {
		t.Fatalf("got %d nodes, want 3", len(nodes))
	}
	for i, n := range nodes {
		if n.UIN != 1234567890 || n.Name == "" || n.Time < 1.6e9 || n.Group != 1234567890 || len(n.Content) == 0 {
			t.Errorf("node %d: %+v", i, n)
		}
	}
	f, ok := nodes[0].Content[0].(*ForwardSegment)
	if !ok || len(f.Nodes) != 4 {
		t.Errorf("got %+v, want a forward of 4 messages", nodes[0].Content)
	}
}
