package elements

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// errNoNodes is why a forward cannot be sent that says nothing at all.
var errNoNodes = errors.New("the forward has neither nodes nor an id")

// unshownText stands in a node for content that cannot be put into one
// (docs/protocol/messages.md 10.3).
const unshownText = "[该消息类型暂不支持查看]"

// ContentHead.type of a node from a private chat, with its sub_type and c2c_cmd
// (docs/protocol/messages.md 10.3).
const (
	typePrivateNode = 9
	subPrivateNode  = 4
)

// uploadForward uploads what the nodes bring along, forwards within it first, and then the
// forward itself. One without nodes is on the service already.
func uploadForward(ctx context.Context, u *uploading, f *message.ForwardSegment) (message.Segment, error) {
	if len(f.Nodes) == 0 {
		if f.ID == "" {
			return nil, errNoNodes
		}
		return f, nil
	}
	if err := f.CheckLimits(); err != nil {
		return nil, err
	}
	ready := *f
	ready.Nodes = slices.Clone(f.Nodes)
	for i := range ready.Nodes {
		n := &ready.Nodes[i]
		var err error
		if n.Content, err = u.content(ctx, n.Content); err != nil {
			return nil, &message.NodeError{Index: i, Err: err}
		}
	}
	payload, err := encodeForward(u.table, &ready, u.to.Scene())
	if err != nil {
		return nil, err
	}
	if ready.ID, err = u.to.UploadForward(ctx, payload); err != nil {
		return nil, err
	}
	ready.FileName = fileNameOf([]byte(ready.ID))
	return ready.Card(), nil
}

// EncodeForward returns the payload that is uploaded for a forward, gzip of an encoded
// MultiMsgTransmit (docs/protocol/messages.md 10.1, 10.3). Forwards within it that have
// nodes are part of it. Segments that are uploaded have been: [Upload] does all of it.
// A node without a time is sent as of now.
//
// The error is a [*message.ForwardLimitError], or says which segment of which node cannot be sent.
func EncodeForward(f *message.ForwardSegment, s Scene) ([]byte, error) {
	return encodeForward(known, f, s)
}

func encodeForward(t *table, f *message.ForwardSegment, s Scene) ([]byte, error) {
	if len(f.Nodes) == 0 {
		return nil, errNoNodes
	}
	if err := f.CheckLimits(); err != nil {
		return nil, err
	}
	w := &forwardWriter{table: t, scene: s, ids: map[string]string{rootItem: ""}}
	if err := w.item(rootItem, f.Nodes); err != nil {
		return nil, err
	}
	return deflateForward(&w.transmit)
}

// forwardWriter writes the payload of a forward.
type forwardWriter struct {
	table    *table
	scene    Scene
	transmit messagepb.MultiMsgTransmit
	ids      map[string]string // of the forwards that have an item, by its name
}

// item writes the nodes of one forward and then the forwards within them, each as an item
// of its own.
func (w *forwardWriter) item(name string, nodes []message.Node) error {
	content := &messagepb.MultiMsgContent{Messages: make([][]byte, len(nodes))}
	w.transmit.Items = append(w.transmit.Items, &messagepb.MultiMsgItem{FileName: name, Content: content})
	var within []*message.ForwardSegment
	for i := range nodes {
		n := nodes[i]
		n.Content = w.named(n.Content, &within)
		raw, err := w.node(&n)
		if err != nil {
			return &message.NodeError{Index: i, Err: err}
		}
		content.Messages[i] = raw
	}
	for _, f := range within {
		if err := w.item(f.FileName, f.Nodes); err != nil {
			return fmt.Errorf("forward within it: %w", err)
		}
	}
	return nil
}

// named gives each forward with nodes the name of its item, on a copy, and adds those that
// have none yet to within.
func (w *forwardWriter) named(c message.Content, within *[]*message.ForwardSegment) message.Content {
	copied := false
	for i, seg := range c {
		f, ok := seg.(*message.ForwardSegment)
		if !ok || len(f.Nodes) == 0 {
			continue
		}
		id, taken := w.ids[f.FileName]
		if taken && f.ID != "" && f.ID == id {
			continue // the same forward again
		}
		if taken || f.FileName == "" {
			if !copied {
				c, copied = slices.Clone(c), true
			}
			renamed := *f
			var seed [16]byte
			rand.Read(seed[:]) // it never fails
			renamed.FileName = fileNameOf(seed[:])
			f, c[i] = &renamed, &renamed
		}
		w.ids[f.FileName] = f.ID
		*within = append(*within, f)
	}
	return c
}

// node encodes one message of a forward.
func (w *forwardWriter) node(n *message.Node) ([]byte, error) {
	body, err := w.body(n)
	if err != nil {
		return nil, err
	}
	avatar := n.Avatar
	if avatar == "" {
		avatar = fmt.Sprintf("https://q.qlogo.cn/headimg_dl?dst_uin=%d&spec=640&img_type=jpg", n.UIN)
	}
	at := n.Time
	if at <= 0 {
		at = time.Now().Unix()
	}
	route := &messagepb.RoutingHead{FromUin: uint64(n.UIN), FromUid: proto.String("")}
	head := &messagepb.ContentHead{
		Type:     TypeGroup,
		Random:   proto.Uint64(uint64(mathrand.Uint32())),
		Sequence: proto.Uint64(1000000 + mathrand.Uint64N(9000000)),
		Time:     proto.Uint64(uint64(at)),
		PkgNum:   proto.Uint64(1), PkgIndex: proto.Uint64(0), DivSeq: proto.Uint64(0),
		Forward: &messagepb.ForwardHead{
			Field1: proto.Uint32(0), Field2: proto.Uint32(0), Field3: proto.Uint32(0),
			Avatar: proto.String(avatar), AvatarAlt: proto.String(avatar),
		},
	}
	if n.Group != 0 {
		route.Group = &messagepb.RoutingGroup{GroupCode: uint64(n.Group), GroupCard: n.Name, GroupCardType: CardIsNickname}
	} else {
		route.ToUid = proto.String(string(w.scene.SelfUID))
		route.C2C = &messagepb.RoutingC2C{Name: n.Name}
		head.Type, head.SubType, head.C2CCmd = typePrivateNode, proto.Uint64(subPrivateNode), proto.Uint64(subPrivateNode)
		head.Forward.Field3 = proto.Uint32(2)
	}
	return pb.Marshal(&messagepb.CommonMessage{RoutingHead: route, ContentHead: head, Body: body})
}

// body encodes the content of a node. A private file stands beside the elements. A voice
// that was not understood cannot be written, nor can what is only received: they are left
// out.
func (w *forwardWriter) body(n *message.Node) (*messagepb.MessageBody, error) {
	c := make(message.Content, 0, len(n.Content))
	var file []byte
	for _, seg := range n.Content {
		if u, ok := seg.(*message.UnknownSegment); ok && !isElement(u) {
			if u.Element == message.ElementFileContent {
				file = u.Raw
			}
			continue
		}
		c = append(c, seg)
	}
	e := &encoder{EncodeOptions: EncodeOptions{Group: n.Group != 0}, table: w.table, content: c, node: n}
	if err := e.all(); err != nil {
		return nil, err
	}
	if file == nil {
		file = e.body.MsgContent
	}
	if len(e.richText.Elems) == 0 && file == nil {
		e.add(&messagepb.Elem{Text: &messagepb.Text{Str: proto.String(unshownText)}})
	}
	e.body.MsgContent = file
	return &e.body, nil
}

// fileNameOf makes the file name of a forward, in the form of a random UUID.
func fileNameOf(seed []byte) string {
	b := sha256.Sum256(seed)
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
