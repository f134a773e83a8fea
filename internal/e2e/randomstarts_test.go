//go:build endurance

package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
)

var startsFlag = flag.Int("starts", 100, "how many starts TestRandomStarts makes")

// TestRandomStarts starts the program again and again, each time with other faults
// during the start. Every start must end with all services running and answering.
// A failed one prints its seed; -starts 1 -seed N repeats it.
func TestRandomStarts(t *testing.T) {
	first := *seedFlag
	if first == 0 {
		first = rand.Uint64N(1<<40) + 1
	}
	n := *startsFlag
	t.Logf("%d starts, seeds %d to %d", n, first, first+uint64(n)-1)
	folder := t.TempDir()
	results := make([]startResult, n)
	t.Run("starts", func(t *testing.T) {
		for i := range n {
			seed := first + uint64(i)
			beside(t, fmt.Sprint(seed), func(t *testing.T) {
				results[i] = randomStart(t.Context(), filepath.Join(folder, fmt.Sprint(seed)), seed)
			})
		}
	})

	good, reconnects := 0, 0
	var took []time.Duration
	faults := map[string]int{}
	for _, r := range results {
		for _, f := range r.faults {
			name, _, _ := strings.Cut(f, " ")
			faults[name]++
		}
		reconnects += r.reconnects
		if r.err != nil {
			t.Errorf("seed %d: %v\nfaults: %q\nthe end of the log:\n%s", r.seed, r.err, r.faults, r.log)
			continue
		}
		good++
		took = append(took, r.took)
	}
	t.Logf("%d of %d starts ended with all services answering, after %d failed connections; faults armed: %v", good, n, reconnects, faults)
	if len(took) > 0 {
		slices.Sort(took)
		t.Logf("from the start to all services answering: half within %v, the slowest %v",
			took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
	}
}

type startResult struct {
	seed       uint64
	faults     []string
	reconnects int
	took       time.Duration // from the start to all services answering
	err        error
	log        string // the last lines, of a failure
}

func randomStart(ctx context.Context, folder string, seed uint64) (r startResult) {
	r.seed = seed
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p, err := newProgram(folder, seed)
	if err != nil {
		r.err = err
		return r
	}
	defer func() {
		r.err = errors.Join(r.err, p.end())
		if r.err != nil {
			lines := strings.Split(p.log.String(), "\n")
			r.log = strings.Join(lines[max(0, len(lines)-60):], "\n")
		}
	}()
	rng := rand.New(rand.NewPCG(seed, 0x737461727473))
	if r.err = arm(ctx, p, rng, func(format string, a ...any) { r.faults = append(r.faults, fmt.Sprintf(format, a...)) }); r.err != nil {
		return r
	}
	began := time.Now()
	if r.err = p.start(); r.err != nil {
		return r
	}
	// Some faults are left over for the time after the account is online first: then
	// a question may fail, and the next one counts.
	for {
		if err := p.ready(ctx); err != nil {
			r.err = errors.Join(err, r.err)
			return r
		}
		try, cancelTry := context.WithTimeout(ctx, patience/10)
		r.err = p.answers(try)
		cancelTry()
		if r.err == nil || ctx.Err() != nil {
			break
		}
		pause(ctx, time.Second)
	}
	r.took = time.Since(began)
	r.reconnects = len(p.log.lines("connection ended: trying again"))
	return r
}

// startCommands are those of a start, in their order, and of the minute after it.
var startCommands = []string{
	rpc.WtloginTransEmp, rpc.WtloginLogin, rpc.KeyExchange, rpc.NTLoginEasyLogin, rpc.InfoSync.Name,
	rpc.FriendList.Name, rpc.GroupList.Name,
}

// arm decides about the saved session and the faults. A fault passes by itself:
// after a number of times, or at the latest a second after the start.
func arm(ctx context.Context, p *program, rng *rand.Rand, note func(format string, a ...any)) error {
	f := p.box.Faults()
	switch what := []string{"none", "a1", "whole", "expired", "forgotten"}[rng.IntN(5)]; what {
	case "none":
		note("session none")
	default:
		note("session %s", what)
		change := func(*ntqq.Keystore) {}
		if what == "a1" || what == "forgotten" {
			change = onlyA1
		}
		if err := p.saveSession(ctx, change); err != nil {
			return err
		}
		switch what {
		case "expired":
			p.box.ExpireSessions(bot)
		case "forgotten":
			p.box.ForgetTickets(bot)
		}
	}
	later := func(undo func()) {
		d := time.Duration(rng.IntN(1000)) * time.Millisecond
		timer := time.AfterFunc(d, undo)
		p.ending = append(p.ending, func() error { timer.Stop(); return nil })
	}
	command := func() string { return startCommands[rng.IntN(len(startCommands))] }
	stolen := false
	for range 1 + rng.IntN(5) {
		n := 1 + rng.IntN(7)
		switch rng.IntN(8) {
		case 0:
			note("shut-at-accept %d", n)
			p.door.shut.Store(int32(n))
		case 1:
			note("refuse-key-exchange %d", n)
			f.RefuseKeyExchange(n)
		case 2:
			note("refuse-register %d", n%3+1)
			f.RefuseRegister(n%3 + 1)
		case 3:
			note("corrupt-frames %d", n)
			f.CorruptNext(n)
		case 4:
			c, after := command(), n%2 == 0
			note("close-on %s, after the answer %t", c, after)
			f.CloseOn(c, after, 1+n%2)
		case 5:
			c := command()
			note("mute %s", c)
			f.Mute(c, true)
			later(func() { f.Mute(c, false) })
		case 6:
			note("bot-away %d", n)
			p.mobile.refuse.Store(int32(n))
		case 7:
			note("port-stolen")
			stolen = true
		}
	}
	if stolen {
		later(func() { p.thief.Close() })
		return nil
	}
	return p.thief.Close()
}
