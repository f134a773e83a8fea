package onebot

import (
	"strings"

	"libration/gateway"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// noticeRow is how one type of event becomes a notice.
type noticeRow struct {
	event string // its Name
	kind  string // notice_type, notice_type/sub_type, or with "request/" before: of a request
	doc   string // section of docs/protocol/onebot11.md
	// of are the services that tell it so, where others have other words; 0: all.
	of Flavour
	// tell appends the fields behind notice_type; nil when the row is not for this event.
	// That may be long after the event, in a later run: it asks nobody.
	tell func(w *writer, b []byte, n *gateway.Event) []byte
}

// notice is a row for events of type E.
func notice[E gateway.Happening](kind, doc string, tell func(w *writer, b []byte, e E) []byte) noticeRow {
	var of E
	return noticeRow{of.Name(), kind, doc, 0, func(w *writer, b []byte, n *gateway.Event) []byte { return tell(w, b, n.Event.(E)) }}
}

// in returns the row as one of a service alone.
func (r noticeRow) in(f Flavour) noticeRow {
	r.of = f
	return r
}

// noticeAbout is a row for events of type E that are about a message; id is its
// message_id.
func noticeAbout[E gateway.Happening](kind, doc string, tell func(w *writer, b []byte, e E, id int32) []byte) noticeRow {
	row := notice[E](kind, doc, nil)
	row.tell = func(w *writer, b []byte, n *gateway.Event) []byte { return tell(w, b, n.Event.(E), n.MessageID) }
	return row
}

// noticeRows is every notice. Of several rows for a type the first that tells counts, in
// each flavour.
func noticeRows() []noticeRow {
	return append(lifeNotices(), []noticeRow{
		noticeAbout("group_recall", "c.2", tellGroupRecall),
		noticeAbout("friend_recall", "c.2", tellFriendRecall),
		notice("group_increase", "c.2", tellIncrease),
		notice("group_decrease", "c.2", tellDecrease),
		notice("group_decrease", "c.2", tellLeft),
		notice("group_admin", "c.2", tellAdmin),
		notice("group_ban", "c.2", tellBan),
		notice("group_name_change", "c.2", tellName).in(Lagrange),
		notice("notify/group_name", "c.2", tellNewName).in(NapCat),
		notice("notify/title", "c.2", tellTitle),
		notice("group_card", "c.2", tellCard),
		notice("friend_add", "c.2", tellFriendAdd),
		notice("notify/poke", "c.2", tellGroupPoke),
		notice("notify/poke", "c.2", tellFriendPoke),
		notice("notify/poke_recall", "c.2", tellGroupPokeRecall),
		notice("notify/poke_recall", "c.2", tellFriendPokeRecall),
		notice("notify/honor", "c.2", tellHonor),
		notice("notify/gray_tip", "c.2", tellGrayTip),
		notice("notify/lucky_king", "c.2", tellLuckyKing),
		notice("notify/input_status", "c.2", tellTyping),
		notice("group_upload", "c.2", tellGroupFile),
		notice("offline_file", "c.2", tellFriendFile),
		notice("online_file_send/receive", "c.2", tellOnlineFile(event.OnlineFileDone)),
		notice("online_file_send/refuse", "c.2", tellOnlineFile(event.OnlineFileRefused)),
		notice("online_file_receive/cancel", "c.2", tellOnlineFile(event.OnlineFileCancelled)),
		notice("client_status", "c.2", tellClients),
		notice("notify/profile_like", "c.2", tellProfileLike),
		notice("request/friend", "c.3", tellFriendRequest),
		notice("request/group/add", "c.3", tellJoinRequest),
		notice("request/group/add", "c.3", tellInvitedJoin),
		notice("request/group/invite", "c.3", tellInvitation),
		notice("bot_online", "c.2", tellOnline),
		notice("bot_offline", "c.2", tellOffline),
	}...)
}

// ignored are the types of event without a notice, and why.
var ignored = map[string]string{
	"message":              "it is an event of its own (c.1)",
	"friend_removed":       "OneBot has no word for it",
	"friend_renamed":       "OneBot has no word for it",
	"self_renamed":         "OneBot has no word for it",
	"group_sign_in":        "OneBot has no word for it",
	"group_bot_added":      "OneBot has no word for it",
	"group_album_updated":  "OneBot has no word for it",
	"group_member_entered": "OneBot has no word for it",
	"voice_text_ready":     "OneBot has no word for it",
	"account_restricted":   "get_status and the owner's notices say it: no bot can lift it",
	"account_kicked":       "bot_offline says that the account is no longer online, and why",
	"unknown_push":         "it is for diagnosis",
	"group_todo":           "OneBot has no word for it",
	"chat_pin_changed":     "OneBot has no word for it",
	"group_join_rejected":  "OneBot has no word for it",
}

// Told returns how an event is told, by its name: the kinds of its notices, or the reason why
// there is none.
func Told(event string) (kinds []string, reason string) {
	for _, r := range noticesOf[event] {
		kinds = append(kinds, r.kind)
	}
	return kinds, ignored[event]
}

var noticesOf = func() map[string][]noticeRow {
	of := map[string][]noticeRow{}
	for _, r := range noticeRows() {
		of[r.event] = append(of[r.event], r)
	}
	return of
}()

// notices encodes an event as OneBot notices (docs/protocol/onebot11.md c.2), one for each
// flavour that has its own; none when OneBot has no word for it.
func (w *writer) notices(n *gateway.Event) (frames [][]byte) {
	unix := n.Event.When()
	if unix <= 0 {
		unix = n.At
	}
	told := ^w.flavour // these have it, or get none
	for _, r := range noticesOf[n.Event.Name()] {
		of := r.of
		if of == 0 {
			of = w.flavour
		}
		if of&^told == 0 {
			continue
		}
		if b := r.tell(w, w.noticeHead(unix, r.kind), n); b != nil {
			frames, told = append(frames, b), told|of
		}
	}
	for i, b := range frames {
		frames[i] = closed(b, gateway.FrameID(n.ID, i, len(frames)))
	}
	return frames
}

// noticeHead begins a notice or a request; kind is as in a noticeRow.
func (w *writer) noticeHead(unix int64, kind string) []byte {
	post, name := "notice", "notice_type"
	if rest, ok := strings.CutPrefix(kind, "request/"); ok {
		post, name, kind = "request", "request_type", rest
	}
	kind, sub, found := strings.Cut(kind, "/")
	b := textField(w.appendHead(nil, unix, post), name, kind)
	if found {
		b = textField(b, "sub_type", sub)
	}
	return b
}

// groupFields appends what notices of a group, an operator and a user have.
func groupFields(b []byte, sub string, group message.GroupCode, operator message.UIN, user event.Person) []byte {
	b = textField(b, "sub_type", sub)
	b = uintField(b, "group_id", group)
	b = uintField(b, "operator_id", operator)
	return personField(b, "user", user)
}

// personField appends somebody's number, as the field ROLE_id. It is 0 where the service
// gives none; ROLE_uid has the text id then, so that nobody takes it for no one.
func personField(b []byte, role string, who event.Person) []byte {
	b = uintField(b, role+"_id", who.UIN)
	if who.UIN == 0 && who.UID != "" {
		b = textField(b, role+"_uid", string(who.UID))
	}
	return b
}

func tellGroupRecall(_ *writer, b []byte, e *event.MessageRecalled, id int32) []byte {
	if e.Chat.Kind != message.Group {
		return nil
	}
	b = uintField(b, "group_id", e.Chat.Group)
	b = personField(b, "user", e.Author)
	b = uintField(b, "operator_id", e.Operator.UIN)
	b = intField(b, "message_id", id)
	return textField(b, "tip", e.Tip)
}

func tellFriendRecall(_ *writer, b []byte, e *event.MessageRecalled, id int32) []byte {
	user := event.Person{UIN: e.Chat.Peer, UID: e.Chat.PeerUID} // OneBot names the friend, whoever recalled
	if user.UIN == 0 && (e.Author.UIN != 0 || user.UID == "") {
		user = e.Author
	}
	b = personField(b, "user", user)
	b = uintField(b, "operator_id", e.Operator.UIN)
	b = intField(b, "message_id", id)
	return textField(b, "tip", e.Tip)
}

func tellIncrease(_ *writer, b []byte, e *event.GroupMemberIncrease) []byte {
	sub := "approve"
	if e.Method == event.JoinInvited {
		sub = "invite"
	}
	return groupFields(b, sub, e.Group, e.Operator.UIN, e.Member)
}

func tellAdmin(_ *writer, b []byte, e *event.GroupAdminChanged) []byte {
	sub := "unset"
	if e.Admin {
		sub = "set"
	}
	b = textField(b, "sub_type", sub)
	b = uintField(b, "group_id", e.Group)
	return personField(b, "user", e.Member)
}

func tellName(_ *writer, b []byte, e *event.GroupNameChanged) []byte {
	b = uintField(b, "group_id", e.Group)
	b = textField(b, "name", e.NewName)
	return uintField(b, "operator_id", e.Operator.UIN)
}

func tellNewName(_ *writer, b []byte, e *event.GroupNameChanged) []byte {
	b = uintField(b, "group_id", e.Group)
	b = personField(b, "user", e.Operator)
	return textField(b, "name_new", e.NewName)
}

func tellCard(_ *writer, b []byte, e *event.GroupCardChanged) []byte {
	b = uintField(b, "group_id", e.Group)
	b = personField(b, "user", e.Member)
	b = textField(b, "card_new", e.New)
	return textField(b, "card_old", e.Old)
}

func tellTitle(_ *writer, b []byte, e *event.GroupTitleChanged) []byte {
	b = uintField(b, "group_id", e.Group)
	b = personField(b, "user", e.Member)
	return textField(b, "title", e.Title)
}

func tellFriendAdd(_ *writer, b []byte, e *event.FriendAdded) []byte {
	return personField(b, "user", e.Friend)
}

func tellProfileLike(_ *writer, b []byte, e *event.ProfileLiked) []byte {
	b = uintField(b, "operator_id", e.Operator.UIN)
	b = textField(b, "operator_nick", e.Nickname)
	return uintField(b, "times", e.Times)
}

// tellFriendRequest tells of a request; its flag is the text id of who asks, which the
// answer names.
func tellFriendRequest(_ *writer, b []byte, e *event.FriendRequest) []byte {
	b = personField(b, "user", e.Requester)
	b = textField(b, "comment", e.Message)
	b = textField(b, "flag", string(e.Requester.UID))
	return textField(b, "via", e.Source)
}

func tellDecrease(w *writer, b []byte, e *event.GroupMemberDecrease) []byte {
	operator, user, sub := e.Operator.UIN, e.Member, "leave"
	switch e.Reason {
	case event.LeaveKicked, event.LeaveKickMe, event.LeaveDisband:
		sub = string(e.Reason)
	case event.LeaveLeft:
		if operator == 0 { // who leaves does it himself
			operator = user.UIN
		}
	}
	if user.UIN == 0 && e.Reason == event.LeaveKickMe {
		user.UIN = w.self()
	}
	return groupFields(b, sub, e.Group, operator, user)
}

// tellLeft tells that the account is no longer in a group.
func tellLeft(w *writer, b []byte, e *event.GroupLeft) []byte {
	self := w.self()
	return groupFields(b, "leave", e.Group, self, event.Person{UIN: self})
}

// tellBan tells of a mute. For the whole group user_id is 0 and duration -1, or 0
// when it ends.
func tellBan(_ *writer, b []byte, e *event.GroupMuted) []byte {
	sub, duration, user := "ban", int64(e.Duration), e.Member
	if e.Duration == 0 {
		sub = "lift_ban"
	}
	if e.All {
		user = event.Person{}
		if e.Duration != 0 {
			duration = -1
		}
	}
	b = groupFields(b, sub, e.Group, e.Operator.UIN, user)
	return intField(b, "duration", duration)
}

func tellOnline(_ *writer, b []byte, e *gateway.Online) []byte {
	reason := "Reconnect"
	if e.First {
		reason = "Login"
	}
	return textField(b, "reason", reason)
}

func tellOffline(w *writer, b []byte, e *gateway.Offline) []byte {
	b = uintField(b, "user_id", e.User)
	b = textField(b, "tag", string(e.Stage))
	return textField(b, "message", offlineText(e).In(w.language))
}
