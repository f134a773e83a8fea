package onebot

import (
	"slices"
	"strings"

	"libration/gateway/table"
	"libration/internal/text"
)

// described describes the events of one kind. Guides, schema and tests are made of it.
type described struct {
	kind string    // post_type, and what else parts it from others, such as notice/notify/poke
	text text.Text // when it is sent
	// from are the services that have it, by their letters in docs/protocol/onebot11.md: S is
	// the standard. "": none.
	from   string
	fields []table.Field // beside those of every event, and those that kind says
	notes  text.Text     // what services and frameworks do otherwise
}

// typeFields are the fields of kind, by its post_type.
var typeFields = map[string][]string{
	"message":      {"message_type"},
	"message_sent": {"message_type"},
	"notice":       {"notice_type", "sub_type"},
	"request":      {"request_type", "sub_type"},
	"meta_event":   {"meta_event_type", "sub_type"},
}

// all returns the fields of every event and of this kind.
func (d *described) all() []table.Field {
	post, rest, _ := strings.Cut(d.kind, "/")
	fields := []table.Field{
		whole64("time", "When it happened, Unix seconds by the service's time.", "发生的时间，Unix 秒，以服务器时间为准。"),
		whole64("self_id", "The account.", "登录的账号。"),
		word("post_type", "", "", post),
	}
	for i, value := range strings.Split(rest, "/") {
		fields = append(fields, word(typeFields[post][i], "", "", value))
	}
	fields = append(fields, d.fields...)
	if post == "meta_event" { // these have no place in a journal
		return fields
	}
	return append(fields, when(whole64("event_id", "Rises from event to event.", "逐个事件递增。"), "when a connection has a journal", "有连接启用 journal 时"))
}

// def describes the event for the schema and the pages.
func (d *described) def() table.Def {
	return table.Def{Name: "event." + strings.ReplaceAll(d.kind, "/", "."), Text: d.text, Type: object(d.all()...)}
}

// of returns in which flavours the event is sent; 0: in all.
func (d *described) of() (of Flavour) {
	for _, r := range noticeRows() {
		if r.described() == d.kind {
			of |= r.of
		}
	}
	return of
}

// described is the kind of the notices of a row.
func (r *noticeRow) described() string {
	if strings.HasPrefix(r.kind, "request/") {
		return r.kind
	}
	return "notice/" + r.kind
}

// describedEvents has all events.
func describedEvents() []described {
	return slices.Concat(describedMessages(), describedNotices(), describedLife(), describedRequests(), describedMeta())
}

// The functions below describe fields. A field is always there unless when says otherwise.

func given(kind table.Kind, name, en, zh string) table.Field {
	f := table.Field{Names: strings.Split(name, "|"), Type: &table.Type{Kind: kind}, Required: true}
	f.Text.EN, f.Text.ZH = en, zh
	return f
}

func whole64(name, en, zh string) table.Field { return given(table.Integer, name, en, zh) }
func yesNo(name, en, zh string) table.Field   { return given(table.Boolean, name, en, zh) }
func words(name, en, zh string) table.Field   { return given(table.String, name, en, zh) }

// word is one of some texts.
func word(name, en, zh string, values ...string) table.Field {
	f := words(name, en, zh)
	f.Enum = values
	return f
}

func within(name, en, zh string, fields ...table.Field) table.Field {
	f := words(name, en, zh)
	f.Type = object(fields...)
	return f
}

func list(name, en, zh string, of *table.Type) table.Field {
	f := words(name, en, zh)
	f.Type = &table.Type{Kind: table.Array, Items: of}
	return f
}

func object(fields ...table.Field) *table.Type {
	return &table.Type{Kind: table.Object, Fields: fields}
}

// when is a field that is there only at times.
func when(f table.Field, en, zh string) table.Field {
	f.Required, f.When.EN, f.When.ZH = false, en, zh
	return f
}

// only is a field of one flavour.
func only(of Flavour, f table.Field) table.Field {
	f.Variant = of.String()
	return f
}

// String returns the word of the configuration for a flavour.
func (f Flavour) String() string {
	switch f {
	case Lagrange:
		return "lagrange"
	case NapCat:
		return "napcat"
	}
	return "both"
}

// The fields that many events have.

func groupID() table.Field { return whole64("group_id", "The group.", "群号。") }

func inGroups() table.Field { return when(groupID(), "in groups", "群聊中") }

func aboutMessage() table.Field {
	return whole64("message_id", "The message; 0 when it cannot be named.", "消息 id；无法得知时为 0。")
}

// operator is who did it.
func operator() table.Field {
	return whole64("operator_id", "Who did it; 0 when the service does not say.", "操作者；服务器未给出时为 0。")
}

// person are the fields of somebody who is 0 when only the text id is known.
func person(role, en, zh string) []table.Field {
	return []table.Field{
		whole64(role+"_id", en, zh),
		when(words(role+"_uid", "Text id of the same.", "对应的 uid。"), "when the number is 0 and the text id is known", "号码为 0 且已知 uid 时"),
	}
}

// user is person for user_id.
func user(en, zh string) []table.Field { return person("user", en, zh) }

// fields joins fields and lists of them.
func fields(parts ...any) (all []table.Field) {
	for _, p := range parts {
		switch p := p.(type) {
		case table.Field:
			all = append(all, p)
		case []table.Field:
			all = append(all, p...)
		}
	}
	return all
}
