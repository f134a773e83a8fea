//go:build endurance

package e2e

import (
	"fmt"
	"math"
	"slices"
	"time"

	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// endsSessions are the faults that the steady account is spared.
var endsSessions = []fault.Name{
	fault.Expire, fault.ExpireUnsequenced, fault.Kick, fault.RefuseRegister,
	fault.RefuseEasyLogin, fault.UnusualDevice, fault.Captcha, fault.NewDevice,
}

// fault switches a drawn fault on, or has something happen at once.
func (n *ninety) fault() {
	uin := ninetyAccounts[n.rng.IntN(len(ninetyAccounts))]
	if n.rng.IntN(4) == 0 {
		n.atOnce(uin)
		return
	}
	stages := sandbox.FaultStages()
	kinds := slices.DeleteFunc(fault.Kinds(), func(k fault.Kind) bool { // those of downloads strike at none
		return !slices.ContainsFunc(stages, func(s fault.Stage) bool { return whyNot(k, s) == "" })
	})
	kind, stage := kinds[n.rng.IntN(len(kinds))], stages[n.rng.IntN(len(stages))]
	for whyNot(kind, stage) != "" {
		stage = stages[n.rng.IntN(len(stages))]
	}
	f := fault.Fault{
		Name: kind.Name, Seed: n.rng.Uint64() | 1, Skip: n.rng.IntN(4),
		For: time.Duration(2*math.Exp(n.rng.Float64()*math.Log(3600))) * time.Second, // seconds to two hours
	}
	takes := func(param string) bool { return slices.Contains(kind.Params, param) }
	if n.rng.IntN(2) == 0 {
		f.Count = 1 + n.rng.IntN(5)
	}
	if n.rng.IntN(3) == 0 {
		f.Probability = 0.05 + 0.9*n.rng.Float64()
	}
	if takes("on") {
		f.On = stage.Name
	}
	if takes("delay") {
		f.Delay = time.Duration(1+n.rng.IntN(40)) * time.Second
	}
	if slices.Contains(endsSessions, kind.Name) {
		for uin == steadyAccount {
			uin = ninetyAccounts[n.rng.IntN(len(ninetyAccounts))]
		}
		f.UIN = uin
	} else if takes("uin") && n.rng.IntN(4) > 0 {
		f.UIN = uin
	}
	if kind.Name == fault.TimeSkew {
		f = fault.Fault{Name: kind.Name, For: f.For, Offset: time.Duration(n.rng.IntN(4*3600)-2*3600) * time.Second}
		n.total["clock off"]++
	}
	n.add(f)
	if kind.Name == fault.RefuseConnection {
		n.DropConnections()
	} else if n.rng.IntN(3) > 0 {
		n.provoke(stage.Name, uin)
	}
	if n.rng.IntN(6) == 0 {
		n.burst()
	}
}

// atOnce ends connections or a session.
func (n *ninety) atOnce(uin message.UIN) {
	what := n.rng.IntN(6)
	if uin == steadyAccount {
		what = 0
	}
	switch what {
	case 0:
		n.note("connections dropped")
		n.DropConnections()
	case 1, 2:
		n.note("sessions of %d expired", uin)
		n.ExpireSessions(uin)
	case 3:
		n.note("tickets of %d forgotten", uin)
		n.ForgetTickets(uin)
		n.ExpireSessions(uin)
	default:
		n.note("%d kicked", uin)
		n.Kick(uin, "下线通知", "kicked")
	}
}

// provoke brings about the requests of a stage, which may be rare otherwise.
func (n *ninety) provoke(stage string, uin message.UIN) {
	switch stage {
	case "send":
		for range 3 {
			n.anySend(false)
		}
		return
	case "push":
		n.burst()
		return
	case "kick-push":
		if uin != steadyAccount {
			n.note("%d kicked", uin)
			n.Kick(uin, "下线通知", "kicked")
		}
		return
	case "qr", "login", "password":
		if uin != steadyAccount {
			n.note("tickets of %d forgotten", uin)
			n.ForgetTickets(uin)
			n.ExpireSessions(uin)
		}
		return
	case "key-exchange", "easy-login", "unusual-login":
		if uin != steadyAccount {
			n.note("sessions of %d expired", uin)
			n.ExpireSessions(uin)
		}
		return
	case "register", "history", "contacts", "sync-push":
		n.note("connections dropped")
		n.DropConnections()
	}
}

func (n *ninety) note(format string, args ...any) {
	n.faults = append(n.faults, time.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

func (n *ninety) add(f fault.Fault) {
	n.note("%v", f)
	if _, err := n.Faults().Add(f); err != nil {
		n.t.Errorf("fault %v: %v", f, err)
	}
}

// refreshDue tells when the tickets of the steady account will be replaced today.
func (n *ninety) refreshDue() (time.Duration, bool) {
	keys, err := n.lives[0].keys.Load()
	if err != nil {
		n.t.Fatal(err)
	}
	left := time.Until(time.Unix(keys.TicketTime, 0).Add(15 * 24 * time.Hour))
	return left, left > 2*time.Second && left < 20*time.Hour
}

// refreshFault strikes the refresh that is about to begin.
func (n *ninety) refreshFault() {
	names := []fault.Name{
		fault.Close, fault.CloseAfter, fault.Mute, fault.Ignore, fault.Dead,
		fault.Delay, fault.CutFrame, fault.Corrupt, fault.Code, fault.Reset,
	}
	commands := []string{rpc.KeyExchange, rpc.NTLoginEasyLogin, rpc.InfoSync.Name}
	f := fault.Fault{
		Name: names[n.rng.IntN(len(names))], On: commands[n.rng.IntN(len(commands))], UIN: steadyAccount, Count: 1, For: time.Minute,
	}
	if f.Name == fault.Delay {
		f.Delay = 20 * time.Second
	}
	n.add(f)
	n.total["refreshes struck"]++
}
