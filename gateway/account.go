package gateway

import (
	"errors"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// Online is sent when the account has come online.
type Online struct {
	// First: it was not online before, since the program started.
	First bool
}

// Offline is sent when the account is no longer online.
type Offline struct {
	User  message.UIN
	Stage ntqq.Stage
	// Title and Tips are the server's own words, Err is any other reason; "" when there
	// are none.
	Title, Tips string
	Err         string
}

// Name implements Happening.
func (*Online) Name() string { return "account_online" }

// Name implements Happening.
func (*Offline) Name() string { return "account_offline" }

// When implements Happening.
func (*Online) When() int64 { return 0 }

// When implements Happening.
func (*Offline) When() int64 { return 0 }

// HandleState takes a change of the session's state. It makes Online and Offline of
// it. Only one goroutine may call Handle and HandleState.
func (g *Gateway) HandleState(st ntqq.State) {
	g.Known() // whoever waits for it is woken
	if st.Online() == g.online {
		return
	}
	g.online = st.Online()
	if g.online {
		g.happened(&Online{First: st.OnlineCount <= 1})
		return
	}
	e := &Offline{User: g.account.Self().UIN, Stage: st.Stage}
	if kick, ok := errors.AsType[*ntqq.KickError](st.Err); ok {
		e.Title, e.Tips = kick.Title, kick.Tips
	}
	if st.Err != nil {
		e.Err = st.Err.Error()
	}
	g.happened(e)
}

// leftWindow is how long after the account's removal from a group was reported the
// same fact is not reported again, in seconds.
const leftWindow = 60

// repeats tells whether an event says what a more precise one has just said: that the
// account is no longer in a group.
func (g *Gateway) repeats(e event.Event) bool {
	switch e := e.(type) {
	case *event.GroupMemberDecrease:
		if e.Member.UIN == g.account.Self().UIN || e.Member.UIN == 0 && e.Reason == event.LeaveKickMe {
			g.noteLeft(e.Group, e.Time)
		}
	case *event.GroupLeft:
		if at, ok := g.left[e.Group]; ok && near(g.moment(e.Time), at) {
			return true
		}
		g.noteLeft(e.Group, e.Time)
	}
	return false
}

// noteLeft remembers when the account left a group and forgets what is too old to
// matter.
func (g *Gateway) noteLeft(group message.GroupCode, unix int64) {
	now := g.moment(unix)
	for other, at := range g.left {
		if !near(now, at) {
			delete(g.left, other)
		}
	}
	g.left[group] = now
}

// near tells whether two times are about one change. A time may be far in the future:
// an event can name any.
func near(a, b int64) bool { return max(a, b)-min(a, b) <= leftWindow }

// moment is an event's time, or now when it has none; Unix seconds.
func (g *Gateway) moment(unix int64) int64 {
	if unix > 0 {
		return unix
	}
	return g.clock.Now().Unix()
}
