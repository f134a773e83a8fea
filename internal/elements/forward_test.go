package elements

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"libration/internal/packed"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
	"libration/ntqq/message"
)

// item is an item of a payload.
func item(name string, messages ...*messagepb.CommonMessage) *messagepb.MultiMsgItem {
	content := &messagepb.MultiMsgContent{}
	for i, m := range messages {
		if i > 0 && m == messages[i-1] {
			content.Messages = append(content.Messages, content.Messages[i-1])
			continue
		}
		raw, err := pb.Marshal(m)
		if err != nil {
			panic(err)
		}
		content.Messages = append(content.Messages, raw)
	}
	return &messagepb.MultiMsgItem{FileName: name, Content: content}
}

func payloadOf(t testing.TB, items ...*messagepb.MultiMsgItem) []byte {
	t.Helper()
	return packed.AppendGzipped(nil, mustMarshal(t, &messagepb.MultiMsgTransmit{Items: items}))
}

// nodeMessage is a node with these elements.
func nodeMessage(elems ...*messagepb.Elem) *messagepb.CommonMessage {
	return &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: 5}, ContentHead: &messagepb.ContentHead{Time: proto.Uint64(7)},
		Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: elems}},
	}
}

// cardElem is the card of the forward in the item with this name.
func cardElem(item string) *messagepb.Elem {
	return lightAppElem("\x00" + `{"app":"com.tencent.multimsg","meta":{"detail":{"uniseq":"` + item + `"}}}`)
}

func inflated(t testing.TB, payload []byte) []byte {
	t.Helper()
	raw, err := packed.Gunzip(payload, message.MaxForwardBytes)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func openForward(t testing.TB, payload []byte) []message.Node {
	t.Helper()
	nodes, err := DecodeForward(payload)
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

// shape writes how forwards stand within one another.
func shape(nodes []message.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		for _, seg := range n.Content {
			if f, ok := seg.(*message.ForwardSegment); ok {
				b.WriteString(f.FileName + "(" + shape(f.Nodes) + ")")
			} else {
				b.WriteString(message.Brief(message.Content{seg}))
			}
		}
	}
	return b.String()
}

func TestForwardItems(t *testing.T) {
	text := func(s string) *messagepb.Elem { return &messagepb.Elem{Text: &messagepb.Text{Str: &s}} }
	damaged := item("", nodeMessage(text("a")), nodeMessage(text("b")), nodeMessage(text("c")))
	damaged.FileName = rootItem
	damaged.Content.Messages[1] = []byte{0xFF}
	for want, items := range map[string][]*messagepb.MultiMsgItem{
		"x":             {item("other", nodeMessage(text("y"))), item(rootItem, nodeMessage(text("x")))},
		"y":             {item("some", nodeMessage(text("y"))), item("more", nodeMessage(text("z")))},
		"ac":            {damaged},
		"i(x)i(x)":      {item(rootItem, nodeMessage(cardElem("i")), nodeMessage(cardElem("i"))), item("i", nodeMessage(text("x")))},
		"i()":           {item(rootItem, nodeMessage(cardElem("i")))},
		"i(j(i()))":     {item(rootItem, nodeMessage(cardElem("i"))), item("i", nodeMessage(cardElem("j"))), item("j", nodeMessage(cardElem("i")))},
		"MultiMsg()":    {item(rootItem, nodeMessage(cardElem(rootItem)))},
		"i(x)":          {item(rootItem, nodeMessage(cardElem("i"))), item("i", nodeMessage(text("x"))), item("i", nodeMessage(text("y")))},
		"i(MultiMsg())": {item(rootItem, nodeMessage(cardElem("i"))), item("i", nodeMessage(cardElem(rootItem)))},
	} {
		if got := shape(openForward(t, payloadOf(t, items...))); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for name, payload := range map[string][]byte{
		"nothing":     nil,
		"no gzip":     []byte("text"),
		"no protobuf": packed.AppendGzipped(nil, []byte{0xFF}),
		"no items":    payloadOf(t),
		"no messages": payloadOf(t, item(rootItem)),
		"damaged":     payloadOf(t, &messagepb.MultiMsgItem{FileName: rootItem, Content: &messagepb.MultiMsgContent{Messages: [][]byte{{0xFF}, {}}}}),
	} {
		if nodes, err := DecodeForward(payload); !errors.Is(err, message.ErrBadForward) || nodes != nil {
			t.Errorf("%s: got %v, %v", name, nodes, err)
		}
	}
}

// TestForwardDepth: the deepest forwards keep their cards, and lose nothing else.
func TestForwardDepth(t *testing.T) {
	items := []*messagepb.MultiMsgItem{item(rootItem, nodeMessage(cardElem("1")))}
	for i := 1; i < 30; i++ {
		items = append(items, item(fmt.Sprint(i), nodeMessage(cardElem(fmt.Sprint(i+1)))))
	}
	want := "1(2(3(4(5(6(7(8(9(10())))))))))" // the last one is a card alone
	if got := shape(openForward(t, payloadOf(t, items...))); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestForwardBombs: whatever comes takes bounded memory and time.
func TestForwardBombs(t *testing.T) {
	empty := &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: 999}}
	manyElems := nodeMessage()
	for range 60000 {
		manyElems.Body.RichText.Elems = append(manyElems.Body.RichText.Elems, empty)
	}
	var manyNodes, cards, bombs []*messagepb.CommonMessage
	node := nodeMessage()
	for range 60000 {
		manyNodes = append(manyNodes, node)
	}
	long := nodeMessage(&messagepb.Elem{Text: &messagepb.Text{Str: proto.String(strings.Repeat("x", 4<<20))}})
	card := `{"app":"` + strings.Repeat("x", message.MaxCard-100) + `"}`
	bomb := nodeMessage(lightAppElem(string(packed.AppendDeflated([]byte{cardZlib}, []byte(card)))))
	closed := nodeMessage(cardElem("long"))
	for range 1000 {
		cards = append(cards, closed)
		bombs = append(bombs, bomb)
	}
	var doubling []*messagepb.MultiMsgItem
	doubling = append(doubling, item(rootItem, nodeMessage(cardElem("0"))))
	for i := range 20 {
		next := nodeMessage(cardElem(fmt.Sprint(i + 1)))
		doubling = append(doubling, item(fmt.Sprint(i), next, next, next, next, next, next, next, next))
	}
	for name, c := range map[string]struct {
		payload []byte
		fails   bool
	}{
		"inflates":         {packed.AppendGzipped(nil, make([]byte, 64<<20)), true},
		"elements":         {payloadOf(t, item(rootItem, manyElems, manyElems)), true},
		"nodes":            {payloadOf(t, item(rootItem, manyNodes...)), false},
		"nodes in fields":  {packed.AppendGzipped(nil, []byte(strings.Repeat("\x0a\x00", 4<<20-10))), true},
		"cards":            {payloadOf(t, item(rootItem, bombs...)), false},
		"one opened often": {payloadOf(t, item(rootItem, cards...), item("long", long)), false},
		"doubling":         {payloadOf(t, doubling...), false},
	} {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		nodes, err := DecodeForward(c.payload)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if (err != nil) != c.fails {
			t.Errorf("%s: got %d nodes, %v", name, len(nodes), err)
		}
		made := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%s: %d bytes took %v and %d MiB: %v", name, len(c.payload), took, made, err)
		if made > 150 || took > 20*time.Second {
			t.Errorf("%s: %d bytes took %v and %d MiB", name, len(c.payload), took, made)
		}
	}
}

func TestEncodeForwardLimits(t *testing.T) {
	noise := make([]byte, 3<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(' ' + r.IntN(90))
	}
	for what, f := range map[message.ForwardPart]*message.ForwardSegment{
		message.ForwardNodes:   {Nodes: make([]message.Node, message.MaxForwardNodes+1)},
		message.ForwardBytes:   message.Forward(message.Node{Content: message.Content{message.Text(strings.Repeat("x", message.MaxForwardBytes))}}),
		message.ForwardPayload: message.Forward(message.Node{Content: message.Content{message.Text(string(noise))}}),
	} {
		_, err := EncodeForward(f, Scene{})
		var limit *message.ForwardLimitError
		if !errors.As(err, &limit) || limit.What != what || !errors.Is(err, message.ErrTooLarge) || !strings.Contains(err.Error(), fmt.Sprint(limit.Limit)) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if _, err := EncodeForward(&message.ForwardSegment{ID: "x"}, Scene{}); err == nil {
		t.Error("a forward without nodes was encoded")
	}
	bad := message.Forward(message.Node{}, message.Node{Content: message.Content{message.Text("x"), message.At(0)}})
	if _, err := EncodeForward(bad, Scene{}); err == nil || !strings.HasPrefix(err.Error(), "node 1: segment 1: ") {
		t.Errorf("got %v, want the place of the segment", err)
	}
}

// TestNodeContent: what is no element, and a node without content.
func TestNodeContent(t *testing.T) {
	file := &message.UnknownSegment{Element: message.ElementFileContent, Raw: []byte{10, 0}}
	private := &message.FileSegment{ID: "f", FileName: "a.zip", Size: 5, MD5: someMD5, Hash: "h"}
	ofGroup := &message.FileSegment{ID: "/f", FileName: "a.zip", Size: 5 << 30, BusID: message.BusTemporary, MD5: someMD5}
	nodes := []message.Node{
		{}, {Content: message.Content{file}}, {Content: message.Content{private}}, {Content: message.Content{ofGroup}}, {Group: 1, Content: message.Content{ofGroup}}, {Content: message.Content{&message.UnknownSegment{Element: message.ElementPtt}}},
		{Content: message.Content{&message.RedPacketSegment{Title: "x"}}}, {Content: message.Content{&message.RedPacketSegment{Title: "x"}, message.Text("x")}},
	}
	payload, err := EncodeForward(message.Forward(nodes...), Scene{SelfUID: "u_self"})
	if err != nil {
		t.Fatal(err)
	}
	got := openForward(t, payload)
	unshown := message.Content{message.Text("[该消息类型暂不支持查看]")}
	for i, want := range []message.Content{unshown, {file}, {private}, {ofGroup}, {ofGroup}, unshown, unshown, {message.Text("x")}} {
		if diff := cmp.Diff(want, got[i].Content); diff != "" {
			t.Errorf("node %d (-want +got):\n%s", i, diff)
		}
		if age := time.Since(time.Unix(got[i].Time, 0)); age < 0 || age > time.Minute {
			t.Errorf("node %d: time %d, want now", i, got[i].Time)
		}
	}
}

// TestNodeMentionsStay: in a node no client adds a mention behind a quote, so that one there was
// written by somebody.
func TestNodeMentionsStay(t *testing.T) {
	want := message.Content{
		&message.ReplySegment{Sequence: 3, SenderUIN: 9, SenderUID: "u_9", Random: 1, Time: 4, Content: message.Content{message.Text("q")}},
		&message.AtSegment{UIN: 9, Display: "@nine"}, message.Text("x"),
	}
	payload, err := EncodeForward(message.Forward(message.Node{UIN: 1, Group: 2, Content: want}), Scene{Group: 2})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, openForward(t, payload)[0].Content); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
	var transmit messagepb.MultiMsgTransmit
	var m, whole messagepb.CommonMessage
	if err := errors.Join(pb.Unmarshal(inflated(t, payload), &transmit), pb.Unmarshal(transmit.GetItems()[0].GetContent().GetMessages()[0], &m)); err != nil {
		t.Fatal(err)
	}
	quote := m.GetBody().GetRichText().GetElems()[0].GetSrcMsg()
	if err := pb.Unmarshal(quote.GetSrcMsg(), &whole); err != nil || whole.GetRoutingHead().GetFromUin() != 9 ||
		whole.GetRoutingHead().GetGroup().GetGroupCode() != 2 || whole.GetContentHead().GetSequence() != 3 || len(quote.GetElems()) != 1 {
		t.Errorf("the quote carries %v, %v", &whole, err)
	}
}

// TestForwardWithinForward: each has an item of its own, whatever its card is called.
func TestForwardWithinForward(t *testing.T) {
	leaf := func(name, id, text string) *message.ForwardSegment {
		f := message.Forward(message.Node{UIN: 1, Name: "n", Time: 1, Content: message.Content{message.Text(text)}})
		f.FileName, f.ID = name, id
		return f
	}
	nodes := func(list ...*message.ForwardSegment) (out []message.Node) {
		for _, f := range list {
			out = append(out, message.Node{UIN: 1, Time: 1, Content: message.Content{f}})
		}
		return out
	}
	for name, c := range map[string]struct {
		list  []*message.ForwardSegment
		items int
	}{
		"no names":   {[]*message.ForwardSegment{leaf("", "", "a"), leaf("", "", "b")}, 3},
		"same name":  {[]*message.ForwardSegment{leaf("n", "", "a"), leaf("n", "", "b")}, 3},
		"root name":  {[]*message.ForwardSegment{leaf(rootItem, "", "a")}, 2},
		"same twice": {[]*message.ForwardSegment{leaf("n", "id", "a"), leaf("n", "id", "a")}, 2},
	} {
		payload, err := EncodeForward(message.Forward(nodes(c.list...)...), Scene{})
		if err != nil {
			t.Fatal(err)
		}
		var transmit messagepb.MultiMsgTransmit
		if err := pb.Unmarshal(inflated(t, payload), &transmit); err != nil {
			t.Fatal(err)
		}
		if len(transmit.GetItems()) != c.items || transmit.GetItems()[0].GetFileName() != rootItem {
			t.Errorf("%s: got %d items, want %d", name, len(transmit.GetItems()), c.items)
		}
		for i, n := range openForward(t, payload) {
			got := n.Content[0].(*message.ForwardSegment)
			if diff := cmp.Diff(c.list[i].Nodes, plainNodes(got.Nodes)); diff != "" {
				t.Errorf("%s: forward %d (-want +got):\n%s", name, i, diff)
			}
		}
	}
}

// plainNodes is what was said of nodes, without what was made on the way.
func plainNodes(nodes []message.Node) []message.Node {
	var out []message.Node
	for _, n := range nodes {
		n.Avatar = ""
		n.Content = append(message.Content(nil), n.Content...)
		for i, seg := range n.Content {
			if f, ok := seg.(*message.ForwardSegment); ok {
				n.Content[i] = &message.ForwardSegment{Nodes: plainNodes(f.Nodes)}
			}
		}
		out = append(out, n)
	}
	return out
}

// drawNodes draws nodes with forwards within them.
func drawNodes(t *rapid.T, depth int) []message.Node {
	name := rapid.String()
	var nodes []message.Node
	for range rapid.IntRange(1, 3).Draw(t, "nodes") {
		n := message.Node{
			UIN: message.UIN(rapid.Uint32().Draw(t, "uin")), Name: pb.Text(name.Draw(t, "name")),
			Time: int64(rapid.Uint32Min(1).Draw(t, "time")), Group: message.GroupCode(rapid.Uint32().Draw(t, "group")),
		}
		switch rapid.IntRange(0, 3).Draw(t, "content") {
		case 0:
			n.Content = message.Content{message.Text("x" + receivedText(pb.Text(name.Draw(t, "text")))), message.Face(14)}
		case 1:
			n.Content = message.Content{&message.LightAppSegment{App: "com.x", JSON: `{"app":"com.x"}`}}
		case 2:
			n.Content = message.Content{&message.ReplySegment{
				Sequence: 2, ClientSequence: 3, Time: 4, SenderUIN: 5, SenderUID: "u_5", Random: rapid.Uint32Min(1).Draw(t, "random"),
				Content: message.Content{message.Text("quoted")},
			}, message.Text("answer")}
			if n.Group != 0 {
				n.Content[0].(*message.ReplySegment).ClientSequence = 0
			}
		case 3:
			if depth == 3 {
				n.Content = message.Content{message.Text("deep")}
				break
			}
			f := message.Forward(drawNodes(t, depth+1)...)
			f.FileName = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "file name")
			n.Content = message.Content{f}
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// TestForwardsComeBack: what a payload was made of is read from it.
func TestForwardsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawNodes(t, 0)
		payload, err := EncodeForward(message.Forward(want...), Scene{Group: 5, SelfUID: "u_self"})
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckForward(payload); err != nil {
			t.Errorf("CheckForward: %v", err)
		}
		got, err := DecodeForward(payload)
		if diff := cmp.Diff(plainNodes(want), plainNodes(got)); err != nil || diff != "" {
			t.Errorf("nodes: %v (-want +got):\n%s", err, diff)
		}
	})
}

// count counts the nodes and how deep forwards stand within one another.
func count(nodes []message.Node) (n, depth int) {
	n = len(nodes)
	for i := range nodes {
		for _, seg := range nodes[i].Content {
			if f, ok := seg.(*message.ForwardSegment); ok && f.Nodes != nil {
				inner, below := count(f.Nodes)
				n, depth = n+inner, max(depth, below)
			}
		}
	}
	return n, depth + 1
}

func FuzzDecodeForward(f *testing.F) {
	for _, v := range vectors.Read[struct{ Kind, Inflated string }](f, "longmsg.json") {
		if v.Kind == "upload" {
			f.Add(unhex(f, v.Inflated))
		}
	}
	for _, items := range [][]*messagepb.MultiMsgItem{
		{item(rootItem, nodeMessage(cardElem("i")), nodeMessage(cardElem("i"))), item("i", nodeMessage(cardElem("i")), nodeMessage(cardElem("j"))), item("j", nodeMessage(cardElem("i")))},
		{item("x", nodeMessage(&messagepb.Elem{SrcMsg: &messagepb.SourceMsg{OrigSeqs: []uint64{1}, SrcMsg: mustMarshal(f, nodeMessage(cardElem("x")))}}))},
	} {
		f.Add(mustMarshal(f, &messagepb.MultiMsgTransmit{Items: items}))
	}
	f.Add(mustMarshal(f, &messagepb.MultiMsgTransmit{Messages: [][]byte{mustMarshal(f, nodeMessage(cardElem("x")))}}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		nodes, err := DecodeForward(packed.AppendGzipped(nil, raw))
		if (err == nil) != (len(nodes) > 0) {
			t.Fatalf("got %d nodes, %v", len(nodes), err)
		}
		if err != nil {
			return
		}
		if n, depth := count(nodes); n > pb.MaxEntries || depth > message.MaxForwardDepth {
			t.Errorf("got %d nodes, %d within one another", n, depth)
		}
		forward := message.Forward(nodes...)
		forward.Card()
		payload, err := EncodeForward(forward, Scene{})
		if err != nil {
			return // not everything that is received can be sent
		}
		again, err := DecodeForward(payload)
		if err != nil || len(again) != len(nodes) {
			t.Errorf("sent again: got %d nodes, %v, want %d", len(again), err, len(nodes))
		}
	})
}

func FuzzDecodeForwardPayload(f *testing.F) {
	payload, err := EncodeForward(message.Forward(message.Node{Content: message.Content{message.Text("x")}}), Scene{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Add(packed.AppendGzipped(nil, make([]byte, 1<<20)))
	f.Fuzz(func(t *testing.T, payload []byte) {
		nodes, err := DecodeForward(payload)
		var limit *message.ForwardLimitError
		if (err == nil) != (len(nodes) > 0) || err != nil && !errors.Is(err, message.ErrBadForward) && !errors.As(err, &limit) {
			t.Errorf("got %d nodes, %v", len(nodes), err)
		}
		if refused := CheckForward(payload); err == nil && refused != nil && !errors.Is(refused, message.ErrBadForward) {
			t.Errorf("%d nodes are read, and the payload is refused: %v", len(nodes), refused)
		}
	})
}

// hundred is a forward as people make them.
func hundred() *message.ForwardSegment {
	f := &message.ForwardSegment{}
	for i := range 100 {
		n := message.Node{UIN: message.UIN(10001 + i%7), Name: fmt.Sprint("成员 ", i%7), Time: 1700000000 + int64(i), Group: 730000001,
			Content: message.Content{message.Text(fmt.Sprint("第 ", i, " 条消息，")), &message.AtSegment{UIN: 10001, UID: "u_selfselfselfselfselfAA", Display: "@self"}, message.Face(14)}}
		f.Nodes = append(f.Nodes, n)
	}
	return f
}

func BenchmarkEncodeForward(b *testing.B) {
	f := hundred()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := EncodeForward(f, Scene{Group: 730000001}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeForward(b *testing.B) {
	payload, err := EncodeForward(hundred(), Scene{Group: 730000001})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(inflated(b, payload))))
	for b.Loop() {
		if _, err := DecodeForward(payload); err != nil {
			b.Fatal(err)
		}
	}
}
