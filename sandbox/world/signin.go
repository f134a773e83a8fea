package world

import "libration/ntqq/message"

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
	Rank int   // of the members who signed in today
	Time int64 // of the first time today, Unix seconds
}

// chinaOffset is what days begin by, in seconds east of UTC.
const chinaOffset = 8 * 3600

func dayOf(unix int64) int64 { return (unix + chinaOffset) / (24 * 3600) }

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
	days, rank := 1, 1
	if m.signedIn.Time != 0 && dayOf(m.signedIn.Time) == today-1 {
		days += m.signedIn.Days
	}
	for _, other := range g.members {
		if other.signedIn.Time != 0 && dayOf(other.signedIn.Time) == today {
			rank++
		}
	}
	m.signedIn = SignIn{days, rank, now}
	w.happened(&SignedIn{g.in(), w.user(uin)})
	return m.signedIn, nil
}
