package event

import (
	"strconv"
	"strings"

	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// TipParam is a named value of a grey tip.
type TipParam struct{ Name, Value string }

// GroupGrayTip is sent for each grey line in a group that has no event of its own, and for
// notices that are a text. It needs no reaction.
type GroupGrayTip struct {
	Group message.GroupCode
	// BusinessType, BusinessID and TemplateID say what kind of tip it is; all are 0 of a
	// notice that is a text.
	BusinessType, BusinessID, TemplateID uint64
	// Params are in the order of the push, each name once.
	Params []TipParam
	// Content is the template, XML; may be "".
	Content string
	// Text is the words of a notice that is a text; "" of a tip.
	Text string
	Time int64 // Unix seconds
}

func (*GroupGrayTip) Name() string     { return "group_gray_tip" }
func (e *GroupGrayTip) When() int64    { return e.Time }
func (e *GroupGrayTip) People() People { return members(e.Group) }
func (*GroupGrayTip) Stale() Stale     { return Stale{} }

// GroupSignIn is sent when a member has signed in to a group for the day.
type GroupSignIn struct {
	Group    message.GroupCode
	Member   Person
	Nickname string
	Time     int64 // Unix seconds
}

func (*GroupSignIn) Name() string     { return "group_sign_in" }
func (e *GroupSignIn) When() int64    { return e.Time }
func (e *GroupSignIn) People() People { return members(e.Group, &e.Member) }
func (*GroupSignIn) Stale() Stale     { return Stale{} }

// Honor is an honour that a group gives to a member.
type Honor string

// The honours.
const (
	HonorTalkative Honor = "talkative" // who wrote most
	HonorPerformer Honor = "performer" // who wrote on many days in a row
	HonorEmotion   Honor = "emotion"   // who sent many pictures

	// No event is known of these two.
	HonorLegend       Honor = "legend"        // a performer for long
	HonorStrongNewbie Honor = "strong_newbie" // who is new and writes much
)

// GroupHonorChanged is sent when a member got an honour. Unconfirmed: it is known from an
// older generation of the service.
type GroupHonorChanged struct {
	Group    message.GroupCode
	Member   Person
	Nickname string
	Honor    Honor
	Time     int64 // Unix seconds
}

func (*GroupHonorChanged) Name() string     { return "group_honor_changed" }
func (e *GroupHonorChanged) When() int64    { return e.Time }
func (e *GroupHonorChanged) People() People { return members(e.Group, &e.Member) }
func (*GroupHonorChanged) Stale() Stale     { return Stale{} }

// AccountRestricted is sent when the account may not send to groups until somebody passes a
// verification. Client.Restriction says so from then on.
type AccountRestricted struct {
	Group message.GroupCode // where the service said so
	Kind  string            // what is restricted, in the service's words; may be ""
	URL   string            // where it is lifted; may be ""
	Time  int64             // Unix seconds
}

func (*AccountRestricted) Name() string     { return "account_restricted" }
func (e *AccountRestricted) When() int64    { return e.Time }
func (e *AccountRestricted) People() People { return members(e.Group) }
func (*AccountRestricted) Stale() Stale     { return Stale{} }

// GroupBotAdded is sent when an official robot was added to a group. Bot is empty where the
// push does not name it.
type GroupBotAdded struct {
	Group    message.GroupCode
	Bot      Person
	Nickname string // the robot's name; may be ""
	Time     int64  // Unix seconds
}

func (*GroupBotAdded) Name() string     { return "group_bot_added" }
func (e *GroupBotAdded) When() int64    { return e.Time }
func (e *GroupBotAdded) People() People { return members(e.Group, &e.Bot) }
func (e *GroupBotAdded) Stale() Stale   { return Stale{Groups: true, Members: e.Group} }

// The kinds of grey tips that have rows: a business type, a business id or template ids
// (docs/protocol/events.md 6).
const (
	tipOther         = 0
	tipPoke          = 12    // business type
	tipSignIn        = 14    // business type
	tipBotAdded      = 19217 // business id
	tipBecameFriends = 19324 // business id
	tipRestricted    = 10214 // template
	tipHonor         = 1052  // template, and those of honors
)

// honors are the templates of honours, of business type 1.
var honors = map[uint64]Honor{
	1052: HonorPerformer, 1053: HonorTalkative, 1054: HonorTalkative, 1067: HonorEmotion,
}

// newTalkative is a template of a changed honour, of any business type, which may name
// nobody.
const newTalkative = 10094

// maxTipParams bounds how many parameters of a tip are read; real ones have about ten.
const maxTipParams = 64

// grayTip is a tip with its parameters: of a name that comes twice the last one counts.
type grayTip struct {
	*pushpb.GeneralGrayTip
	params []TipParam
}

func readTip(t *pushpb.GeneralGrayTip) grayTip {
	tip := grayTip{GeneralGrayTip: t}
next:
	for _, param := range t.GetParams() {
		value := pb.Text(param.GetValue())
		for i := range tip.params {
			if tip.params[i].Name == param.GetName() {
				tip.params[i].Value = value
				continue next
			}
		}
		if len(tip.params) < maxTipParams {
			tip.params = append(tip.params, TipParam{param.GetName(), value})
		}
	}
	return tip
}

func (t *grayTip) text(name string) string {
	for i := range t.params {
		if t.params[i].Name == name {
			return t.params[i].Value
		}
	}
	return ""
}

// person is the account whose number a parameter has; empty when it has none.
func (t *grayTip) person(p *push, name string) Person {
	uin, _ := strconv.ParseUint(t.text(name), 10, 64)
	who := p.byUIN(uin)
	if who.UIN != 0 && who.UID == "" && uint64(who.UIN) == p.route.GetFromUin() {
		who.UID = p.sender().UID
	}
	return who
}

// kind is which row reads the tip.
func (t *grayTip) kind() int64 {
	_, honor := honors[t.GetTemplateId()]
	switch {
	case t.GetBusinessType() == tipPoke:
		return tipPoke
	case t.GetBusinessType() == tipSignIn:
		return tipSignIn
	case t.GetBusinessId() == tipBotAdded:
		return tipBotAdded
	case t.GetBusinessType() == 1 && t.GetTemplateId() == tipRestricted:
		return tipRestricted
	case t.GetBusinessType() == 1 && honor, t.GetTemplateId() == newTalkative && t.text("uin") != "":
		return tipHonor
	}
	return tipOther
}

// groupTip is what a grey tip is about.
func (p *push) groupTip() {
	if p.notify = p.readNotify(); p.notify == nil {
		return
	}
	if p.notify.GetGrayTip() == nil {
		p.incomplete()
		return
	}
	p.tip = readTip(p.notify.GetGrayTip())
	p.part(kind{typeGroup, 20, p.tip.kind()})
}

func (p *push) signIn() {
	member := p.tip.person(p, "mqq_uin")
	if member == (Person{}) {
		p.incomplete()
		return
	}
	p.emit(&GroupSignIn{p.tipGroup(), member, p.tip.text("mqq_nick"), p.tipTime()})
}

func (p *push) honor() {
	member := p.tip.person(p, "uin")
	if member == (Person{}) {
		p.incomplete()
		return
	}
	honor := honors[p.tip.GetTemplateId()]
	if honor == "" {
		honor = HonorTalkative
	}
	p.emit(&GroupHonorChanged{p.tipGroup(), member, p.tip.text("nick"), honor, p.tipTime()})
}

// maxRestriction bounds the texts of a restriction in bytes: they are kept and shown to the
// owner. Longer ones are left out.
const maxRestriction = 2048

// bounded returns a text of at most so many bytes, and "" in place of a longer one.
func bounded(s string, most int) string {
	if len(s) > most {
		return ""
	}
	return s
}

func (p *push) restricted() {
	kind, url := p.tip.text("ftype"), p.tip.text("unlock_url")
	p.emit(&AccountRestricted{p.tipGroup(), bounded(kind, maxRestriction), bounded(url, maxRestriction), p.tipTime()})
}

func (p *push) botAddedTip() {
	p.emit(&GroupBotAdded{p.tipGroup(), p.tip.person(p, "mqq_uin"), p.tip.text("robot_name"), p.tipTime()})
}

func (p *push) botAdded() {
	b := p.notify.GetBotAdded()
	if b == nil {
		p.incomplete()
		return
	}
	bot := p.personIn(b, 2, b.GetBotUid())
	if bot == (Person{}) {
		bot = p.personIn(b, 3, b.GetBotUidAlt())
	}
	p.emit(&GroupBotAdded{Group: p.tipGroup(), Bot: bot, Time: p.tipTime()})
}

func (p *push) otherTip() {
	t := &p.tip
	p.emit(&GroupGrayTip{
		Group: p.tipGroup(), BusinessType: t.GetBusinessType(), BusinessID: t.GetBusinessId(), TemplateID: t.GetTemplateId(),
		Params: t.params, Content: strings.Clone(t.GetContent()), Time: p.tipTime(),
	})
}

// textNotice is a notice that is a text.
func (p *push) textNotice() {
	var param pushpb.GroupTextParam
	if !p.decode(p.notify.GetEventParam(), &param) {
		return
	}
	if param.GetText() == "" {
		p.incomplete()
		return
	}
	p.emit(&GroupGrayTip{Group: p.tipGroup(), Text: plainNotice(param.GetText()), Time: p.tipTime()})
}

func (p *push) tipGroup() message.GroupCode { return message.GroupCode(p.notify.GetGroupCode()) }
func (p *push) tipTime() int64              { return p.time(p.notify.GetNotifyTime()) }
