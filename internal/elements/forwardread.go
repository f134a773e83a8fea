package elements

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// DecodeForward reads the payload of a forward (docs/protocol/messages.md 10.2). Forwards
// within it whose nodes the payload has, too, get their Nodes, down to [message.MaxForwardDepth]
// and as long as all nodes together stay within the bounds of one payload. Nodes that do
// not parse are left out.
//
// The error is [message.ErrBadForward] or a [*message.ForwardLimitError].
func DecodeForward(payload []byte) ([]message.Node, error) { return decodeForward(known, payload) }

func decodeForward(t *table, payload []byte) ([]message.Node, error) {
	transmit, err := inflateForward(payload)
	if err != nil {
		return nil, err
	}
	r := &forwardReader{items: map[string][][]byte{}, bytes: message.MaxForwardBytes}
	r.d = decoder{table: t, left: pb.MaxEntries, inflated: maxCards - message.MaxForwardBytes} // more cards than in a message
	for _, item := range transmit.GetItems() {
		if name := item.GetFileName(); r.items[name] == nil {
			r.items[name] = item.GetContent().GetMessages()
		}
	}
	root := r.items[rootItem]
	switch items := transmit.GetItems(); {
	case root != nil:
	case len(items) > 0:
		root = items[0].GetContent().GetMessages()
	default: // as older Android clients wrote it
		root = transmit.GetMessages()
	}
	nodes := r.nodes(root, &within{name: rootItem, depth: 1})
	switch {
	case r.full:
		return nil, &message.ForwardLimitError{What: message.ForwardElements, Limit: pb.MaxEntries}
	case len(nodes) == 0:
		return nil, fmt.Errorf("%w: there is no message in it", message.ErrBadForward)
	}
	for len(r.closed) > 0 && !r.full {
		w := r.closed[0]
		r.closed = r.closed[1:]
		if opened := r.nodes(r.items[w.name], w); !r.full {
			w.forward.Nodes = opened
		}
	}
	return nodes, nil
}

// forwardReader reads the payload of a forward.
type forwardReader struct {
	d     decoder // of all nodes: its bounds are those of them together
	items map[string][][]byte
	bytes int  // of messages that may still be read: an item may be opened many times
	full  bool // a bound was reached
	// closed are the forwards within that are still to be opened: those nearer to the
	// root come first, so that they are the ones that get their nodes.
	closed []*within
}

// within is a forward in a node, or the root.
type within struct {
	forward *message.ForwardSegment
	name    string // of its item
	depth   int
	around  *within
}

// opens tells whether the forward stands within the item that it names, or names the root.
func (w *within) opens(name string) bool {
	for ; w != nil; w = w.around {
		if w.name == name {
			return true
		}
	}
	return false
}

// nodes reads the messages of one item, which is the content of at.
func (r *forwardReader) nodes(messages [][]byte, at *within) []message.Node {
	nodes := make([]message.Node, 0, min(len(messages), r.d.left))
	for _, raw := range messages {
		r.bytes -= len(raw)
		r.d.left--
		if r.bytes < 0 || r.d.left < 0 {
			r.full = true
			return nil
		}
		n, ok := r.node(raw)
		if r.full {
			return nil
		}
		if !ok {
			continue
		}
		nodes = append(nodes, n)
		for _, seg := range n.Content {
			f, ok := seg.(*message.ForwardSegment)
			if ok && at.depth < message.MaxForwardDepth && len(r.items[f.FileName]) > 0 && !at.opens(f.FileName) {
				r.closed = append(r.closed, &within{f, f.FileName, at.depth + 1, at})
			}
		}
	}
	return nodes
}

// node reads one message; ok is false for one that is damaged.
func (r *forwardReader) node(raw []byte) (n message.Node, ok bool) {
	var cm messagepb.CommonMessage
	if pb.Unmarshal(raw, &cm) != nil || cm.GetRoutingHead() == nil || cm.GetBody() == nil {
		return message.Node{}, false
	}
	route, head := cm.GetRoutingHead(), cm.GetContentHead()
	n = message.Node{UIN: message.UIN(route.GetFromUin()), Time: int64(head.GetTime()), Avatar: head.GetForward().GetAvatar()}
	if n.Avatar == "" {
		n.Avatar = head.GetForward().GetAvatarAlt()
	}
	switch group := route.GetGroup(); {
	case group != nil:
		n.Group, n.Name = message.GroupCode(group.GetGroupCode()), group.GetGroupCard()
	case head == nil:
		oldHead(&n, route.ProtoReflect().GetUnknown())
	default:
		n.Name = route.GetC2C().GetName()
	}
	rt := cm.GetBody().GetRichText()
	if len(rt.GetElems()) > r.d.left {
		r.full = true
		return message.Node{}, false
	}
	r.d.group = route.GetGroup() != nil || n.Group != 0   // the latter by an old head
	n.Content = message.Clean(r.d.richText(rt, 0), false) // nobody puts a mention behind a quote here
	if file := cm.GetBody().GetMsgContent(); len(file) > 0 {
		n.Content = append(n.Content, DecodeFileContent(file))
	}
	return n, true
}

// oldHead reads the head that clients wrote before NT: 6 time, 9 group with 1 code and 4
// the name that is shown (vector longmsg/transmit-2021).
func oldHead(n *message.Node, b []byte) {
	each(b, func(num protowire.Number, value uint64, inside []byte) {
		switch num {
		case 6:
			n.Time = int64(value)
		case 9:
			each(inside, func(num protowire.Number, value uint64, inside []byte) {
				switch num {
				case 1:
					n.Group = message.GroupCode(value)
				case 4:
					n.Name = pb.Text(inside)
				}
			})
		}
	})
}

// each calls f for the numbers and the byte fields of an encoded message, as far as it
// parses.
func each(b []byte, f func(num protowire.Number, value uint64, inside []byte)) {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return
		}
		b = b[n:]
		var value uint64
		var inside []byte
		switch typ {
		case protowire.VarintType:
			value, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			inside, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return
		}
		f(num, value, inside)
		b = b[n:]
	}
}
