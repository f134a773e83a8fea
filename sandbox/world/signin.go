package world

import (
	"slices"
	"time"

	"libration/ntqq/message"
)

// SignedIn is sent when Member signed in to a group for the day.
type SignedIn struct {
	InGroup
	Member User
}

// Activity implements Happening.
func (h *SignedIn) Activity() Activity {
	return Activity{Kind: ActivitySignIn, Group: h.Group, User: h.Member.UIN}
}

// SignIn is what the service says to a member who signs in to a group.
type SignIn struct {
	Days int   // in a row, this one included
	Rank int   // among those who signed in that day
	Time int64 // of the first time today, Unix seconds
}

// ChinaOffset is what days begin by, in seconds east of UTC.
const ChinaOffset = 8 * 3600

func dayOf(unix int64) int64 { return (unix + ChinaOffset) / (24 * 3600) }

// SignIn signs a member in to a group. The second time on a day nothing happens, and the
// result is that of the first. The refusals are NotFound and NotMember.
func (w Members) SignIn(code message.GroupCode, uin message.UIN) (SignIn, error) {
	w.mu.Lock()
	defer w.done()
	g, m, err := w.member(code, uin)
	if err != nil {
		return SignIn{}, err
	}
	now := w.now().Unix()
	today := dayOf(now)
	if m.signedIn.Time != 0 && dayOf(m.signedIn.Time) == today {
		return m.signedIn, nil
	}
	days := 1
	if m.signedIn.Time != 0 && dayOf(m.signedIn.Time) == today-1 {
		days += m.signedIn.Days
	}
	m.signedIn = SignIn{days, g.signIns.add(today, uin, now), now}
	w.happened(&SignedIn{g.in(), w.user(uin)})
	return m.signedIn, nil
}

// signInDays is how many days a group remembers who signed in.
const signInDays = 31

// signIns are who signed in to a group, by day and in order. A member who has left stays
// in it.
type signIns map[int64][]signedIn

type signedIn struct {
	uin  message.UIN
	time int64
}

// add returns the rank. Who has signed in today, left and come back signs in anew.
func (s *signIns) add(today int64, uin message.UIN, now int64) (rank int) {
	if *s == nil {
		*s = signIns{}
	}
	for day := range *s {
		if day <= today-signInDays {
			delete(*s, day)
		}
	}
	list := slices.DeleteFunc((*s)[today], func(e signedIn) bool { return e.uin == uin })
	(*s)[today] = append(list, signedIn{uin, now})
	return len(list) + 1
}

// SignedMember is a member who signed in to a group.
type SignedMember struct {
	Member User
	Card   string
	SignIn // of that day; its Days are 0
}

// SignIns returns who of a group's members signed in on the day of a moment, in order, for
// one of them. The last 31 days are remembered. The refusals are NotFound and NotMember.
func (w Members) SignIns(code message.GroupCode, reader message.UIN, day time.Time) ([]SignedMember, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, _, err := w.member(code, reader)
	if err != nil {
		return nil, err
	}
	var list []SignedMember
	for i, e := range g.signIns[dayOf(day.Unix())] {
		if m := g.members[e.uin]; m != nil {
			list = append(list, SignedMember{w.user(e.uin), m.card, SignIn{Rank: i + 1, Time: e.time}})
		}
	}
	return list, nil
}
