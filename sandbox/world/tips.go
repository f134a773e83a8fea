package world

import "libration/ntqq/message"

// LuckyKing is sent when Member drew the largest share of the red packet of Sender.
type LuckyKing struct {
	InGroup
	Sender, Member User
}

// Activity implements Happening.
func (h *LuckyKing) Activity() Activity {
	return Activity{Kind: ActivityLuckyKing, Group: h.Group, User: h.Member.UIN, By: h.Sender.UIN}
}

// TextTip is sent when a grey line with a text of the service appeared in the group.
type TextTip struct {
	InGroup
	Text string
}

// Activity implements Happening.
func (h *TextTip) Activity() Activity {
	return Activity{Kind: ActivityTip, Group: h.Group, Text: h.Text}
}

// MemberEntered is sent when a member opened the chat with an effect.
type MemberEntered struct {
	InGroup
	Member User
	Style  uint32
}

// Activity implements Happening.
func (h *MemberEntered) Activity() Activity {
	return Activity{Kind: ActivityEnter, Group: h.Group, User: h.Member.UIN, Sequence: uint64(h.Style)}
}

// Tips holds what appears in groups as a grey line, or as less.
type Tips struct{ *state }

// Tips returns the operations that show something in a group and change nothing.
func (w *World) Tips() Tips { return Tips{&w.state} }

// LuckyKing lets uin draw the largest share of a red packet of sender. The refusals are
// NotFound and NotMember.
func (w Tips) LuckyKing(code message.GroupCode, sender, uin message.UIN) error {
	w.mu.Lock()
	defer w.done()
	g, _, sender, _, err := w.actorOn(code, uin, sender)
	if err == nil {
		w.happened(&LuckyKing{g.in(), w.user(sender), w.user(uin)})
	}
	return err
}

// Text shows a grey line, at most 127 bytes. The refusals are BadRequest and NotFound.
func (w Tips) Text(code message.GroupCode, text string) error {
	w.mu.Lock()
	defer w.done()
	g, err := w.group(code)
	if err != nil {
		return err
	}
	if text == "" {
		return Refuse(BadRequest, "a grey line needs a text")
	}
	if err := checkName(text); err != nil {
		return err
	}
	w.happened(&TextTip{g.in(), text})
	return nil
}

// Enter lets a member open the chat with the effect of a number; 0 is 1. The refusals are
// NotFound and NotMember.
func (w Tips) Enter(code message.GroupCode, uin message.UIN, style uint32) error {
	w.mu.Lock()
	defer w.done()
	g, _, err := w.member(code, uin)
	if err == nil {
		w.happened(&MemberEntered{g.in(), w.user(uin), max(style, 1)})
	}
	return err
}

// Album says that a picture, whose id has at most 127 bytes, came into an album, which has
// none of it: [Albums.Upload] puts real ones there. The refusals are BadRequest and NotFound.
func (w Tips) Album(code message.GroupCode, image string) error {
	w.mu.Lock()
	defer w.done()
	g, err := w.group(code)
	if err != nil {
		return err
	}
	if err := checkName(image); err != nil {
		return err
	}
	w.happened(&AlbumUpdated{g.in(), image})
	return nil
}
