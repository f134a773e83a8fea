package world

import (
	"time"

	"libration/ntqq/message"
)

// Limits of @everyone a day (docs/protocol/messages.md 12.7).
const (
	atAllPerAccount = 10
	atAllPerGroup   = 20
)

// LimitRate sets how many messages a minute a group takes, 0 for any number. More are
// refused with code 299. The refusal is NotFound.
func (w Groups) LimitRate(code message.GroupCode, perMinute uint32) error {
	w.mu.Lock()
	defer w.done()
	g, err := w.group(code)
	if err != nil {
		return err
	}
	g.rate = rateLimit{perMinute: perMinute}
	return nil
}

// rateLimit counts the messages of the current minute.
type rateLimit struct {
	perMinute, used uint32
	minute          int64
}

func (l *rateLimit) take(now time.Time) bool {
	if l.perMinute == 0 {
		return true
	}
	if minute := now.Unix() / 60; minute != l.minute {
		l.minute, l.used = minute, 0
	}
	if l.used >= l.perMinute {
		return false
	}
	l.used++
	return true
}

// atAllQuota counts a day's mentions of everyone; days are those of UTC+8.
type atAllQuota struct {
	day   int64
	group uint32
	users map[message.UIN]uint32
}

func (q *atAllQuota) left(uin message.UIN, now time.Time) bool {
	if day := (now.Unix() + 8*3600) / 86400; day != q.day || q.users == nil {
		*q = atAllQuota{day: day, users: map[message.UIN]uint32{}}
	}
	return q.group < atAllPerGroup && q.users[uin] < atAllPerAccount
}

func (q *atAllQuota) use(uin message.UIN) {
	q.group++
	q.users[uin]++
}

// AtAllLeft returns how often uin can still mention everybody in a group today, how often
// all of its admins can, and whether uin may. The refusals are NotFound and NotMember.
func (w Members) AtAllLeft(code message.GroupCode, uin message.UIN) (account, all uint32, may bool, err error) {
	w.mu.Lock()
	defer w.done()
	g, m, err := w.member(code, uin)
	if err != nil {
		return 0, 0, false, err
	}
	g.atAll.left(uin, w.now()) // begins the day
	return atAllPerAccount - g.atAll.users[uin], atAllPerGroup - g.atAll.group, m.role != message.RoleMember, nil
}
