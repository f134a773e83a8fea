package onebot

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

// nodeType is the type of the segments that a forward consists of.
const nodeType = "node"

func (s segment) isNode() bool { return s.kind == nodeType }

func hasNodes(segments []segment) bool {
	for i := range segments {
		if segments[i].kind == nodeType {
			return true
		}
	}
	return false
}

// params returns the data of a node.
func (s segment) params() Params {
	switch {
	case s.node == nil: // a CQ code
		b := []byte{'{'}
		for i, f := range s.data {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, f.key), ':')
			b = appendString(b, f.value)
		}
		return Params{json: append(b, '}')}
	case len(*s.node) == 0 || (*s.node)[0] == 'n':
		return Params{}
	}
	return Params{json: *s.node}
}

// forwarding is what a forward that is read, with those within it, may still have.
type forwarding struct {
	nodes int
	parts int // segments and their data
	bytes int // of messages that nodes name, and of forwards that are sent again
}

// forwardMessage is content where nodes are among the segments: a forward. The first reply
// goes before it.
func (r reader) forwardMessage(ctx context.Context, chat message.Chat, name string, segments []segment) (message.Content, error) {
	var c message.Content
	if i := slices.IndexFunc(segments, segment.isReply); i >= 0 {
		reply, err := r.outgoing(ctx, chat, segments[i])
		if err != nil {
			return nil, err
		}
		c = append(c, reply)
	}
	f, err := r.forward(ctx, chat, name, message.Node{Group: chat.Group}, segments)
	if err != nil {
		return nil, err
	}
	return append(c, f), nil
}

func (s segment) isReply() bool { return s.kind == "reply" }

// forward reads the nodes of a forward. Segments beside them are nodes of the author.
// name is what the segments are called in errors.
func (r reader) forward(ctx context.Context, chat message.Chat, name string, author message.Node, segments []segment) (*message.ForwardSegment, error) {
	outer := r.inside == nil
	if outer {
		r.inside = &forwarding{nodes: message.MaxForwardNodes, parts: maxValues, bytes: message.MaxForwardBytes}
	}
	if r.depth++; r.depth > message.MaxForwardDepth {
		return nil, tooMuch(text.T("%s: forwards are nested more than %d deep", "%s：合并转发嵌套超过 %d 层").Fill(name, message.MaxForwardDepth))
	}
	f := &message.ForwardSegment{}
	for first := 0; first < len(segments); {
		at := name + "[" + strconv.Itoa(first) + "]"
		if r.inside.nodes--; r.inside.nodes < 0 {
			return nil, tooMuch(text.T("%s: the forward has more than %d nodes, those of forwards within it included",
				"%s：合并转发超过 %d 个节点（含嵌套的节点）").Fill(at, message.MaxForwardNodes))
		}
		if segments[first].isNode() {
			n, err := r.node(ctx, chat, at, segments[first])
			if err != nil {
				return nil, err
			}
			f.Nodes = append(f.Nodes, n)
			first++
			continue
		}
		end := first
		for end < len(segments) && !segments[end].isNode() {
			end++
		}
		beside := segments[first:end]
		first = end
		if outer { // they stand before the forward
			beside = slices.DeleteFunc(slices.Clone(beside), segment.isReply)
		}
		if len(beside) == 0 {
			continue
		}
		c, err := r.content(ctx, chat, beside)
		if err != nil {
			return nil, inside(at, err)
		}
		n := author
		n.Content = c
		f.Nodes = append(f.Nodes, n)
	}
	return f, nil
}

// tooMuch is the failure of a forward that is over one of its limits.
func tooMuch(what text.Text) error { return &actionError{RetBadParams, largeForward.Code, what} }

// node reads one node.
func (r reader) node(ctx context.Context, chat message.Chat, at string, seg segment) (message.Node, error) {
	d := &nodeData{at: at + ".data.", args: args{params: seg.params()}}
	if name, v, ok := d.get("id", "message_id"); ok {
		n, _ := d.integer(name, v)
		id := d.id32(name, n)
		if d.err != nil {
			return message.Node{}, d.err
		}
		return r.existing(ctx, id, name)
	}
	n := message.Node{Group: chat.Group, Name: d.text("name", "nickname")}
	if name, v, ok := d.get("user_id", "uin"); ok {
		n.UIN = message.UIN(d.identity(name, v))
	}
	if name, v, ok := d.get("time"); ok {
		if n.Time, _ = d.integer(name, v); n.Time < 0 || n.Time > math.MaxUint32 {
			d.wrong(name, text.T("must be Unix seconds", "必须是 Unix 秒"))
		}
	}
	within := &message.ForwardSegment{} // where there are nodes in the content
	d.look(within)
	name, v, ok := d.get("content")
	if !ok {
		d.wrong(d.at+"content", missing)
	}
	if d.err != nil {
		return n, d.err
	}
	segments, err := messageOf(name, v, false)
	if err != nil {
		return n, inside(name, err)
	}
	for _, s := range segments {
		if r.inside.parts -= 1 + len(s.data); r.inside.parts < 0 {
			return n, inside(name, longMessage())
		}
	}
	if !hasNodes(segments) {
		if n.Content, err = r.content(ctx, chat, segments); err != nil {
			err = inside(name, err)
		}
		return n, err
	}
	f, err := r.forward(ctx, chat, name, n, segments)
	if err != nil {
		return n, err
	}
	within.Nodes = f.Nodes
	n.Content = message.Content{within}
	return n, nil
}

// existing returns a message as a node.
func (r reader) existing(ctx context.Context, id int32, name string) (message.Node, error) {
	m, err := r.find(ctx, id)
	if err != nil {
		return message.Node{}, inside(name, err)
	}
	if m == nil {
		e := noSuchMessage(noMessage, id)
		e.retcode = RetBadParams
		return message.Node{}, inside(name, e)
	}
	if r.inside.bytes -= m.Size(); r.inside.bytes < 0 {
		return message.Node{}, tooMuch(text.T("%s: the messages of the forward have more than %d bytes",
			"%s：合并转发中的消息超过 %d 字节").Fill(name, message.MaxForwardBytes))
	}
	n := message.NodeOf(m)
	n.UIN = senderOf(m, r.self())
	return n, nil
}

// inside adds to an error which part of the parameters it is about, but for one that says
// so already.
func inside(name string, err error) error {
	if _, said := errors.AsType[*table.Wrong](err); said {
		return err
	}
	if own, ok := errors.AsType[*actionError](err); ok {
		e := *own
		e.text = text.T("%s: %s", "%s：%s").Fill(name, e.text)
		return &e
	}
	return err
}

// nodeData reads the data of a node.
type nodeData struct {
	args
	at string // before the names in errors
}

// get returns the first of some values that says something, and what errors call it.
func (d *nodeData) get(names ...string) (name string, v value, ok bool) {
	for _, name := range names {
		if v, ok := d.params.get(name); ok && string(v.json) != `""` {
			return d.at + name, v, true
		}
	}
	return "", value{}, false
}

// text reads the first of some texts.
func (d *nodeData) text(names ...string) string {
	name, v, ok := d.get(names...)
	if !ok {
		return ""
	}
	return d.scalar(name, v)
}

// look reads what the card of a forward shows.
func (d *nodeData) look(f *message.ForwardSegment) {
	f.Source, f.Summary, f.Prompt = d.text("source"), d.text("summary"), d.text("prompt")
	if name, v, ok := d.get("news"); ok {
		f.Preview = d.news(name, v)
	}
}

// news reads the lines of a forward's card: texts, or objects with one.
func (a *args) news(name string, v value) (lines []string) {
	raw := v.structure()
	if raw == nil || raw[0] != '[' {
		a.wrong(name, text.T("must be a list", "必须是数组"))
		return nil
	}
	for item := range items(raw) {
		lines = append(lines, a.newsLine(name+"["+strconv.Itoa(len(lines))+"]", value{json: item}))
	}
	return lines
}

func (a *args) newsLine(name string, v value) string {
	if v.json != nil && v.json[0] == '{' {
		name += ".text"
		line, ok := Params{json: v.json}.get("text")
		if !ok {
			a.wrong(name, missing)
			return ""
		}
		v = line
	}
	return a.scalar(name, v)
}

func showForward(_ *writer, _ message.Chat, f *message.ForwardSegment, data []field) ([]field, bool) {
	return append(data, field{"id", f.ID}), true
}

func readForward(ctx context.Context, r reader, _ message.Chat, seg segment) (message.Segment, error) {
	id := seg.get("id")
	if id == "" {
		return nil, badSegment(seg, "id", missing)
	}
	f, err := r.resend(ctx, id)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func readNode(ctx context.Context, r reader, chat message.Chat, seg segment) (message.Segment, error) {
	return r.forward(ctx, chat, "message", message.Node{}, []segment{seg})
}

func showLongMessage(_ *writer, _ message.Chat, l *message.LongMessageSegment, data []field) ([]field, bool) {
	return append(data, field{"id", l.ID}), true
}

func readLongMessage(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	id := seg.get("id")
	if id == "" {
		return nil, badSegment(seg, "id", missing)
	}
	return &message.LongMessageSegment{ID: id}, nil
}
