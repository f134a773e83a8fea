package event

import "strconv"

// ProfileLiked is sent when somebody liked the account's profile.
type ProfileLiked struct {
	Operator Person
	Nickname string // may be ""
	// Times is how often, 0 when the service does not say it in a way that is understood.
	Times uint32
	Time  int64 // Unix seconds
}

func (*ProfileLiked) Name() string     { return "profile_liked" }
func (e *ProfileLiked) When() int64    { return e.Time }
func (e *ProfileLiked) People() People { return others(&e.Operator) }
func (*ProfileLiked) Stale() Stale     { return Stale{} }

func (p *push) profileLiked() {
	said := p.item.GetProfileLike().GetMessage()
	switch {
	case p.item.GetNotifyType() != 0:
		p.ignore()
	case said.GetDetail() == nil:
		p.incomplete()
	default:
		p.emit(&ProfileLiked{
			Operator: p.byUIN(said.GetDetail().GetUin()), Nickname: said.GetDetail().GetNickname(),
			Times: firstNumber(said.GetDetail().GetText()), Time: p.bodyTime(said.GetTime()),
		})
	}
}

// firstNumber is the first decimal number in a text, 0 for none.
func firstNumber(text string) uint32 {
	begin := 0
	for begin < len(text) && (text[begin] < '0' || text[begin] > '9') {
		begin++
	}
	end := begin
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(text[begin:end], 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}
