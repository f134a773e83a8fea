package world

import (
	"cmp"
	"maps"
	"slices"

	"libration/ntqq/message"
)

// Honor is an honour of a group.
type Honor string

// The honours (docs/protocol/operations.md 6).
const (
	HonorTalkative Honor = "talkative"
	HonorPerformer Honor = "performer"
	HonorLegend    Honor = "legend"
	HonorNewbie    Honor = "strong_newbie"
	HonorEmotion   Honor = "emotion"
)

var allHonors = []Honor{HonorTalkative, HonorPerformer, HonorLegend, HonorNewbie, HonorEmotion}

// daysInRow is on how many days in a row members must write for an honour.
var daysInRow = map[Honor]int{HonorPerformer: 7, HonorLegend: 30}

// HonorChanged is sent when a member got an honour of the group.
type HonorChanged struct {
	InGroup
	Member User
	Honor  Honor
}

// Activity implements Happening.
func (h *HonorChanged) Activity() Activity {
	return Activity{Kind: ActivityHonor, Group: h.Group, User: h.Member.UIN, Text: string(h.Honor)}
}

// honors are those that were given by hand: the talkative by the day, the others since
// which day.
type honors struct {
	talkative map[int64]message.UIN
	since     map[Honor]map[message.UIN]int64
}

// Honor gives an honour to a member: that of the most talkative for today. The refusals
// are BadRequest, NotFound and NotMember.
func (w Members) Honor(code message.GroupCode, uin message.UIN, honor Honor) error {
	w.mu.Lock()
	defer w.done()
	g, _, err := w.member(code, uin)
	if err != nil {
		return err
	}
	today, h := dayOf(w.now().Unix()), &g.honors
	switch {
	case !slices.Contains(allHonors, honor):
		return Refuse(BadRequest, "no honour %q: there are talkative, performer, legend, strong_newbie and emotion", honor)
	case honor == HonorTalkative:
		if h.talkative == nil {
			h.talkative = map[int64]message.UIN{}
		}
		h.talkative[today] = uin
	default:
		if h.since == nil {
			h.since = map[Honor]map[message.UIN]int64{}
		}
		if h.since[honor] == nil {
			h.since[honor] = map[message.UIN]int64{}
		}
		h.since[honor][uin] = today
	}
	w.happened(&HonorChanged{g.in(), w.user(uin), honor})
	return nil
}

// Honored is a member with an honour, and for how many days.
type Honored struct {
	Member User
	Days   int
}

// Honors returns who has an honour of a group, for one of its members. The most talkative
// of a day is who wrote most messages the day before; the list has all who were, the latest
// first and with all their days, and current is who is today, with the days in a row; nil:
// nobody. Of the others those come first who have it longest. The refusals are BadRequest,
// NotFound and NotMember.
func (w Members) Honors(code message.GroupCode, reader message.UIN, honor Honor) (list []Honored, current *Honored, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, _, err := w.member(code, reader)
	switch {
	case err != nil:
		return nil, nil, err
	case !slices.Contains(allHonors, honor):
		return nil, nil, Refuse(BadRequest, "no honour %q: there are talkative, performer, legend, strong_newbie and emotion", honor)
	}
	today := dayOf(w.now().Unix())
	if honor == HonorTalkative {
		list, current = w.talkative(g, today)
		return list, current, nil
	}
	days := map[message.UIN]int{}
	if least := daysInRow[honor]; least > 0 {
		for uin, n := range g.inRow(today) {
			if n >= least {
				days[uin] = n
			}
		}
	}
	for uin, since := range g.honors.since[honor] {
		days[uin] = max(days[uin], int(today-since)+1)
	}
	for _, uin := range slices.SortedFunc(maps.Keys(days), func(a, b message.UIN) int {
		return cmp.Or(cmp.Compare(days[b], days[a]), cmp.Compare(a, b))
	}) {
		if g.members[uin] != nil {
			list = append(list, Honored{w.user(uin), days[uin]})
		}
	}
	return list, nil, nil
}

// talkative goes by the messages that are remembered; mu is held.
func (w *state) talkative(g *group, today int64) (list []Honored, current *Honored) {
	wears := map[int64]message.UIN{} // by the day
	for day, said := range g.spoken() {
		if day < today {
			wears[day+1] = slices.MinFunc(slices.Collect(maps.Keys(said)), func(a, b message.UIN) int {
				return cmp.Or(cmp.Compare(said[b], said[a]), cmp.Compare(a, b))
			})
		}
	}
	maps.Copy(wears, g.honors.talkative)
	at := map[message.UIN]int{} // in the list
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(wears))) {
		uin := wears[day]
		if g.members[uin] == nil {
			continue
		}
		if i, ok := at[uin]; ok {
			list[i].Days++
			continue
		}
		at[uin] = len(list)
		list = append(list, Honored{w.user(uin), 1})
	}
	if uin := wears[today]; g.members[uin] != nil {
		current = &Honored{w.user(uin), 1}
		for day := today - 1; wears[day] == uin; day-- {
			current.Days++
		}
	}
	return list, current
}

// spoken counts the messages that are remembered, by day and by who wrote them.
func (g *group) spoken() map[int64]map[message.UIN]int {
	days := map[int64]map[message.UIN]int{}
	for _, r := range g.history.records {
		day := dayOf(r.Time)
		if days[day] == nil {
			days[day] = map[message.UIN]int{}
		}
		days[day][r.Sender.UIN]++
	}
	return days
}

// inRow returns on how many days in a row members wrote, up to today or yesterday.
func (g *group) inRow(today int64) map[message.UIN]int {
	days, spoken := map[message.UIN]int{}, g.spoken()
	for uin := range g.members {
		last := today
		if spoken[last][uin] == 0 {
			last--
		}
		for day := last; spoken[day][uin] > 0; day-- {
			days[uin]++
		}
	}
	return days
}
