package event

import (
	"encoding/json"
	"strconv"
	"strings"

	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// GroupTitleChanged is sent when a member of a group has a new special title.
type GroupTitleChanged struct {
	Group  message.GroupCode
	Member Person
	Title  string // "" when the title was taken away, which is unconfirmed
	Time   int64  // Unix seconds
}

func (*GroupTitleChanged) Name() string     { return "group_title_changed" }
func (e *GroupTitleChanged) When() int64    { return e.Time }
func (e *GroupTitleChanged) People() People { return members(e.Group, &e.Member) }
func (*GroupTitleChanged) Stale() Stale     { return Stale{} }

// Update returns the new title.
func (e *GroupTitleChanged) Update() Update {
	return Update{Group: e.Group, Person: e.Member, Fields: FieldTitle, Title: e.Title}
}

// title reads the special title out of a notice's text, whose inserts name the
// member and the title.
func (p *push) title() {
	var param pushpb.GroupTextParam
	if !p.decode(p.notify.GetEventParam(), &param) {
		return
	}
	e := &GroupTitleChanged{
		Group:  message.GroupCode(p.notify.GetGroupCode()),
		Member: p.byUIN(param.GetMemberUin()),
		Time:   p.time(p.notify.GetNotifyTime()),
	}
	found := false
	for _, in := range inserts(param.GetText()) {
		switch in.Cmd {
		case insertPerson:
			if e.Member == (Person{}) {
				uin, _ := strconv.ParseUint(in.Data, 10, 64)
				e.Member = p.byUIN(uin)
			}
		case insertLink:
			if !found {
				e.Title, found = in.Text, true
			}
		}
	}
	if !found || e.Member == (Person{}) {
		p.incomplete()
		return
	}
	p.emit(e)
}

// The commands of a text insert.
const (
	insertLink   = 1
	insertPerson = 5
)

// insert is one <{...}> in a notice's text (docs/protocol/events.md 6.1).
type insert struct {
	Cmd  int    `json:"cmd"`
	Data string `json:"data"`
	Text string `json:"text"`
}

// maxInserts bounds how many inserts of one text are read.
const maxInserts = 16

// inserts leaves out what is no JSON of that form.
func inserts(s string) []insert {
	_, found := splitInserts(s)
	return found
}

// plainNotice is a notice's text with the words of its inserts.
func plainNotice(s string) string {
	plain, _ := splitInserts(s)
	return plain
}

func splitInserts(s string) (plain string, found []insert) {
	var b strings.Builder
	for len(found) < maxInserts {
		before, rest, ok := strings.Cut(s, "<{")
		if !ok {
			break
		}
		body, after, ok := strings.Cut(rest, "}>")
		if !ok {
			break
		}
		b.WriteString(before)
		var in insert
		if json.Unmarshal([]byte("{"+body+"}"), &in) == nil {
			b.WriteString(in.Text)
			found = append(found, in)
		} else {
			b.WriteString("<{" + body + "}>")
		}
		s = after
	}
	b.WriteString(s)
	return b.String(), found
}
