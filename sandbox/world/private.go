package world

import "libration/ntqq/message"

// Restricted is sent when an account may not send to groups any more, or may again.
type Restricted struct {
	User  User
	Group message.GroupCode // where the service says so; with On false it may be 0
	On    bool
}

// Activity implements Happening.
func (h *Restricted) Activity() Activity {
	return Activity{Kind: ActivityRestrict, Group: h.Group, User: h.User.UIN, On: h.On}
}

// Typing is sent when From types or speaks in its chat with To, or ends that.
type Typing struct {
	From, To User
	Input    Input
}

// Input is what the other side of a chat sees before there is a message.
type Input int

// The values of Input.
const (
	InputEnds Input = iota
	InputText
	InputVoice
)

// Activity implements Happening.
func (h *Typing) Activity() Activity {
	return Activity{Kind: ActivityTyping, User: h.From.UIN, Peer: h.To.UIN, On: h.Input != InputEnds}
}

// VoiceText is sent when User gets the text of a voice message.
type VoiceText struct {
	User    User
	Message *Message
	Text    string
}

// Activity implements Happening.
func (h *VoiceText) Activity() Activity {
	m := h.Message
	return Activity{Kind: ActivityVoiceText, Group: m.Group, User: h.User.UIN, By: m.Sender.UIN, Sequence: m.Sequence, Text: h.Text}
}

// The ends of a transfer between devices that are both online.
const (
	OnlineFileDone      = "done"
	OnlineFileRefused   = "refused"
	OnlineFileCancelled = "cancelled"
)

// OnlineFile is sent when a transfer between From and To ended. To gets a push.
type OnlineFile struct {
	From, To User
	Folder   bool
	End      string
}

// Activity implements Happening.
func (h *OnlineFile) Activity() Activity {
	return Activity{Kind: ActivityOnlineFile, User: h.To.UIN, By: h.From.UIN, Text: h.End}
}

// Restrict keeps an account from sending to groups, with code 46. Its clients get a tip in
// the group code, which it must be a member of. With on false it may send again. No push
// reports that, and code is only that of the [Activity]. The refusals are NotFound
// and NotMember.
func (w Users) Restrict(uin message.UIN, code message.GroupCode, on bool) error {
	w.mu.Lock()
	defer w.done()
	a, err := w.account(uin)
	if err != nil {
		return err
	}
	if on {
		if _, _, err := w.member(code, uin); err != nil {
			return err
		}
	}
	a.restricted = on
	w.happened(&Restricted{a.User, code, on})
	return nil
}

// Type shows to that from types or speaks in their chat, or does not any more. The
// refusal is NotFound where they are not friends.
func (w Users) Type(from, to message.UIN, input Input) error {
	w.mu.Lock()
	defer w.done()
	if !w.areFriends(from, to) {
		return Refuse(NotFound, "%d and %d are not friends", from, to)
	}
	w.happened(&Typing{w.user(from), w.user(to), input})
	return nil
}

// EndOnlineFile tells to how the transfer of a file or folder, from it to the other one or
// the other way, ended: end is one of the constants. The refusals are BadRequest, and
// NotFound where they are not friends.
func (w Users) EndOnlineFile(from, to message.UIN, folder bool, end string) error {
	w.mu.Lock()
	defer w.done()
	if !w.areFriends(from, to) {
		return Refuse(NotFound, "%d and %d are not friends", from, to)
	}
	switch end {
	case OnlineFileDone, OnlineFileRefused, OnlineFileCancelled:
	default:
		return Refuse(BadRequest, "a transfer does not end %q: it is done, refused or cancelled", end)
	}
	w.happened(&OnlineFile{w.user(from), w.user(to), folder, end})
	return nil
}

// TurnIntoText gives uin the text of a message: that with the sequence in a group, or with
// code 0 in its chat with peer. The refusals are BadRequest, NotFound and NotMember.
func (w Users) TurnIntoText(uin message.UIN, code message.GroupCode, peer message.UIN, sequence uint64, text string) error {
	w.mu.Lock()
	defer w.done()
	a, err := w.account(uin)
	if err != nil {
		return err
	}
	if err := checkName(text); err != nil {
		return err
	}
	var r *record
	if code != 0 {
		g, _, err := w.member(code, uin)
		if err != nil {
			return err
		}
		r = g.history.find(sequence)
	} else if chat := w.pairs[keyOf(uin, peer)]; chat != nil {
		r = chat.history.find(sequence)
	}
	if r == nil || r.recalled {
		return Refuse(NotFound, "no message %d", sequence)
	}
	w.happened(&VoiceText{a.User, &r.Message, text})
	return nil
}
