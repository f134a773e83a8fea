package event

import (
	"libration/internal/elements"
	"libration/internal/rpc"
)

// none stands for a part of a push's kind that is not looked at.
const none = -1

// The types of push whose subtype counts (docs/protocol/events.md 2).
const (
	typeAccount = 528 // about the account and its friends
	typeGroup   = 732 // about a group
)

// kind is what a message push is about: the content head's type and subtype, and the
// number of a part where the content itself has several kinds.
type kind struct{ typ, sub, part int64 }

// row is one kind of push.
type row struct {
	command string // "" for message pushes
	kind    kind
	chat    bool
	event   string      // what it is decoded to, or what it is when it is ignored
	doc     string      // section of docs/protocol/events.md
	decode  func(*push) // nil: it is known, and ignored
}

// on is a push that is decoded to an event.
func on(typ, sub int64, event, doc string, decode func(*push)) row {
	return row{kind: kind{typ, sub, none}, event: event, doc: doc, decode: decode}
}

// part is one part of a push that split reads.
func part(typ, sub, part int64, event, doc string, decode func(*push)) row {
	return row{kind: kind{typ, sub, part}, event: event, doc: doc, decode: decode}
}

// split is a push whose content says what it is about: decode calls push.part.
func split(typ, sub int64, doc string, decode func(*push)) row {
	return row{kind: kind{typ, sub, none}, doc: doc, decode: decode}
}

// chat is a type of chat messages.
func chat(typ int64) row {
	return row{kind: kind{typ, none, none}, chat: true, event: "message", doc: "3.1", decode: (*push).decodeChat}
}

// ignored is a push that is known and without an event (docs/protocol/events.md 3.2).
func ignored(typ, sub, part int64, what string) row {
	return row{kind: kind{typ, sub, part}, event: what, doc: "3.2"}
}

func onCommand(command, event, doc string, decode func(*push)) row {
	return row{command: command, event: event, doc: doc, decode: decode}
}

func ignoredCommand(command, what, doc string) row {
	return row{command: command, event: what, doc: doc}
}

// rows is every kind of push that is known.
func rows() []row {
	return []row{
		chat(elements.TypeGroup), chat(elements.TypeTemp), chat(elements.TypeFriend),
		chat(elements.TypeOfficialBot), chat(elements.TypeOldVoice), chat(elements.TypeFile),
		chat(9), chat(140), // are not read; they have no msg_content, as chat messages
		part(elements.TypeFriend, none, elements.CmdOnlineFileDone, "online_file_notice", "5.2", (*push).onlineFile),
		part(elements.TypeFriend, none, elements.CmdOnlineFileRefused, "online_file_notice", "5.2", (*push).onlineFile),

		on(33, none, "group_member_increase", "5.2", (*push).memberIncrease),
		on(34, none, "group_member_decrease", "5.2", (*push).memberDecrease),
		on(44, none, "group_admin_changed", "5.2", (*push).adminChange),
		on(84, none, "group_join_request", "5.2", (*push).joinRequest),
		on(85, none, "group_member_increase", "5.2", (*push).selfJoined),
		on(86, none, "group_join_rejected", "5.2", (*push).joinRejected),
		on(87, none, "group_invitation", "5.2", (*push).invitation),
		split(525, none, "5.2", (*push).invitedJoin),
		part(525, none, invitedJoinCommand, "group_invited_join_request", "5.2", (*push).invitedJoinRequest),

		on(typeAccount, 29, "self_renamed", "5.2", (*push).selfProfile),
		ignored(typeAccount, 31, none, "state sync"),
		on(typeAccount, 35, "friend_request", "5.2", (*push).friendRequest),
		on(typeAccount, 38, "group_member_entered", "5.2", (*push).appPush),
		split(typeAccount, 39, "5.2", (*push).profileSync),
		part(typeAccount, 39, 5, "friend_removed", "5.2", (*push).friendRemoved),
		part(typeAccount, 39, 7, "chat_pin_changed", "5.2", (*push).pinChanged),
		part(typeAccount, 39, 20, "friend_renamed", "5.2", (*push).friendRenamed),
		ignored(typeAccount, 39, 21, "group picture"),
		part(typeAccount, 39, 40, listsChanged, "3.2", (*push).friendsChanged),
		ignored(typeAccount, 39, 80, "group name, which 732/16/12 reports"),
		part(typeAccount, 39, 203, "profile_liked", "5.2", (*push).profileLiked),
		part(typeAccount, 39, 4000, "chat_pin_changed", "5.2", (*push).servicePinned),
		on(typeAccount, 61, "voice_text_ready", "5.2", (*push).voiceText),
		ignored(typeAccount, 68, none, "group request settled"),
		on(typeAccount, 138, "message_recalled", "5.2", (*push).friendRecall),
		on(typeAccount, friendRecallEcho, "message_recalled", "5.2", (*push).friendRecall),
		on(typeAccount, 179, "friend_added", "5.2", (*push).newFriend),
		split(typeAccount, 199, "5.2", (*push).profileSync),
		on(typeAccount, 212, "group_left", "5.2", (*push).groupRemoved),
		on(typeAccount, 226, listsChanged, "5.2", (*push).perhapsFriend),
		on(typeAccount, 277, "input_status", "5.2", (*push).inputStatus),
		split(typeAccount, 290, "6", (*push).friendTip),
		split(typeAccount, 291, "6", (*push).friendTip),
		part(typeAccount, 290, tipPoke, "friend_poke", "6", (*push).friendPoke),
		part(typeAccount, 290, tipBecameFriends, listsChanged, "6", (*push).perhapsFriend),
		on(typeAccount, 321, "friend_poke_recalled", "5.2", (*push).friendPokeRecall),
		ignored(typeAccount, 368, none, "layout unknown"),
		ignored(typeAccount, 380, none, "layout unknown"),

		ignored(typeGroup, 6, none, "guests, older generation"),
		on(typeGroup, 12, "group_muted", "5.3", (*push).mute),
		ignored(typeGroup, 14, none, "anonymous chat, older generation"),
		ignored(typeGroup, 15, none, "who may upload, older generation"),
		split(typeGroup, 16, "5.3", (*push).groupNotice),
		part(typeGroup, 16, partRedPacket, "group_lucky_king", "5.1", (*push).redPacket),
		part(typeGroup, 16, 0, "group_gray_tip", "5.3", (*push).textNotice),
		part(typeGroup, 16, 6, "group_title_changed", "5.3", (*push).title),
		part(typeGroup, 16, 12, "group_name_changed", "5.3", (*push).nameChange),
		ignored(typeGroup, 16, 17, "meaning unknown"),
		ignored(typeGroup, 16, 21, "live location"),
		part(typeGroup, 16, 23, "group_todo", "5.3", (*push).todo),
		part(typeGroup, 16, 35, "group_reaction", "5.3", (*push).reaction),
		part(typeGroup, 16, 37, "group_album_updated", "5.3", (*push).album),
		part(typeGroup, 16, 38, "group_bot_added", "5.3", (*push).botAdded),
		on(typeGroup, 17, "message_recalled", "5.3", (*push).groupRecall),
		split(typeGroup, 20, "6", (*push).groupTip),
		part(typeGroup, 20, tipOther, "group_gray_tip", "6", (*push).otherTip),
		part(typeGroup, 20, tipPoke, "group_poke", "6", (*push).groupPoke),
		part(typeGroup, 20, tipSignIn, "group_sign_in", "6", (*push).signIn),
		part(typeGroup, 20, tipHonor, "group_honor_changed", "6", (*push).honor),
		part(typeGroup, 20, tipRestricted, "account_restricted", "6", (*push).restricted),
		part(typeGroup, 20, tipBotAdded, "group_bot_added", "6", (*push).botAddedTip),
		split(typeGroup, 21, "5.3", (*push).groupNotify),
		part(typeGroup, 21, 32, "group_poke_recalled", "5.3", (*push).groupPokeRecall),
		part(typeGroup, 21, 27, "group_essence_changed", "5.3", (*push).essence),

		onCommand(CommandKick, "account_kicked", "8.1", (*push).kick),
		onCommand(rpc.PushForceOffline, "account_kicked", "1", (*push).forcedOffline),
		onCommand(rpc.PushMSFOffline, "account_kicked", "1", (*push).forcedOffline),
		onCommand(CommandInfoSyncPush, "", "8.2", (*push).infoSync),
		onCommand(CommandPushParams, "clients_online", "8.3", (*push).params),
		ignoredCommand("ConfigPushSvc.PushReq", "server lists", "1"),
		ignoredCommand("MsgPush.PushGroupProMsg", "guild message", "1"),
		ignoredCommand("StatSvc.SvcReqMSFLoginNotify", "other client, older generation", "1"),
	}
}

// table finds rows. It is made once and only read.
type table struct {
	pushes   map[kind]*row
	commands map[string]*row
}

var known = newTable(rows())

func newTable(rows []row) *table {
	t := &table{pushes: map[kind]*row{}, commands: map[string]*row{}}
	for i := range rows {
		if r := &rows[i]; r.command != "" {
			t.commands[r.command] = r
		} else {
			t.pushes[r.kind] = r
		}
	}
	return t
}

// run decodes the push by its row: nil is a kind that is not known.
func (p *push) run(r *row) {
	switch {
	case r == nil:
		p.unknown()
	case r.decode == nil:
		p.ignore()
	default:
		r.decode(p)
	}
}

// part decodes one part of the push's content by the row for its kind.
func (p *push) part(k kind) {
	p.key.Discriminator = k.part
	p.run(p.d.known.pushes[k])
}
