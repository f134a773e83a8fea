package e2e

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// want is an event that an account has to hear: at least min times, at most max times.
type want struct {
	heardEvent
	min, max int
	live     bool // the account was there, and stayed until it was quiet
	loose    bool // it may come later than others of its conversation
	listed   bool // it is also in the account's notification list
	group    message.GroupCode
	asker    message.UIN // of a request
	settled  bool
}

// notice takes what has happened and works out who has to hear of it.
func (p *together) notice(why string) {
	for {
		select {
		case a := <-p.activities:
			if p.trace {
				p.t.Logf("%s: %s: %+v", p.world.Now().Format("15:04:05"), why, a)
			}
			for _, r := range p.people {
				r.notice(&a)
			}
			continue
		default:
		}
		break
	}
	for _, r := range p.people {
		r.readNotices()
		if why == "connections break" || why == "by hand: reset" {
			r.cut(false)
			r.broken = true
		}
		if why == "by hand: reset" {
			r.forgetAll()
		}
	}
}

func (r *resident) present() bool { return r.client != nil && !r.broken }

// expect notes an event that the account has to hear.
func (r *resident) expect(chat string, group message.GroupCode, key string) *want {
	w := &want{heardEvent: heardEvent{key, chat}, group: group, min: 1, max: 1, live: true}
	if !r.present() {
		w.min, w.live, w.settled = 0, false, true
	}
	r.wants = append(r.wants, w)
	return w
}

func (r *resident) expectGroup(group message.GroupCode, format string, args ...any) *want {
	return r.expect(fmt.Sprint(group), group, fmt.Sprintf("%d: ", group)+fmt.Sprintf(format, args...))
}

func (r *resident) expectFriend(what string, other message.UIN) *want {
	chat := fmt.Sprint("friend ", other)
	return r.expect(chat, 0, chat+" "+what)
}

func (r *resident) notice(a *world.Activity) {
	self := a.User == r.uin
	inside := r.members[a.Group]
	switch a.Kind {
	case world.ActivityMessage:
		if inside {
			w := r.expectGroup(a.Group, "said %d", a.Sequence)
			w.chat += " messages"
			w.min, w.settled = 1, false // it is fetched, where it was missed
		}
	case world.ActivityFriendAdded:
		other := a.User
		if self {
			other = a.Peer
		} else if a.Peer != r.uin {
			return
		}
		w := r.expectFriend("added", other)
		if r.silent[other] && !r.wooed[other] { // for the account it is a friend all the time
			w.min, w.loose = 0, true
		}
		// Who was asked gets a hint alone, and looks into its list: that may come later, and
		// somebody who is gone again is not found.
		w.loose = w.loose || !self
		delete(r.silent, other) // the list is read again
		delete(r.wooed, other)
	case world.ActivityFriendRemoved:
		for _, w := range r.wants {
			if w.loose && !w.settled && (w.key == fmt.Sprintf("friend %d added", a.Peer) || w.key == fmt.Sprintf("friend %d added", a.User)) {
				w.min = 0
			}
		}
		if self {
			r.expectFriend("removed", a.Peer)
		} else if a.Peer == r.uin {
			r.silent[a.User] = true
		}
	case world.ActivityFriendRequest:
		if a.Peer == r.uin {
			w := r.expectFriend("request", a.User)
			r.wooed[a.User] = w.live
		}
	case world.ActivityProfile:
		if !self && r.p.world.Friends().Are(r.uin, a.User) {
			r.expectFriend("renamed to "+a.Text, a.User)
		} else if !self {
			r.renamed[a.User] = true
		}
	case world.ActivityGroup:
		if _, member := r.p.world.Members().Find(a.Group, r.uin); member {
			r.members[a.Group] = true
			r.expectGroup(a.Group, "in %d", r.uin)
		}
	case world.ActivityJoin:
		if self {
			r.members[a.Group] = true
		}
		if inside || self {
			r.expectGroup(a.Group, "in %d", a.User)
		}
	case world.ActivityLeave, world.ActivityKick, world.ActivityDissolve:
		if !inside && !self {
			return
		}
		if a.Kind == world.ActivityDissolve {
			self = true
			a.User = r.uin
		}
		if !self || a.Kind != world.ActivityLeave {
			r.expectGroup(a.Group, "out %d", a.User)
		}
		if self {
			r.expectGroup(a.Group, "left")
			delete(r.members, a.Group)
			r.left(a.Group)
		}
	case world.ActivityAdmin:
		if inside {
			r.expectGroup(a.Group, "admin %d %t", a.User, a.On)
		}
	case world.ActivityTitle:
		if inside {
			r.expectGroup(a.Group, "title %d %s", a.User, a.Text)
		}
	case world.ActivityRename:
		if inside {
			r.expectGroup(a.Group, "name %s", a.Text)
		}
	case world.ActivityMute:
		if inside {
			r.expectGroup(a.Group, "mute %d %t", a.User, a.Seconds > 0)
		}
	case world.ActivityMuteAll:
		if inside {
			r.expectGroup(a.Group, "mute 0 %t", a.On)
		}
	case world.ActivityJoinRequest, world.ActivityInvitedJoin, world.ActivityInvitation:
		if _, asked := r.p.world.Notices().Find(r.uin, a.Sequence); asked {
			w := r.expectGroup(a.Group, "request %d", a.Sequence)
			r.asked[a.Sequence], w.asker = w, a.User
			if a.Kind != world.ActivityJoinRequest {
				w.asker = a.By
			}
		}
	case world.ActivitySettled:
		if self && a.Text == "refuse" && r.has(a.Sequence, world.NoticeJoin) {
			r.expectGroup(a.Group, "rejected")
		}
	}
}

// has reports whether the request of the account itself was of a kind.
func (r *resident) has(sequence uint64, kind world.NoticeKind) bool {
	for _, uin := range []message.UIN{bot, alice, bob, carol, dave} {
		if n, found := r.p.world.Notices().Find(uin, sequence); found {
			return n.Kind == kind
		}
	}
	return false
}

// readNotices takes the new entries of the account's notification list: it hears of them
// also when it is away.
func (r *resident) readNotices() {
	newest := r.read
	for _, n := range r.p.world.Notices().Of(r.uin, false) {
		if n.Sequence <= r.read {
			break
		}
		newest = max(newest, n.Sequence)
		key := ""
		switch n.Kind {
		case world.NoticeAdminSet:
			key = fmt.Sprintf("admin %d true", n.Target.UIN)
		case world.NoticeAdminUnset, world.NoticeAdminUnsetMe:
			key = fmt.Sprintf("admin %d false", n.Target.UIN)
		case world.NoticeKicked, world.NoticeKickedMe, world.NoticeLeft:
			key = fmt.Sprintf("out %d", n.Target.UIN)
		case world.NoticeJoinRefused:
			key = "rejected"
		case world.NoticeJoinAccepted:
			key = fmt.Sprintf("in %d", r.uin)
		default:
			continue
		}
		key = fmt.Sprintf("%d: %s", n.Group, key)
		for _, w := range slices.Backward(r.wants) {
			// Of the minute after a reset, an entry counts as that of an earlier push, whose
			// own entry is gone.
			if w.key == key && !w.listed && r.p.world.Now().Sub(r.reset) > time.Minute {
				w.listed, w.min = true, 1
				break
			}
		}
	}
	r.read = newest
}

// left takes it that what was written in a group cannot be fetched any more.
func (r *resident) left(group message.GroupCode) {
	for _, w := range r.wants {
		if w.group == group && !w.settled && strings.HasSuffix(w.chat, "messages") && (!w.live || !r.present()) {
			w.min = 0
		}
	}
}

// cut takes it that the connection has ended: what was on its way is lost, but for what can
// be had later. What was not saved before a sudden end comes again.
func (r *resident) cut(suddenly bool) {
	for _, w := range r.wants {
		if w.settled || !w.live {
			continue
		}
		w.live = false
		if suddenly {
			w.max = 2
		}
		if !strings.HasSuffix(w.chat, "messages") && !w.listed {
			w.min, w.settled = 0, true
		}
	}
}

// forgetAll takes it that nothing can be fetched any more.
func (r *resident) forgetAll() {
	for _, w := range r.wants {
		if !w.settled {
			w.min, w.settled = 0, true
		}
	}
	for _, w := range r.asked {
		if !w.live {
			w.min = 0
		}
	}
	r.reset = r.p.world.Now()
	clear(r.asked)
	clear(r.silent)
	clear(r.renamed)
	r.belong()
}

// settled takes it that all is quiet.
func (r *resident) settled() {
	if r.client == nil {
		return
	}
	r.broken = false
	for _, w := range r.wants {
		w.settled = true
	}
	r.requests()
}

// judge compares what the account has heard with what it had to hear.
func (r *resident) judge() {
	for sequence, w := range r.asked { // requests that wait are in the list
		if n, found := r.p.world.Notices().Find(r.uin, sequence); found && n.State == world.NoticePending && r.decides(&n) {
			w.min = 1
		}
	}
	low, high, loose := map[string]int{}, map[string]int{}, map[string]bool{}
	for _, w := range r.wants {
		low[w.key] += w.min
		high[w.key] += w.max
		loose[w.key] = loose[w.key] || !w.live || w.loose
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	times := map[string]int{}
	for _, h := range r.heard {
		times[h.key]++
	}
	for _, w := range r.wants { // the sequence could not be looked up: the end of the program came first
		short := unnumbered(w.group, w.asker)
		if w.asker != 0 && times[w.key] < w.min && times[short] > 0 {
			times[short]--
			times[w.key]++
		}
	}
	for key, n := range times {
		if _, wanted := high[key]; !wanted && n > 0 {
			r.p.problem("%d has heard %q, which did not happen", r.uin, key)
		}
	}
	for key, most := range high {
		if n := times[key]; n < low[key] || n > most {
			r.p.problem("%d has heard %q %d times, want %d to %d", r.uin, key, n, low[key], most)
		}
	}
	order := func(list []heardEvent) map[string][]string {
		by := map[string][]string{}
		for _, h := range list {
			if !loose[h.key] {
				by[h.chat] = append(by[h.chat], h.key)
			}
		}
		return by
	}
	var wanted []heardEvent
	for _, w := range r.wants {
		wanted = append(wanted, w.heardEvent)
	}
	got := order(r.heard)
	for chat, want := range order(wanted) {
		if !slices.Equal(got[chat], want) {
			r.p.problem("%d has heard in %s: %q, want %q", r.uin, chat, got[chat], want)
		}
	}
	r.judgeBot()
}

// decides reports whether the account may decide about a request that it was asked about.
func (r *resident) decides(n *world.Notice) bool {
	if n.Kind == world.NoticeInvitation {
		return true
	}
	m, member := r.p.world.Members().Find(n.Group, r.uin)
	return member && m.Role != message.RoleMember
}

// judgeBot compares the requests that the bot has got with those that the client has
// reported, and finds those that came twice.
func (r *resident) judgeBot() {
	reported := 0
	for _, h := range r.heard {
		if strings.Contains(h.key, " request") {
			reported++
		}
	}
	if len(r.flags) != reported {
		r.p.problem("the bot of %d has got %d requests, want %d", r.uin, len(r.flags), reported)
	}
}

// answer has the bot of an account answer one of the requests that it got. It compares the
// bot's result with what became of the request.
func (p *together) answer(r *resident, s *togetherStep) {
	r.requests()
	if len(r.flags) == 0 {
		return
	}
	q := r.flags[len(r.flags)-1-int(s.Group)%min(len(r.flags), 3)]
	action, kind := "set_friend_add_request", "friend"
	if q.Kind == "group" {
		action, kind = "set_group_add_request", "group"
	}
	waits, filtered := r.waits(q)
	p.notice("before an answer")
	steady := r.present()
	response := r.call(action, fmt.Sprintf(`{"flag":%q,"approve":%t,"sub_type":%q}`, q.Flag, s.On, q.Sub))
	after, _ := r.waits(q)
	ok := response.RetCode == 0
	if p.trace {
		p.t.Logf("    %d answers %+v with %t: %v, it waited %t, waits %t", r.uin, *q, s.On, response, waits, after)
	}
	switch {
	case !steady:
	case waits && kind == "friend" && filtered && !s.On: // cannot be refused
		if ok || !after {
			p.problem("the bot of %d has refused the filtered request %s", r.uin, q.Flag)
		}
	case ok != waits, ok && after:
		p.problem("the bot of %d answered %s with %t: %+v; it waited: %t, it waits: %t", r.uin, q.Flag, s.On, response, waits, after)
	}
}

// waits reports whether a request waits for the answer of the account.
func (r *resident) waits(q *botRequest) (waits, filtered bool) {
	if q.Kind == "friend" {
		from, _ := r.p.world.Users().FindByUID(message.UID(q.Flag))
		request, pending := r.p.world.Friends().Pending(r.uin, from.UIN)
		return pending, request.Filtered
	}
	var sequence uint64
	_, _ = fmt.Sscanf(q.Flag, "%d-", &sequence)
	for _, n := range append(r.p.world.Notices().Of(r.uin, false), r.p.world.Notices().Of(r.uin, true)...) {
		asker := n.Inviter
		if n.Kind == world.NoticeJoin {
			asker = n.Target
		}
		if sequence == 0 && n.State == world.NoticePending && q.Flag == fmt.Sprintf("0-%d-%d-0-%s", n.Group, n.Kind, asker.UID) {
			sequence = n.Sequence
		}
	}
	n, found := r.p.world.Notices().Find(r.uin, sequence)
	return found && n.State == world.NoticePending && r.decides(&n), n.Filtered
}
