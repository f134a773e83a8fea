package elements

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/testing/protocmp"

	"libration/internal/packed"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
	"libration/internal/vectors/content"
	"libration/ntqq/message"
)

// transmitOf reads a payload without what is drawn in each node, and with its cards
// inflated.
func transmitOf(t *testing.T, inflated []byte) map[string][]*messagepb.CommonMessage {
	t.Helper()
	var transmit messagepb.MultiMsgTransmit
	unmarshal(t, inflated, &transmit)
	out := map[string][]*messagepb.CommonMessage{}
	for _, item := range transmit.GetItems() {
		for _, raw := range item.GetContent().GetMessages() {
			m := new(messagepb.CommonMessage)
			unmarshal(t, raw, m)
			if h := m.GetContentHead(); h.Random == nil || h.Sequence == nil {
				t.Errorf("random and sequence are missing: %v", h)
			} else {
				h.Random, h.Sequence = nil, nil
			}
			if err := content.PlainCards(m.GetBody().GetRichText().GetElems()); err != nil {
				t.Fatal(err)
			}
			for _, e := range m.GetBody().GetRichText().GetElems() {
				plainQuote(t, e.GetSrcMsg())
			}
			out[item.GetFileName()] = append(out[item.GetFileName()], m)
		}
	}
	return out
}

// plainQuote leaves out of a quote the whole message, which we write into nodes and the
// author does not, and the sender's uid in field 7 of its reserve, which we do not read
// (docs/protocol/messages.md 6, 10.3).
func plainQuote(t *testing.T, quote *messagepb.SourceMsg) {
	t.Helper()
	if quote == nil {
		return
	}
	quote.SrcMsg = nil
	var reserve messagepb.SourceMsgReserve
	unmarshal(t, quote.GetPbReserve(), &reserve)
	reserve.ReceiverUid = nil
	raw, err := pb.Marshal(&reserve)
	if err != nil {
		t.Fatal(err)
	}
	quote.PbReserve = raw
}

// bodiesOf are the messages of the outermost forward in a payload.
func bodiesOf(t *testing.T, inflated []byte) []*messagepb.MessageBody {
	t.Helper()
	var transmit messagepb.MultiMsgTransmit
	unmarshal(t, inflated, &transmit)
	var out []*messagepb.MessageBody
	items := transmit.GetItems()
	first := max(0, slices.IndexFunc(items, func(item *messagepb.MultiMsgItem) bool { return item.GetFileName() == "MultiMsg" }))
	for _, item := range items[min(first, len(items)):min(first+1, len(items))] {
		for _, raw := range item.GetContent().GetMessages() {
			m := new(messagepb.CommonMessage)
			unmarshal(t, raw, m)
			out = append(out, m.GetBody())
		}
	}
	return out
}

type forwardVector struct {
	ID, Kind                 string
	Body, Response, Inflated vectors.Hex
	Args                     struct {
		Group   message.GroupCode
		SelfUID message.UID `json:"self_uid"`
	}
	Nodes []content.Node
}

func TestVectorsForward(t *testing.T) {
	nodes := map[string][]message.Node{} // by the part of the id behind the kind
	cards := map[string]string{}
	for _, v := range vectors.Read[struct{ ID, Kind, Inflated string }](t, "longmsg.json") {
		cards[v.ID] = v.Inflated
	}
	for _, raw := range vectors.Of[json.RawMessage](t, "longmsg.json") {
		var v forwardVector
		var kind struct{ ID, Kind string }
		if err := json.Unmarshal(raw, &kind); err != nil {
			t.Fatal(err)
		}
		if kind.Kind != "card" { // its text is no hexadecimal
			if err := json.Unmarshal(raw, &v); err != nil {
				t.Fatal(err)
			}
		}
		_, name, _ := strings.Cut(kind.ID, "/")
		t.Run(kind.ID, func(t *testing.T) {
			switch kind.Kind {
			case "upload":
				nodes[name] = vectorUpload(t, &v)
			case "download":
				vectorDownload(t, &v)
			case "card":
				vectorCard(t, nodes[name], cards[kind.ID])
			default:
				t.Errorf("kind %q is not known", kind.Kind)
			}
		})
	}
}

// vectorUpload reads what another client uploads, and uploads it again.
func vectorUpload(t *testing.T, v *forwardVector) []message.Node {
	var req messagepb.LongMsgReq
	unmarshal(t, v.Body, &req)
	payload := req.GetSend().GetPayload()
	if err := CheckForward(payload); err != nil {
		t.Errorf("CheckForward: %v", err)
	}
	nodes, err := DecodeForward(payload)
	if err != nil {
		t.Fatal(err)
	}
	sent := make([]message.Node, len(nodes))
	for i, n := range nodes {
		n.Avatar = ""
		sent[i] = n
	}
	again, err := EncodeForward(message.Forward(sent...), Scene{Group: v.Args.Group, SelfUID: v.Args.SelfUID})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(transmitOf(t, v.Inflated), transmitOf(t, inflated(t, again)), protocmp.Transform()); diff != "" {
		t.Errorf("transmit (-want +got):\n%s", diff)
	}
	return nodes
}

func vectorDownload(t *testing.T, v *forwardVector) {
	var resp messagepb.LongMsgResp
	unmarshal(t, v.Response, &resp)
	payload := resp.GetRecv().GetPayload()
	got, err := DecodeForward(payload)
	if err != nil {
		t.Fatal(err)
	}
	bodies := bodiesOf(t, inflated(t, payload))
	if len(got) != len(v.Nodes) || len(bodies) != len(got) {
		t.Fatalf("got %d nodes of %d messages, want %d", len(got), len(bodies), len(v.Nodes))
	}
	for i, n := range got {
		want := &v.Nodes[i]
		if n.Group != want.GroupID || n.UIN != want.SenderID || n.Name != want.SenderName || n.Time == 0 || !strings.Contains(n.Avatar, "qlogo") {
			t.Errorf("node %d: got %+v, want %+v", i, n, want)
		}
		if problem := want.Elements.Compare(n.Content, content.Read(bodies[i])); problem != "" {
			t.Errorf("node %d: %s", i, problem)
		}
	}
}

// vectorCard makes the card of the nodes that the upload of the same name has.
func vectorCard(t *testing.T, nodes []message.Node, inflated string) {
	var card struct {
		Meta struct {
			Detail struct {
				News          []struct{ Text string }
				ResID, UniSeq string
			}
		}
	}
	if err := json.Unmarshal([]byte(inflated), &card); err != nil {
		t.Fatal(err)
	}
	detail := &card.Meta.Detail
	f := &message.ForwardSegment{Nodes: nodes, ID: detail.ResID, FileName: detail.UniSeq}
	if nodes == nil { // there is no upload of this name
		for _, line := range detail.News {
			f.Preview = append(f.Preview, line.Text)
		}
		f.Count = len(detail.News)
	}
	body, err := Encode(message.Content{f}, EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := &messagepb.Elem{LightApp: &messagepb.LightApp{Data: append([]byte{0}, inflated...)}}
	for i, n := range nodes {
		if theirs, ours := n.Name+": "+authorsBrief(n.Content), n.Name+": "+message.Brief(n.Content); i < len(detail.News) && detail.News[i].Text == theirs {
			want.LightApp.Data = bytes.Replace(want.LightApp.Data, jsonText(t, theirs), jsonText(t, ours), 1)
		}
	}
	elems := []*messagepb.Elem{want, body.RichText.Elems[0]}
	if err := content.PlainCards(elems); err != nil {
		t.Fatal(err)
	}
	if want, got := string(elems[0].LightApp.Data), string(elems[1].LightApp.Data); got != want {
		t.Errorf("card\n got %s\nwant %s", got, want)
	}
}

// authorsBrief is [message.Brief] where the author says less of dice and of cards than we
// (docs/protocol/messages.md 10.4).
func authorsBrief(c message.Content) string {
	plain := slices.Clone(c)
	for i, seg := range plain {
		switch seg.(type) {
		case *message.FaceSegment:
			plain[i] = message.Face(1)
		case *message.ForwardSegment, *message.LocationSegment, *message.LightAppSegment:
			plain[i] = message.LightApp("{}")
		}
	}
	return message.Brief(plain)
}

// jsonText is a text as it stands in a card of the vectors.
func jsonText(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// TestVectorsForwardRequests makes the payloads that another client makes of nodes.
func TestVectorsForwardRequests(t *testing.T) {
	n := 0
	for _, v := range vectors.Read[struct {
		ID       string
		Args     json.RawMessage
		Inflated vectors.Hex `json:"payload_inflated"`
	}](t, "oidb_requests.json") {
		if len(v.Inflated) == 0 {
			continue
		}
		n++
		var args struct {
			Group message.GroupCode
			Nodes []content.Node
		}
		if err := json.Unmarshal(v.Args, &args); err != nil {
			t.Fatal(err)
		}
		f := &message.ForwardSegment{}
		for i := range args.Nodes {
			node, err := args.Nodes[i].Send()
			if err != nil {
				t.Fatal(err)
			}
			f.Nodes = append(f.Nodes, node)
		}
		payload, err := EncodeForward(f, Scene{Group: args.Group}) // that client does not know its own text id yet
		if err != nil {
			t.Fatal(err)
		}
		// That client writes the present time, whatever the node says.
		timeless := protocmp.IgnoreFields(&messagepb.ContentHead{}, "time")
		if diff := cmp.Diff(transmitOf(t, v.Inflated), transmitOf(t, inflated(t, payload)), protocmp.Transform(), timeless); diff != "" {
			t.Errorf("%s: transmit (-want +got):\n%s", v.ID, diff)
		}
	}
	if n < 2 {
		t.Errorf("found %d vectors, want 2 at least", n)
	}
}

// TestVectorsOldForward reads the forwards of a client before NT.
func TestVectorsOldForward(t *testing.T) {
	for _, c := range vectors.Of[capture](t, "captures.json") {
		t.Run(c.ID, func(t *testing.T) {
			want := expect[struct {
				Items  []string `json:"items"`
				Counts []int    `json:"messages_in_items"`
			}](t, &c)
			nodes, err := DecodeForward(packed.AppendGzipped(nil, c.Body))
			if err != nil {
				t.Fatal(err)
			}
			if len(nodes) != want.Counts[0] {
				t.Fatalf("got %d nodes, want %d", len(nodes), want.Counts[0])
			}
			var nested []int
			for i, n := range nodes {
				if n.UIN == 0 || n.Name == "" || n.Time < 1.6e9 || n.Group == 0 || len(n.Content) == 0 {
					t.Errorf("node %d: %+v", i, n)
				}
				for _, seg := range n.Content {
					if f, ok := seg.(*message.ForwardSegment); ok && len(f.Nodes) > 0 {
						nested = append(nested, len(f.Nodes))
					}
				}
			}
			if diff := cmp.Diff(want.Counts[1:], nested, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("messages of nested forwards (-want +got):\n%s", diff)
			}
		})
	}
}
