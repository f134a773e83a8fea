//go:build endurance

package e2e

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/fault"
)

var daysFlag = flag.Int("days", 0, "virtual days that TestNinetyDays lasts; 0: 90, with -short 6")

// heapTolerance is by how much the heap may have grown since the first day. What
// grows are the sandbox's tables of tickets, which are bounded by number and far from
// full after ninety days; a byte of each heartbeat would be as much.
const heapTolerance = 2 << 20

// sessionsLast is a day longer than the client keeps its tickets.
const sessionsLast = 16 * 24 * time.Hour

// TestNinetyDays lives through ninety virtual days with three accounts that share
// groups, are each other's friends and have a OneBot service with its store, while
// faults of all kinds strike and people write. Every evening the faults end, and
// every message must have arrived at every account that should get it, once and in
// order; every message that an account sent must have ended as it said.
// -days N and -seed N repeat a run as far as the seed decides: the client's own
// draws and the scheduler's are not in it.
func TestNinetyDays(t *testing.T) {
	days := *daysFlag
	if days == 0 {
		days = 90
		if testing.Short() {
			days = 6
		}
	}
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64N(1<<40) + 1
	}
	t.Logf("%d days, seed %d", days, seed)
	folder := t.TempDir()
	began := time.Now()
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // most of the heap never changes
	bubble(t, func(t *testing.T) {
		n := newNinety(t, seed, days, folder)
		n.live()
	})
	t.Logf("real time: %v", time.Since(began).Round(100*time.Millisecond))
}

// ninety is one run.
type ninety struct {
	*service
	t         *testing.T
	seed      uint64
	days, day int
	rng       *rand.Rand
	record    *worldRecord
	log       *dayLog
	chats     []chatKey
	lives     []*life
	sendings  *sendings

	said     map[chatKey]int // since the last evening
	texts    int             // made so far
	newcomer message.UIN     // the newest friend
	stranger chatKey         // of a new friend who has not written yet
	faults   []string        // of the day
	lostPush int             // pushes that faults had lost until the last evening
	evening  int
	total    map[string]int
	marks    []checkpoint
}

// checkpoint is what the process holds in a quiet moment.
type checkpoint struct {
	day, goroutines int
	heap            uint64
}

func (n *ninety) live() {
	for n.day = 1; n.day <= n.days; n.day++ {
		dawn := time.Now()
		n.rng = rand.New(rand.NewPCG(n.seed, uint64(n.day))) // whatever became of yesterday
		n.spend(dawn, n.plan())
		if !n.settle() {
			break
		}
		if n.day == 1 || n.day == n.days/3 || n.day == 2*n.days/3 || n.day == n.days {
			n.marks = append(n.marks, n.mark())
		}
		if n.rng.IntN(4) == 0 {
			n.befriend()
		}
		time.Sleep(time.Until(dawn.Add(24 * time.Hour)))
	}
	n.summary()
	n.checkMarks()
}

// settle ends the faults and waits until nothing more is to be expected; then what
// the accounts heard and said is compared with the world.
func (n *ninety) settle() bool {
	n.Faults().Clear()
	if !n.allOnline() {
		return false
	}
	n.sendings.running.Wait()
	time.Sleep(12 * time.Minute) // what was not answered is asked for again every five
	lost := n.Faults().Struck(fault.DropPush) + n.Faults().Struck(fault.Corrupt)
	if lost != n.lostPush { // only something newer shows that it is missing
		n.lostPush = lost
		if n.evening++; n.evening%2 == 0 {
			for _, key := range slices.SortedFunc(maps.Keys(n.said), compareChats) {
				n.say(key)
			}
		} else {
			n.DropConnections()
		}
		time.Sleep(5 * time.Minute)
	}
	synctest.Wait()
	ok := n.sendings.check(n)
	for _, l := range n.lives {
		ok = l.check() && ok
	}
	n.total["messages"] += n.record.clear()
	clear(n.said)
	n.faults = nil
	if ok {
		n.log.clear()
	}
	return ok
}

func (n *ninety) allOnline() bool {
	for _, l := range n.lives {
		if !l.onlineWithin(2 * time.Hour) {
			n.fail("account %d is not online: %+v", l.uin, l.client.State())
			return false
		}
	}
	return true
}

func (n *ninety) fail(format string, args ...any) {
	n.t.Helper()
	n.t.Errorf("day %d: %s\nfaults of the day: %s\n%s", n.day, fmt.Sprintf(format, args...), strings.Join(n.faults, "; "), n.log.text())
	n.log.clear()
}

// mark measures in a moment in which nobody does anything, on connections that are
// a minute old: the sandbox keeps a connection's last answers.
func (n *ninety) mark() checkpoint {
	n.DropConnections()
	time.Sleep(time.Minute)
	n.allOnline()
	synctest.Wait()
	var m runtime.MemStats
	for range 3 { // the pools' memory is given back by the second
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return checkpoint{n.day, runtime.NumGoroutine(), m.HeapAlloc}
}

func (n *ninety) checkMarks() {
	if len(n.marks) == 0 { // failed before
		return
	}
	first := n.marks[0]
	for _, m := range n.marks {
		n.t.Logf("day %2d: %d goroutines, heap %.2f MiB", m.day, m.goroutines, float64(m.heap)/(1<<20))
		if m.goroutines != first.goroutines {
			n.t.Errorf("day %d: %d goroutines, %d on day %d", m.day, m.goroutines, first.goroutines, first.day)
		}
		if m.heap > first.heap+heapTolerance {
			n.t.Errorf("day %d: the heap has %d bytes, %d on day %d", m.day, m.heap, first.heap, first.day)
		}
	}
}

// summary prints what happened, and checks that nothing else did.
func (n *ninety) summary() {
	synctest.Wait() // everybody counts until then
	struck, strikes, all := map[string]int{}, 0, map[string]int{}
	for _, kind := range fault.Kinds() {
		if s := n.Faults().Struck(kind.Name); s > 0 {
			struck[string(kind.Name)] = s
			strikes += s
		}
	}
	for _, l := range n.lives {
		n.t.Logf("account %d: %s", l.uin, countsText(l.total))
		for what, times := range l.total {
			all[what] += times
		}
	}
	seen := n.log.seen
	n.t.Logf("world: %s", countsText(n.total))
	n.t.Logf("%d deliveries; %d recalled before it; %d chats with late ones",
		all["messages"], all["recalled before delivery"], all["chats with late messages"])
	n.t.Logf("sent by the accounts: %s", countsText(n.sendings.total))
	n.t.Logf("%d strikes of %d kinds: %s; %d times the clock was off", strikes, len(struck), countsText(struck), n.total["clock off"])
	n.t.Logf("%d connections ended; online again %d times; %d logins by the saved session, %d by code, %d by password; %d refreshes, %d of them struck; %d restarts",
		seen["connection ended: trying again"], all["notice bot_online"]-all["restarts"]-len(n.lives),
		seen["logged in by the saved session"], seen["logged in by QR code"], seen["logged in by password"],
		seen["session refreshed"], n.total["refreshes struck"], all["restarts"])
	n.t.Logf("done by the owner: %d kicks healed, %d refused logins, %d codes scanned, %d logins confirmed, %d captchas solved, %d new devices let in",
		all["owner: kicked"], all["owner: needs_login"], all["owner: scan"], all["owner: unusual_device"],
		all["owner: captcha"], all["owner: new_device"])
	n.t.Logf("log lines: %s", countsText(seen))
	// One that was struck may have become a login.
	if want := (n.days - 1) / 16; seen["session refreshed"]+n.total["refreshes struck"] < want {
		n.t.Errorf("%d refreshes, want %d at least", seen["session refreshed"], want)
	}
	if len(n.log.errors) > 0 {
		n.t.Errorf("errors in the logs: %s", countsText(n.log.errors))
	}
}

// countsText writes a map in the order of its keys.
func countsText(m map[string]int) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, fmt.Sprintf("%s %d", k, m[k]))
	}
	return strings.Join(list, ", ")
}
