package control

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"

	"libration/internal/elements"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Bounds of what one request lists: messages, and bytes of JSON, though the newest message
// is always listed.
const (
	maxListed      = 500
	maxListedBytes = 16 << 20
)

// maxSend bounds the body of what is sent, in bytes: small media may be in it, as base64.
const maxSend = 16 << 20

type sendBody struct {
	As        message.UIN       `json:"as"`
	Group     message.GroupCode `json:"group"`
	To        message.UIN       `json:"to"`
	TempGroup message.GroupCode `json:"temp_group"`
	Text      string            `json:"text"`
	Segments  []json.RawMessage `json:"segments"`
}

// messageView is one message in JSON.
type messageView struct {
	Sequence       uint64            `json:"sequence"`
	ClientSequence uint64            `json:"client_sequence,omitempty"`
	Random         uint32            `json:"random"`
	Time           int64             `json:"time"`
	Group          message.GroupCode `json:"group,omitempty"`
	From           message.UIN       `json:"from"`
	To             message.UIN       `json:"to,omitempty"`
	Nickname       string            `json:"nickname"`
	Text           string            `json:"text"`
	Segments       []any             `json:"segments"`
	Recalled       bool              `json:"recalled,omitempty"`
	Essence        bool              `json:"essence,omitempty"`
	Reactions      []reactionView    `json:"reactions,omitempty"`
}

// view shows a message as people read it.
func (h contents) view(m *world.Message) messageView {
	h.inGroup = m.Group
	content := m.Content()
	if r, ok := first[*message.ReplySegment](content); ok && r.Sequence == 0 {
		// A private quote may have the client's number only.
		quote := *r
		quote.Sequence = h.world.History().FindSequence(m.Sender.UIN, m.To, r.ClientSequence, h.number(r.SenderUIN, r.SenderUID))
		content[0] = &quote
	}
	return messageView{
		Sequence: m.Sequence, ClientSequence: m.ClientSequence, Random: m.Random, Time: m.Time,
		Group: cmp.Or(m.Group, m.TempGroup),
		From:  m.Sender.UIN, To: m.To,
		Nickname: cmp.Or(m.Sender.Card, m.Sender.Nickname),
		Text:     plain(content), Segments: h.segments(content),
	}
}

// messages are sent, recalled and listed as people do it.
type messages struct{ contents }

// send sends as one of the users.
func (h messages) send(r *http.Request) (any, error) {
	var body sendBody
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if (body.Group == 0) == (body.To == 0) {
		return nil, fail(http.StatusBadRequest, "give either group or to")
	}
	c := &composing{
		contents: h.contents, as: body.As, to: body.To, group: body.Group, open: sourcesOf(r, h.world),
		prepare: func(content message.Content) (message.Content, error) {
			return h.server.Prepare(r.Context(), body.As, body.Group, content)
		},
	}
	content, err := c.content(body.Segments)
	if err != nil {
		return nil, err
	}
	if body.Text != "" {
		content = append(content, message.Text(body.Text))
	}
	if content, err = c.prepare(content); err != nil {
		return nil, fail(http.StatusBadRequest, "%v", err)
	}
	if content, err = h.compose(body.Group, content); err != nil {
		return nil, err
	}
	sent, err := h.world.Messages().Send(world.Send{
		From: body.As, Group: body.Group, To: body.To, TempGroup: body.TempGroup, Parts: world.Parts(content...),
	}, nil)
	if err != nil {
		return nil, sendFailure(err)
	}
	return map[string]any{
		"sequence": sent.Sequence, "time": sent.Time,
		"client_sequence": sent.ClientSequence, "random": sent.Random,
	}, nil
}

// compose does what official clients do with content: a quote stands first, and in
// groups the mention of who is quoted follows it, which receivers do not show.
func (h contents) compose(group message.GroupCode, content message.Content) (message.Content, error) {
	// What cannot be written is the caller's mistake. People have clients that write more
	// than ours, and too much text the world refuses as the service does.
	if _, err := elements.Encode(content, elements.EncodeOptions{Group: group != 0}); err != nil &&
		!errors.Is(err, message.ErrReceivedOnly) && !errors.Is(err, message.ErrTooLarge) {
		return nil, fail(http.StatusBadRequest, "%v", err)
	}
	at := slices.IndexFunc(content, func(s message.Segment) bool { _, ok := s.(*message.ReplySegment); return ok })
	if at < 0 {
		return content, nil
	}
	quote := content[at].(*message.ReplySegment)
	rest := slices.Delete(content, at, at+1)
	head := message.Content{quote}
	author, known := h.world.Users().Find(quote.SenderUIN)
	if group != 0 && known {
		if first, ok := first[*message.AtSegment](rest); !ok || first.UIN != author.UIN {
			head = append(head, &message.AtSegment{UIN: author.UIN, UID: author.UID, Display: "@" + h.shownName(group, author)})
		}
	}
	return append(head, rest...), nil
}

// first returns the first segment when it is of a kind.
func first[S message.Segment](content message.Content) (s S, ok bool) {
	if len(content) > 0 {
		s, ok = content[0].(S)
	}
	return s, ok
}

// sendFailure says why a message was refused, with the server's code for it.
func sendFailure(err error) error {
	var refused *world.Refusal
	if !errors.As(err, &refused) || refused.Reason == world.BadRequest {
		return err
	}
	status := http.StatusForbidden
	switch refused.Reason {
	case world.TooLarge:
		status = http.StatusRequestEntityTooLarge
	case world.TooFast:
		status = http.StatusTooManyRequests
	}
	return fail(status, "%v (code %d)", refused, refused.Code)
}

// recall withdraws a message by its group or conversation sequence.
func (h messages) recall(r *http.Request) (any, error) {
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
		return struct{}{}, h.world.Messages().RecallGroup(body.As, body.Group, body.Sequence, nil)
	}
	found := h.world.History().OfPrivate(body.As, body.Peer, body.Sequence, body.Sequence)
	if len(found) == 0 {
		return nil, fail(http.StatusNotFound, "no message %d", body.Sequence)
	}
	m := found[0]
	if err := h.world.Messages().RecallFriend(body.As, body.Peer, m.ClientSequence, m.Random, m.Sequence, nil); err != nil {
		return nil, fail(http.StatusForbidden, "%v", err)
	}
	return struct{}{}, nil
}

// list lists the newest messages of a group or of the chat of a and b, or the newest of
// those with a sequence below before, ascending, the recalled ones too.
func (h messages) list(r *http.Request) (any, error) {
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
	before, err := queryNumber[uint64](r, "before")
	if err != nil {
		return nil, err
	}
	if before == 0 {
		before = math.MaxUint64
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
	views, bytes := []json.RawMessage{}, 0
	for _, m := range slices.Backward(h.world.History().Before(group, a, b, before, int(limit))) {
		v := h.view(m.Message)
		v.Recalled, v.Essence, v.Reactions = m.Recalled, m.Essence, viewReactions(m.Reactions)
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		if bytes += len(text); bytes > maxListedBytes && len(views) > 0 {
			break
		}
		views = append(views, text)
	}
	slices.Reverse(views)
	return views, nil
}
