package ntqq

import (
	"context"
	"fmt"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// complete makes content ready to be encoded, on a copy: it fills in what mentions,
// quotes, faces and stickers lack, and uploads what has to be.
func (c *Client) complete(ctx context.Context, group GroupCode, content message.Content) (message.Content, error) {
	if len(content) == 0 {
		return nil, ErrEmptyMessage
	}
	out := content
	copied := false
	set := func(i int, s message.Segment) {
		if !copied {
			out, copied = append(message.Content(nil), content...), true
		}
		out[i] = s
	}
	for i, seg := range content {
		switch s := seg.(type) {
		case *message.AtSegment:
			if s.All || s.UID != "" && s.Display != "" {
				continue
			}
			at := *s
			name := ""
			at.UID, name = c.lookUp(ctx, group, at.UIN, at.UID)
			if at.Display == "" {
				at.Display = "@" + name
			}
			set(i, &at)
		case *message.ReplySegment:
			if s.SenderUID != "" || s.SenderUIN == 0 {
				continue
			}
			r := *s
			r.SenderUID, _ = c.lookUp(ctx, group, r.SenderUIN, "")
			set(i, &r)
		case *message.FaceSegment:
			if full := c.completeFace(ctx, s); full != nil {
				set(i, full)
			}
		case *message.MarketFaceSegment:
			if s.Key != "" {
				continue
			}
			keys, err := c.Faces().MarketKeys(ctx, []string{s.ID})
			if err != nil {
				return nil, unsent(ctx, &message.SegmentError{Index: i, Segment: s, Err: err})
			}
			m := *s
			m.Key = keys[0]
			set(i, &m)
		}
	}
	out, err := message.Upload(ctx, &uploader{c, group}, out)
	if err != nil {
		return nil, unsent(ctx, err)
	}
	return out, nil
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
