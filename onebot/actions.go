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
var (
	standard = text.Same("OneBot v11")
	lagrange = text.Same("Lagrange")
	common   = text.T("go-cqhttp, or NapCat and LuckyLillia", "go-cqhttp，或 NapCat 和 LuckyLillia")
	rare     = text.T("NapCat or LuckyLillia", "NapCat 或 LuckyLillia")
)

//go:generate go test -run TestGenerated -update .

type row = table.Row[*account]

// Table returns all actions. It panics when a row is wrong.
var Table = sync.OnceValue(func() *table.Table[*account] {
	rows := slices.Concat(
		table.About(text.T("Messages", "消息"),
			messageActions(), forwardActions(), historyActions(), recentActions(), pokeActions()),
		table.About(text.T("The account and its friends", "账号与好友"),
			userActions(), friendActions(), profileActions(), likeActions()),
		table.About(text.T("Groups", "群"),
			groupActions(), manageActions(), groupRequestActions(), announcementActions(), lifeActions(), essenceActions(), honorActions(), robotActions(), chainActions()),
		table.About(text.T("Pictures, voices, albums", "图片、语音、相册"),
			mediaActions(), voiceActions(), pictureActions(), albumActions()),
		table.About(text.T("Faces, cards, links", "表情、卡片、链接"),
			faceActions(), customFaceActions(), cardActions()),
		table.About(text.T("Files", "文件"),
			groupFileActions(), groupFolderActions(), uploadActions(), streamActions()),
		table.About(text.T("The service", "服务"),
			serviceActions(), upkeepActions(), filterActions(), webActions(), packetActions(), pollActions()),
		knownActions(),
	)
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
		Example: func(action string) *table.Example { return examples()[action] },
		// What args.Read reads.
		Types: map[reflect.Type]table.Type{
			reflect.TypeFor[message.UIN]():       {Kind: table.Integer, Text: text.T("Account number.", "QQ 号。")},
			reflect.TypeFor[message.GroupCode](): {Kind: table.Integer, Text: text.T("Group number.", "群号。")},
			reflect.TypeFor[messageID]():         {Kind: table.Integer, Text: text.T("Id of a message, as in events.", "消息 id，与事件中的相同。")},
			reflect.TypeFor[whole]():             {Kind: table.Integer},
			reflect.TypeFor[bool]():              {Kind: table.Boolean},
			reflect.TypeFor[string]():            {Kind: table.String},
			reflect.TypeFor[target]():            {Kind: table.Integer},
			reflect.TypeFor[unread]():            {Kind: table.Any},
			reflect.TypeFor[lookText]():          {Kind: table.String},
			reflect.TypeFor[lookLines]():         {Kind: table.Array, Items: &table.Type{Kind: table.Any}},
			reflect.TypeFor[Params]():            {Kind: table.Object},
			reflect.TypeFor[headers]():           {Kind: table.Any},
		},
	}
}

// messageID is a message_id: any 32 bits, also negative.
type messageID int32

// whole is any whole number.
type whole int64

// with returns causes and some more.
func with(causes []*table.Cause, more ...*table.Cause) []*table.Cause {
	return slices.Concat(more, causes)
}

// Help returns what there is to know of an action, for a terminal, or that there is none
// with this name. Without a name it returns a list of all actions. command writes an example
// as a command line.
func Help(action string, l Language, command func(*table.Example) string) string {
	name, _ := cutSuffix(action)
	r := Table().Find(name)
	switch {
	case action == "":
		return Table().List(l)
	case r == nil || !r.Works():
		return unknownAction(Table(), action).text.In(l) + "\n"
	}
	return r.Help(l, command)
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
