package onebot

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

// Lane says whom an action may keep waiting.
type Lane = table.Lane

// The lanes.
const (
	Local   = table.Local
	Lookups = table.Lookups
	Sends   = table.Sends
	Lanes   = table.Lanes
)

// The tiers of docs/protocol/onebot11.md (b): its T1 is the first two.
const (
	standard table.Tier = "OneBot v11"
	lagrange table.Tier = "Lagrange"
	common   table.Tier = "go-cqhttp, NapCat, LuckyLillia" // what go-cqhttp has, or both others
	rare     table.Tier = "NapCat, LuckyLillia"            // what one of them has
)

//go:generate go test -run TestGenerated -update .

type row = table.Row[*Service]

// Table returns all actions. It panics when a row is wrong.
var Table = sync.OnceValue(func() *table.Table[*Service] {
	rows := slices.Concat(messageActions(), infoActions(), serviceActions(), absentActions())
	t, err := table.New(dialect(), rows...)
	if err != nil {
		panic(err)
	}
	return t
})

func dialect() table.Dialect {
	return table.Dialect{
		Name:    "OneBot v11",
		Tiers:   []table.Tier{standard, lagrange, common, rare},
		Failure: apiError,
		Causes:  generalCauses(),
		// What args.Read reads.
		Types: map[reflect.Type]table.Type{
			reflect.TypeFor[message.UIN]():       {Kind: table.Integer, Text: text.T("Account number.", "QQ 号。")},
			reflect.TypeFor[message.GroupCode](): {Kind: table.Integer, Text: text.T("Group number.", "群号。")},
			reflect.TypeFor[messageID]():         {Kind: table.Integer, Text: text.T("Id of a message, as in events.", "消息 id，与事件中的相同。")},
			reflect.TypeFor[bool]():              {Kind: table.Boolean},
			reflect.TypeFor[string]():            {Kind: table.String},
			reflect.TypeFor[target]():            {Kind: table.Integer},
			reflect.TypeFor[unread]():            {Kind: table.Any},
			reflect.TypeFor[Params]():            {Kind: table.Object},
		},
	}
}

// messageID is a message_id: any 32 bits, also negative.
type messageID int32

// messageActions are in actions_message.go and quick.go.
func messageActions() []row {
	return []row{
		table.Of("send_msg", standard, Sends, text.T("Sends a message to a group or a friend.", "发送消息到群或好友。"),
			(*Service).sendMsg, table.Fails(sendFailed, with(sendCauses, noGroup, noFriend)...)),
		table.Of("send_group_msg", standard, Sends, text.T("Sends a message to a group.", "发送群消息。"),
			(*Service).sendGroupMsg, table.Fails(sendFailed, with(sendCauses, noGroup)...)),
		table.Of("send_private_msg", standard, Sends, text.T("Sends a message to a friend.", "发送好友消息。"),
			(*Service).sendPrivateMsg, table.Fails(sendFailed, with(sendCauses, noFriend)...)),
		table.Of("delete_msg", standard, Sends, text.T("Recalls a message.", "撤回消息。"),
			(*Service).deleteMsg, table.Fails(recallFailed, noMessage, notOurs, tooLate)),
		table.Of("get_msg", standard, Local,
			text.T("Returns a stored message, as in events and always in the array format.", "返回消息库中的消息，内容与事件相同，始终为数组格式。"),
			(*Service).getMsg, table.Fails(apiError, noMsg)),
		table.Of(quickAction, standard, Sends,
			text.T("Replies to an event, or recalls its message, as the answer of a webhook does.", "对事件执行快速操作，与 webhook 的响应相同。"),
			(*Service).quickOperation, table.Fails(apiError, with(sendCauses, noGroup, noFriend, notSupported, sendFailed, notOurs, tooLate, recallFailed)...)),
	}
}

// with returns causes and some more.
func with(causes []*table.Cause, more ...*table.Cause) []*table.Cause {
	return slices.Concat(more, causes)
}

// infoActions are in actions_info.go.
func infoActions() []row {
	return []row{
		table.Of("get_login_info", standard, Local, text.T("Returns the account itself.", "返回登录的账号。"), (*Service).loginInfo),
		table.Of("get_stranger_info", standard, Lookups, text.T("Returns what anybody's profile shows.", "返回任意用户的资料。"),
			(*Service).strangerInfo, table.Fails(apiError, noUser)),
		table.Of("get_friend_list", standard, Lookups, text.T("Lists the friends.", "返回好友列表。"), (*Service).friendList),
		table.Of("get_group_list", standard, Lookups, text.T("Lists the groups that the account is in.", "返回已加入的群列表。"), (*Service).groupList),
		table.Of("get_group_info", standard, Lookups, text.T("Returns a group that the account is in.", "返回已加入的群的信息。"),
			(*Service).groupInfo, table.Fails(apiError, noGroup)),
		table.Of("get_group_member_list", standard, Lookups, text.T("Lists the members of a group.", "返回群成员列表。"),
			(*Service).groupMemberList, table.Fails(membersFailed, noGroup)),
		table.Of("get_group_member_info", standard, Lookups, text.T("Returns a member of a group.", "返回群成员的信息。"),
			(*Service).groupMemberInfo, table.Fails(memberFailed, noGroup, noMember)),
	}
}

// serviceActions are in actions_service.go.
func serviceActions() []row {
	return []row{
		table.Of("get_status", standard, Local, text.T("Returns whether the account is online and can send, and counts.", "返回账号是否在线、能否发送消息，以及统计数据。"), (*Service).getStatus),
		table.Of("get_version_info", standard, Local, text.T("Returns the name and version of this service.", "返回本服务的名称和版本。"), (*Service).versionInfo),
		table.Of("can_send_image", standard, Local, text.T("Returns whether images can be sent: not in this version.", "返回能否发送图片：本版本不能。"), (*Service).cannot),
		table.Of("can_send_record", standard, Local, text.T("Returns whether voice messages can be sent: not in this version.", "返回能否发送语音：本版本不能。"), (*Service).cannot),
		table.Of("get_supported_actions", common, Local, text.T("Lists the actions that this version has.", "返回本版本支持的动作名称。"), (*Service).supportedActions),
		table.Of("get_guild_service_profile", common, Local, text.T("Returns that there are no guilds: the feature is gone.", "返回没有频道：该功能已不存在。"), (*Service).guildServiceProfile),
	}
}

// Help returns what there is to know of an action, for a terminal, or that there is none
// with this name. Without a name it returns a list of all actions.
func Help(action string, l Language) string {
	name, _ := cutSuffix(action)
	r := Table().Find(name)
	switch {
	case action == "":
		return Table().List(l)
	case r == nil || !r.Works():
		return unknownAction(Table(), action).text.In(l) + "\n"
	}
	return r.Help(l)
}

// suffixes make an action be answered before it runs.
const (
	asyncSuffix = "_async"
	pacedSuffix = "_rate_limited"
)

// cutSuffix returns the name of an action without one of the suffixes, and which.
func cutSuffix(action string) (name, suffix string) {
	for _, suffix := range []string{asyncSuffix, pacedSuffix} {
		if name, ok := strings.CutSuffix(action, suffix); ok {
			return name, suffix
		}
	}
	return action, ""
}

// working returns the row of an action that has a function, nil for other names.
func (s *Service) working(name string) *row {
	if r := s.actions.Find(name); r != nil && r.Works() {
		return r
	}
	return nil
}

// Lane returns the lane of an action. Those that are answered before they run are
// Local.
func (s *Service) Lane(action string) Lane {
	if r := s.working(action); r != nil {
		return r.Lane
	}
	return Local
}

// Changes reports whether an action may change something, with or without one of the
// suffixes of Call. One that does not exist changes nothing.
func (s *Service) Changes(action string) bool {
	name, _ := cutSuffix(action)
	r := s.working(name)
	return r != nil && !r.ReadOnly()
}

// Actions returns the names of all actions that work, sorted, without suffixes.
func (s *Service) Actions() []string { return s.actions.Names() }
