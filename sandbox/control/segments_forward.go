package control

import (
	"cmp"
	"encoding/json"
	"net/http"

	"libration/internal/elements"
	"libration/ntqq/message"
)

// forwardView is message.ForwardSegment: to send one, either its nodes or the id of one
// that exists. What the card shows may be left out.
type forwardView struct {
	typed
	ID      string     `json:"id,omitempty"`
	Nodes   []nodeView `json:"nodes,omitempty"`
	Prompt  string     `json:"prompt,omitempty"`
	Source  string     `json:"source,omitempty"`
	Summary string     `json:"summary,omitempty"`
	Preview []string   `json:"preview,omitempty"`
	Count   int        `json:"count,omitempty"` // given only
}

// nodeView is one message of a forward.
type nodeView struct {
	UIN      message.UIN       `json:"uin"`
	Name     string            `json:"name"`
	Time     int64             `json:"time,omitempty"`
	Group    message.GroupCode `json:"group,omitempty"`
	Segments []any             `json:"segments"`
}

func showForward(h contents, s *message.ForwardSegment) forwardView {
	var nodes []nodeView
	if len(s.Nodes) > 0 {
		nodes = h.nodes(s.Nodes)
	}
	return forwardView{
		ID: s.ID, Nodes: nodes, Prompt: s.Prompt, Source: s.Source, Summary: s.Summary,
		Preview: s.Preview, Count: s.Count,
	}
}

func (h contents) nodes(nodes []message.Node) []nodeView {
	views := make([]nodeView, len(nodes))
	for i, n := range nodes {
		views[i] = nodeView{UIN: n.UIN, Name: n.Name, Time: n.Time, Group: n.Group, Segments: h.segments(n.Content)}
	}
	return views
}

// forwardBody is forwardView as it is read.
type forwardBody struct {
	forwardView
	Nodes []nodeBody `json:"nodes"`
}

// nodeBody is nodeView as it is read, or names a message of the chat.
type nodeBody struct {
	nodeView
	Segments []json.RawMessage `json:"segments"`
	Sequence uint64            `json:"sequence"`
}

func readForward(c *composing, v forwardBody) (message.Segment, error) {
	if (v.ID == "") == (len(v.Nodes) == 0) {
		return nil, fail(http.StatusBadRequest, "give either nodes or the id of a forward")
	}
	if err := c.kept(v.ID); err != nil {
		return nil, err
	}
	inner := *c
	if inner.depth++; inner.depth > message.MaxForwardDepth {
		return nil, fail(http.StatusBadRequest, "more than %d forwards within one another", message.MaxForwardDepth)
	}
	s := &message.ForwardSegment{ID: v.ID, Prompt: v.Prompt, Source: v.Source, Summary: v.Summary, Preview: v.Preview}
	for i, n := range v.Nodes {
		node, err := inner.node(n)
		if err != nil {
			return nil, fail(statusOf(err), "node %d: %v", i, err)
		}
		s.Nodes = append(s.Nodes, node)
	}
	return s, nil
}

// kept reports that there is nothing under an id, unless that is "".
func (c *composing) kept(id string) error {
	if _, ok := c.world.Forwards().Find(id); !ok && id != "" {
		return fail(http.StatusNotFound, "no forward or long message has this id")
	}
	return nil
}

func (c *composing) node(v nodeBody) (message.Node, error) {
	if (v.Sequence == 0) == (len(v.Segments) == 0) {
		return message.Node{}, fail(http.StatusBadRequest, "give either segments or the sequence of a message")
	}
	if v.Sequence != 0 {
		m, err := c.message(v.Sequence)
		if err != nil {
			return message.Node{}, err
		}
		return message.Node{
			UIN: m.Sender.UIN, Name: cmp.Or(m.Sender.Card, m.Sender.Nickname), Time: m.Time, Group: m.Group, Content: m.Content(),
		}, nil
	}
	content, err := c.content(v.Segments)
	if err != nil {
		return message.Node{}, err
	}
	return message.Node{UIN: v.UIN, Name: v.Name, Time: v.Time, Group: c.group, Content: content}, nil
}

// forwardContent is what a forward or a long message says.
type forwardContent struct {
	Nodes []nodeView `json:"nodes"`
}

// forward opens a forward by its resource id, with those within it that it holds.
func (h messages) forward(r *http.Request) (any, error) {
	payload, ok := h.world.Forwards().Find(r.PathValue("id"))
	if !ok {
		return nil, fail(http.StatusNotFound, "no forward has this id")
	}
	nodes, err := elements.DecodeForward(payload)
	if err != nil {
		return nil, fail(http.StatusInternalServerError, "%v", err)
	}
	return forwardContent{h.nodes(nodes)}, nil
}

type longMessageView struct {
	typed
	ID string `json:"id"`
}

// longMessageBody is longMessageView as it is read: the id of one that exists, or what a
// new one says.
type longMessageBody struct {
	longMessageView
	Segments []json.RawMessage `json:"segments"`
}

func showLongMessage(_ contents, s *message.LongMessageSegment) longMessageView {
	return longMessageView{ID: s.ID}
}

func readLongMessage(c *composing, v longMessageBody) (message.Segment, error) {
	if (v.ID == "") == (len(v.Segments) == 0) {
		return nil, fail(http.StatusBadRequest, "give either segments or the id of a long message")
	}
	if v.ID != "" {
		return &message.LongMessageSegment{ID: v.ID}, c.kept(v.ID)
	}
	// It is kept as the one node of a forward (docs/protocol/messages.md 5.9).
	node, err := c.node(nodeBody{nodeView: nodeView{UIN: c.as}, Segments: v.Segments})
	if err != nil {
		return nil, err
	}
	kept, err := c.prepare(message.Content{message.Forward(node)})
	if err != nil {
		return nil, fail(http.StatusBadRequest, "%v", err)
	}
	return &message.LongMessageSegment{ID: kept[0].(*message.ForwardSegment).ID}, nil
}
