package event

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// The subtypes of type 732 and the service types of subtype 16
// (docs/protocol/events.md 5.3).
const (
	groupGuests    = 6
	groupMute      = 12
	groupAnonymous = 14
	groupUploads   = 15
	groupNotice    = 16
	groupRecall    = 17
	groupGrayTip   = 20
	groupNotice21  = 21

	noticeText     = 0
	noticeTitle    = 6
	noticeName     = 12
	noticeInternal = 17
	noticeLocation = 21
	noticeTodo     = 23
	noticeReaction = 35
	noticeAlbum    = 37
	noticeBotAdded = 38

	notifyEssence    = 27
	notifyPokeRecall = 32
)

// maxPerPush bounds the events of one push; real ones have a handful.
const maxPerPush = 1024

// headerSize is the size of the header before the notices of some subtypes:
// group code, subtype, length (docs/protocol/events.md 2.1).
const headerSize = 7

var errShortHeader = errors.New("group notice is shorter than its header")

func (p *push) decodeGroupEvent() {
	switch p.key.SubType {
	case groupMute:
		p.mute()
	case groupGuests, groupAnonymous, groupUploads:
		p.ignore()
	case groupNotice, groupRecall, groupGrayTip, groupNotice21:
		p.decodeNotice()
	default:
		p.unknown()
	}
}

func (p *push) mute() {
	var b pushpb.GroupMute
	if !p.decode(p.content, &b) {
		return
	}
	state := b.GetData().GetState()
	if b.GetGroupCode() == 0 || state == nil {
		p.incomplete()
		return
	}
	p.emit(&GroupMuted{
		Group:    message.GroupCode(b.GetGroupCode()),
		All:      state.GetTargetUid() == "",
		Member:   p.person(state.GetTargetUid()),
		Operator: p.person(b.GetOperatorUid()),
		Duration: state.GetDuration(),
		Time:     p.bodyTime(b.GetData().GetTimestamp()),
	})
}

func (p *push) decodeNotice() {
	if len(p.content) < headerSize {
		p.undecodable(errShortHeader)
		return
	}
	body := p.content[headerSize:]
	if n := int(binary.BigEndian.Uint16(p.content[5:])); n <= len(body) {
		body = body[:n]
	} else {
		p.d.shortHeader.Add(1)
	}
	var b pushpb.GroupNotify
	if !p.decode(body, &b) {
		return
	}
	if b.GroupCode == 0 {
		b.GroupCode = uint64(binary.BigEndian.Uint32(p.content))
	}
	switch p.key.SubType {
	case groupNotice:
		p.notice(&b)
	case groupRecall:
		p.groupRecall(&b)
	case groupGrayTip:
		if b.GetGrayTip() == nil {
			p.incomplete()
			return
		}
		p.key.Discriminator = int64(b.GetGrayTip().GetBusinessType())
		p.ignore()
	case groupNotice21:
		p.key.Discriminator = int64(b.GetNotifyType())
		switch {
		case b.GetNotifyType() == notifyEssence, b.GetEssence() != nil,
			b.GetNotifyType() == notifyPokeRecall, b.GetPokeRecall() != nil:
			p.ignore()
		default:
			p.unknown()
		}
	}
}

func (p *push) notice(b *pushpb.GroupNotify) {
	p.key.Discriminator = int64(b.GetServiceType())
	switch b.GetServiceType() {
	case noticeTitle:
		p.title(b)
	case noticeName:
		name := groupName(b.GetEventParam())
		if name == "" {
			p.incomplete()
			return
		}
		p.emit(&GroupNameChanged{
			Group:    message.GroupCode(b.GetGroupCode()),
			NewName:  name,
			Operator: p.personIn(b, 21, b.GetOperatorUid()),
			Time:     p.time(b.GetNotifyTime()),
		})
	case noticeText, noticeInternal, noticeLocation, noticeTodo, noticeReaction, noticeAlbum, noticeBotAdded:
		p.ignore()
	default:
		p.unknown()
	}
}

// groupName reads the parameter of a name change: a message, or three bytes of
// anything, a length and the name.
func groupName(param []byte) string {
	var b pushpb.GroupNameParam
	if pb.Unmarshal(param, &b) == nil && len(b.GetName()) > 0 {
		return b.GetName()
	}
	const head = 4
	if len(param) <= head {
		return ""
	}
	n := min(int(param[head-1]), len(param)-head)
	return pb.Text(param[head : head+n])
}

// title reads the special title out of a notice's text, whose inserts name the
// member and the title.
func (p *push) title(b *pushpb.GroupNotify) {
	var param pushpb.GroupTextParam
	if !p.decode(b.GetEventParam(), &param) {
		return
	}
	e := &GroupTitleChanged{
		Group:  message.GroupCode(b.GetGroupCode()),
		Member: p.byUIN(param.GetMemberUin()),
		Time:   p.time(b.GetNotifyTime()),
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
	var out []insert
	for len(out) < maxInserts {
		_, rest, ok := strings.Cut(s, "<{")
		if !ok {
			break
		}
		body, after, ok := strings.Cut(rest, "}>")
		if !ok {
			break
		}
		var in insert
		if json.Unmarshal([]byte("{"+body+"}"), &in) == nil {
			out = append(out, in)
		}
		s = after
	}
	return out
}

func (p *push) groupRecall(b *pushpb.GroupNotify) {
	recall := b.GetRecall()
	if len(recall.GetMessages()) == 0 {
		p.incomplete()
		return
	}
	operator := p.personIn(recall, 1, recall.GetOperatorUid())
	if operator == (Person{}) {
		operator = p.personIn(b, 21, b.GetOperatorUid())
	}
	for i, m := range recall.GetMessages() {
		if i == maxPerPush {
			break
		}
		p.emit(&MessageRecalled{
			Chat:        message.Chat{Kind: message.Group, Group: message.GroupCode(b.GetGroupCode())},
			Author:      p.personIn(m, 6, m.GetAuthorUid()),
			Operator:    operator,
			Sequence:    m.GetSequence(),
			Random:      m.GetRandom(),
			MessageTime: int64(m.GetTime()),
			Time:        p.time(b.GetNotifyTime()),
			Tip:         recall.GetTip().GetText(),
		})
	}
}
