package ntqq

import (
	"context"
	"fmt"
	"slices"

	"libration/internal/elements"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// complete makes content ready to be encoded, on a copy: it fills in what mentions,
// quotes, faces, stickers and forwards lack, and uploads what has to be.
func (c *Client) complete(ctx context.Context, to target, content message.Content) (message.Content, error) {
	if !slices.ContainsFunc(content, says) {
		return nil, ErrEmptyMessage
	}
	out, err := c.fill(ctx, to.group, content)
	if err == nil {
		out, err = elements.Upload(ctx, &uploader{c, to}, out)
	}
	if err != nil {
		return nil, unsent(ctx, err)
	}
	return out, nil
}

// says reports whether a segment is more than an empty text.
func says(seg message.Segment) bool {
	t, ok := seg.(*message.TextSegment)
	return !ok || t.Text != ""
}

// fill is complete without the upload.
func (c *Client) fill(ctx context.Context, group GroupCode, content message.Content) (message.Content, error) {
	out := content
	for i, seg := range content {
		full, err := c.fillSegment(ctx, group, seg)
		if err != nil {
			return nil, &message.SegmentError{Index: i, Segment: seg, Err: err}
		}
		if full == seg {
			continue
		}
		if &out[0] == &content[0] {
			out = slices.Clone(content)
		}
		out[i] = full
	}
	return out, nil
}

// fillSegment returns a copy of a segment that lacks something, and others as they are.
func (c *Client) fillSegment(ctx context.Context, group GroupCode, seg message.Segment) (message.Segment, error) {
	switch s := seg.(type) {
	case *message.AtSegment:
		if s.All || s.UID != "" && s.Display != "" {
			return s, nil
		}
		at := *s
		name := ""
		at.UID, name = c.lookUp(ctx, group, at.UIN, at.UID)
		if at.Display == "" {
			at.Display = "@" + name
		}
		return &at, nil
	case *message.ReplySegment:
		if s.SenderUID != "" || s.SenderUIN == 0 {
			return s, nil
		}
		r := *s
		r.SenderUID, _ = c.lookUp(ctx, group, r.SenderUIN, "")
		return &r, nil
	case *message.FaceSegment:
		return c.completeFace(ctx, s), nil
	case *message.MarketFaceSegment:
		if s.Key != "" {
			return s, nil
		}
		keys, err := c.Faces().MarketKeys(ctx, []string{s.ID})
		if err != nil {
			return nil, fmt.Errorf("sticker %q: %w", s.ID, err)
		}
		m := *s
		m.Key = keys[0]
		return &m, nil
	case *message.ForwardSegment:
		return c.fillForward(ctx, group, s)
	}
	return seg, nil
}

// fillForward is fill for a forward. The nodes of one that exists already are fetched for
// what its card shows, unless that is given.
func (c *Client) fillForward(ctx context.Context, group GroupCode, f *message.ForwardSegment) (*message.ForwardSegment, error) {
	if len(f.Nodes) == 0 {
		if f.ID == "" || len(f.Preview) > 0 {
			return f, nil
		}
		return c.shown(ctx, f)
	}
	if err := f.CheckLimits(); err != nil { // it may contain itself
		return nil, err
	}
	out := *f
	out.Nodes = slices.Clone(f.Nodes)
	for i := range out.Nodes {
		if err := c.fillNode(ctx, group, &out.Nodes[i]); err != nil {
			return nil, &message.NodeError{Index: i, Err: err}
		}
	}
	return &out, nil
}

// maxShowing is how many forwards are read at once for their cards: what a few bytes of a
// stranger become may be large.
const maxShowing = 4

// shown is a forward that exists with what its card shows.
func (c *Client) shown(ctx context.Context, f *message.ForwardSegment) (*message.ForwardSegment, error) {
	select {
	case c.showing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.showing }()
	nodes, err := c.Messages().Forward(ctx, f.ID)
	if err != nil {
		return nil, err
	}
	shown := *f
	shown.Nodes = nodes
	card := shown.Card()
	card.Nodes = nil // they are at the service
	return card, nil
}

func (c *Client) fillNode(ctx context.Context, group GroupCode, n *message.Node) (err error) {
	if c.cache.groupName(n.Group) != "" { // of another one the members cannot be known
		group = n.Group
	}
	if n.UIN == 0 {
		n.UIN = c.Self().UIN
	}
	if n.Name == "" {
		_, n.Name = c.lookUp(ctx, group, n.UIN, "")
	}
	if n.Time == 0 {
		n.Time = c.now().Unix()
	}
	n.Content, err = c.fill(ctx, group, n.Content)
	return err
}

// quotedName is the name of the quoted sender in a group, for the mention that
// goes with a quote.
func (c *Client) quotedName(ctx context.Context, group GroupCode, content message.Content) string {
	for _, seg := range content {
		if r, ok := seg.(*message.ReplySegment); ok {
			_, name := c.lookUp(ctx, group, r.SenderUIN, r.SenderUID)
			return name
		}
	}
	return ""
}

// lookUp finds the uid and the shown name of somebody, as a member of group when
// it is not 0. What cannot be found stays as it is; the name is then the number or,
// without one, the uid.
func (c *Client) lookUp(ctx context.Context, group GroupCode, uin UIN, uid UID) (UID, string) {
	if uin == 0 && uid != "" {
		p := event.Person{UID: uid}
		known := c.resolveKnown(&p)
		if !known && group != 0 {
			_, err := c.Members().List(ctx, group, false)
			known = err == nil && c.resolveKnown(&p)
		}
		if !known {
			if u, err := c.Users().InfoByUID(ctx, uid); err == nil {
				return uid, u.Nickname
			}
			return uid, string(uid)
		}
		uin = p.UIN
	}
	name := fmt.Sprint(uint64(uin))
	if uin == 0 {
		return uid, name
	}
	if group != 0 {
		if m, err := c.Members().Info(ctx, group, uin, false); err == nil {
			name = m.Nickname
			if m.Card != "" {
				name = m.Card
			}
			return m.UID, name
		}
	} else if f, ok := c.cache.friend(uin); ok {
		return f.UID, f.Nickname
	}
	if uin == c.Self().UIN {
		return c.Self().UID, c.Self().Nickname
	}
	return uid, name
}
