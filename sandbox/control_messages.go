package sandbox

import (
	"net/http"

	"libration/ntqq/message"
)

// maxListed is how many messages one request lists.
const maxListed = 500

type sendBody struct {
	As        message.UIN       `json:"as"`
	Group     message.GroupCode `json:"group"`
	To        message.UIN       `json:"to"`
	TempGroup message.GroupCode `json:"temp_group"`
	Text      string            `json:"text"`
	Segments  []segmentView     `json:"segments"`
}

func (c *control) send(r *http.Request) (any, error) {
	var body sendBody
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if (body.Group == 0) == (body.To == 0) {
		return nil, fail(http.StatusBadRequest, "give either group or to")
	}
	if body.Text != "" {
		body.Segments = append(body.Segments, segmentView{Type: "text", Text: body.Text})
	}
	content := make(message.Content, 0, len(body.Segments))
	for i, v := range body.Segments {
		segment, err := c.segment(&body, v)
		if err != nil {
			return nil, fail(statusOf(err), "segment %d: %v", i, err)
		}
		content = append(content, segment)
	}
	// Official clients mention who is quoted; receivers do not show that.
	encoded, err := message.Encode(content, message.EncodeOptions{
		Group: body.Group != 0, MentionQuoted: true, QuotedName: c.quotedName(body.Group, content),
	})
	if err != nil {
		return nil, fail(http.StatusBadRequest, "%v", err)
	}
	sent := c.world.Send(Send{
		From: body.As, Group: body.Group, To: body.To, TempGroup: body.TempGroup, Elems: encoded.GetRichText().GetElems(),
	}, nil)
	if sent.Code != 0 {
		return nil, sendFailure(sent)
	}
	return map[string]any{
		"sequence": sent.Sequence, "time": sent.Time,
		"client_sequence": sent.ClientSequence, "random": sent.Random,
	}, nil
}

func sendFailure(r Result) error {
	status := http.StatusForbidden
	switch r.Code {
	case sendTooLarge:
		status = http.StatusRequestEntityTooLarge
	case sendTooFast:
		status = http.StatusTooManyRequests
	}
	return fail(status, "%s (code %d)", r.Text, r.Code)
}

// recall withdraws a message by its group or conversation sequence.
func (c *control) recall(r *http.Request) (any, error) {
	var body struct {
		As       message.UIN       `json:"as"`
		Group    message.GroupCode `json:"group"`
		Peer     message.UIN       `json:"peer"`
		Sequence uint64            `json:"sequence"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if (body.Group == 0) == (body.Peer == 0) {
		return nil, fail(http.StatusBadRequest, "give either group or peer")
	}
	if body.Group != 0 {
		if refused := c.world.RecallGroup(body.As, body.Group, body.Sequence, nil); refused != nil {
			return nil, refused
		}
		return struct{}{}, nil
	}
	found := c.world.FriendHistory(body.As, body.Peer, body.Sequence, body.Sequence)
	if len(found) == 0 {
		return nil, fail(http.StatusNotFound, "no message %d", body.Sequence)
	}
	head := found[0].GetContentHead()
	refused := c.world.RecallFriend(body.As, body.Peer, head.GetSequence(), uint32(head.GetRandom()), body.Sequence, nil)
	if refused != nil {
		return nil, fail(http.StatusForbidden, "%s", refused.Text)
	}
	return struct{}{}, nil
}

// messages lists the newest messages of a group or of the chat of a and b,
// ascending, the recalled ones too.
func (c *control) messages(r *http.Request) (any, error) {
	group, err := queryNumber[message.GroupCode](r, "group")
	if err != nil {
		return nil, err
	}
	a, err := queryNumber[message.UIN](r, "a")
	if err != nil {
		return nil, err
	}
	b, err := queryNumber[message.UIN](r, "b")
	if err != nil {
		return nil, err
	}
	limit, err := queryNumber[uint64](r, "limit")
	if err != nil {
		return nil, err
	}
	if (group == 0) == (a == 0 || b == 0) {
		return nil, fail(http.StatusBadRequest, "give either group or both a and b")
	}
	if limit == 0 {
		limit = 50
	}
	if limit > maxListed {
		return nil, fail(http.StatusBadRequest, "limit is at most %d", maxListed)
	}
	views := []messageView{}
	for _, m := range c.world.newest(group, a, b, int(limit)) {
		v := c.view(m.msg)
		v.Recalled = m.recalled
		views = append(views, v)
	}
	return views, nil
}

// newest returns copies of the newest records of a chat, recalled ones included.
func (w *World) newest(code message.GroupCode, a, b message.UIN, limit int) []record {
	w.mu.Lock()
	defer w.mu.Unlock()
	var records []*record
	if g := w.groups[code]; g != nil {
		records = g.history.records
	} else if p := w.pairs[keyOf(a, b)]; p != nil && code == 0 {
		records = p.history.records
	}
	records = records[max(0, len(records)-limit):]
	copies := make([]record, len(records))
	for i, r := range records {
		copies[i] = *r
	}
	return copies
}
