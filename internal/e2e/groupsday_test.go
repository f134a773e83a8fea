//go:build endurance

package e2e

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/scenario"
	"libration/sandbox/world"
)

const (
	dayGroups, dayMembers = 500, 500
	dayMemory             = 8 << 20 // of the client's lists of members: a third of them
	dayHourly             = 1000    // things that happen in an hour
	dayTolerance          = 1 << 20
)

// A day of traffic in 500 groups, in virtual time, with room for the members of a third of
// them: what is asked for is true, and the client takes no more memory after the day than
// after an hour. Both ends are in this process: the client's part is what is free when it
// is gone.
func TestGroupsDay(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // most of the heap never changes
	day := 24
	if testing.Short() { // the race detector takes ten times as long
		day = 3
	}
	var took [2]int64
	for i, hours := range [...]int{1, day} {
		bubble(t, func(t *testing.T) {
			d := newGroupsDay(t, uint64(hours))
			for range hours {
				d.hour()
			}
			st := d.client.Stats()
			took[i] = d.end()
			t.Logf("%d h: %d messages, %d questions, %d lists of %.1f MiB are kept, %d were forgotten; the client takes %.1f MiB",
				hours, st.MessagesReceived, d.asked, st.MemberLists, float64(st.MemberBytes)/(1<<20), st.MembersForgotten, float64(took[i])/(1<<20))
			if st.MemberBytes > dayMemory || st.MembersForgotten == 0 || st.MessagesReceived == 0 {
				t.Errorf("wrong: %+v", st)
			}
		})
	}
	if took[1] > took[0]+dayTolerance {
		t.Errorf("the client takes %d KiB after an hour, %d after %d hours", took[0]>>10, took[1]>>10, day)
	}
}

type groupsDay struct {
	t      *testing.T
	rng    *rand.Rand
	world  *world.World
	codes  []message.GroupCode
	client *ntqq.Client
	stop   func()
	asked  int
}

func newGroupsDay(t *testing.T, seed uint64) *groupsDay {
	t.Helper()
	people := scenario.Scenario{
		Users:  []scenario.User{{UIN: bot, Nickname: "bot"}},
		Groups: []scenario.Group{{Code: 500000, Name: "group", Owner: bot, Count: dayGroups, Members: scenario.Members{Count: dayMembers}}},
	}
	w, err := people.Build(seed)
	if err != nil {
		t.Fatal(err)
	}
	s := startService(t, sandbox.Options{World: w, AutoApprove: bot})
	d := &groupsDay{t: t, rng: rand.New(rand.NewPCG(seed, 5)), world: w}
	keys := s.PublicKeys()
	d.client, err = ntqq.New(ntqq.Options{
		Servers:      ntqq.Servers{Addresses: []string{"sandbox:1"}, OicqKey: keys.Oicq192, ExchangeKey: keys.NT, VerifyKey: keys.VerifyKey},
		Dial:         s.listener.DialContext,
		Log:          testLog(t),
		Handler:      func(event.Event) {},
		MemberMemory: dayMemory,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.stop = run(t, d.client.Run)
	if _, err := d.client.Wait(t.Context(), ntqq.State.Online); err != nil {
		t.Fatal(err)
	}
	groups, err := d.client.Groups().List(t.Context(), false)
	if err != nil || len(groups) != dayGroups {
		t.Fatal(len(groups), err)
	}
	for _, g := range groups { // more than there is room for
		d.codes = append(d.codes, g.Code)
		d.ask(g.Code)
	}
	return d
}

// hour is an hour in which things happen, in some groups more than in others, and the
// client is asked.
func (d *groupsDay) hour() {
	for range dayHourly {
		time.Sleep(time.Hour / dayHourly)
		code := d.codes[min(d.rng.IntN(len(d.codes)), d.rng.IntN(len(d.codes)))]
		d.happen(code)
		synctest.Wait() // all is pushed
		if d.rng.IntN(3) == 0 {
			d.ask(code)
		}
		if d.rng.IntN(10) == 0 {
			d.ask(d.codes[d.rng.IntN(len(d.codes))])
		}
	}
}

func (d *groupsDay) somebody(code message.GroupCode) world.Member {
	for {
		list, _ := d.world.Members().Page(code, message.UIN(20001+d.rng.IntN(dayMembers)), 1)
		if len(list) == 1 && list[0].User.UIN != bot {
			return list[0]
		}
	}
}

// happen does something in a group. What no push says shows with the next message.
func (d *groupsDay) happen(code message.GroupCode) {
	who, members := d.somebody(code), d.world.Members()
	uin := who.User.UIN
	text := fmt.Sprint("text ", d.rng.IntN(1000))
	var err error
	switch d.rng.IntN(20) {
	case 0:
		err = members.SetAdmin(code, uin, bot, who.Role != message.RoleAdmin)
	case 1:
		err = members.SetTitle(code, uin, bot, text)
	case 2:
		if err = members.Leave(code, uin); err == nil && d.rng.IntN(2) == 0 {
			synctest.Wait()
			err = members.Join(code, uin, bot, true)
		}
	case 3:
		if user, _ := d.world.Users().Find(message.UIN(20001 + d.rng.IntN(dayMembers))); user.UIN != 0 {
			_ = members.Join(code, user.UIN, bot, true) // or is in it already
		}
	default:
		if d.rng.IntN(4) == 0 {
			err = members.SetCard(code, uin, uin, text)
		}
		if err == nil {
			_, err = d.world.Messages().Send(world.Send{From: uin, Group: code, Parts: world.Text(text)}, nil)
		}
	}
	if err != nil {
		d.t.Errorf("group %d, %d: %v", code, uin, err)
	}
}

// ask asks the client for one member, or for all, and compares with what is true.
func (d *groupsDay) ask(code message.GroupCode) {
	d.asked++
	is := d.somebody(code)
	if d.rng.IntN(4) == 0 {
		list, err := d.client.Members().List(d.t.Context(), code, false)
		if now := len(d.world.Members().List(code)); err != nil || len(list) != now {
			d.t.Errorf("group %d: %d members, %v, want %d", code, len(list), err, now)
		}
		return
	}
	got, err := d.client.Members().Info(d.t.Context(), code, is.User.UIN, false)
	want := ntqq.Member{
		Group: code, UIN: is.User.UIN, UID: is.User.UID, Nickname: is.User.Nickname, Card: is.Card, Title: is.Title, Role: is.Role,
		Level: is.Level, JoinTime: is.JoinTime, LastSpeak: is.LastSpeak, MuteUntil: is.MuteUntil,
	}
	if err != nil || got != want {
		d.t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// end ends the client, and returns how much memory that gives free.
func (d *groupsDay) end() int64 {
	heap := func() int64 {
		synctest.Wait()
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	d.stop()
	d.client, d.stop = nil, nil
	return before - heap()
}
