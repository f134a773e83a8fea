package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"libration/ntqq/message"
)

// maxFaults bounds how many faults are switched on at the same time.
const maxFaults = 100

// ErrTooManyFaults says that 100 faults are switched on already.
var ErrTooManyFaults = errors.New("too many faults are switched on")

// Faults are switches that make the service misbehave, for tests of clients. The
// same seed, the same faults in the same order and the same requests give the same
// misbehaviour. Several faults may strike the same request. Safe for concurrent use.
type Faults struct {
	s *Sandbox

	// points is the union of where the faults that are switched on can strike, so
	// that without faults nothing is locked.
	points atomic.Uint32

	mu     sync.Mutex
	last   int // the last id
	active []*activeFault
	struck map[FaultName]int
}

// ActiveFault is a fault that is switched on.
type ActiveFault struct {
	Fault
	// ID tells it from the others; ids are not used again.
	ID int
	// Struck is how often it has struck.
	Struck int
}

// activeFault is owned by Faults.mu.
type activeFault struct {
	ActiveFault
	kind     FaultKind
	patterns []string // in lower case
	rng      *rand.Rand
	until    time.Time // zero: for ever
	matched  int
}

// subject is what may be struck.
type subject struct {
	command string
	uin     message.UIN
	session bool // comes with a session
}

// Add switches a fault on and returns its id. The error says what is wrong with f,
// or is ErrTooManyFaults.
func (f *Faults) Add(fault Fault) (int, error) {
	kind, err := fault.validate()
	if err != nil {
		return 0, err
	}
	patterns, err := patternsOf(cmp.Or(fault.On, kind.On))
	if err != nil {
		return 0, fmt.Errorf("fault %s: %w", fault.Name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(time.Now())
	if len(f.active) >= maxFaults {
		return 0, ErrTooManyFaults
	}
	f.last++
	a := &activeFault{ActiveFault: ActiveFault{Fault: fault, ID: f.last}, kind: kind, patterns: patterns}
	seed := fault.Seed
	if seed == 0 {
		name := fnv.New64a()
		name.Write([]byte(fault.Name))
		seed = f.s.opts.Seed ^ name.Sum64()
	}
	a.rng = rand.New(rand.NewPCG(seed, uint64(f.last)))
	if fault.For > 0 {
		a.until = time.Now().Add(fault.For)
	}
	f.active = append(f.active, a)
	f.refresh()
	return a.ID, nil
}

// Remove switches a fault off and reports whether it was on.
func (f *Faults) Remove(id int) bool {
	return f.remove(func(a *activeFault) bool { return a.ID == id }) > 0
}

// Clear switches all faults off and returns how many there were. Connections that
// are dead stay dead.
func (f *Faults) Clear() int {
	return f.remove(func(*activeFault) bool { return true })
}

func (f *Faults) remove(which func(*activeFault) bool) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(time.Now())
	before := len(f.active)
	f.active = slices.DeleteFunc(f.active, which)
	f.refresh()
	return before - len(f.active)
}

// Active returns the faults that are switched on, oldest first.
func (f *Faults) Active() []ActiveFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(time.Now())
	list := make([]ActiveFault, len(f.active))
	for i, a := range f.active {
		list[i] = a.ActiveFault
	}
	return list
}

// Struck returns how often faults of a name have struck since the start, those
// included that are not switched on any more. Time skew is not counted.
func (f *Faults) Struck(name FaultName) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.struck[name]
}

// expire takes away the faults whose time is over; mu is held.
func (f *Faults) expire(now time.Time) {
	before := len(f.active)
	f.active = slices.DeleteFunc(f.active, func(a *activeFault) bool {
		return !a.until.IsZero() && !now.Before(a.until)
	})
	if len(f.active) != before {
		f.refresh()
	}
}

// refresh follows a change of active; mu is held.
func (f *Faults) refresh() {
	var points point
	for _, a := range f.active {
		points |= a.kind.at
	}
	f.points.Store(uint32(points))
}

// on is a quick look whether anything can strike at a point.
func (f *Faults) on(at point) bool { return point(f.points.Load())&at != 0 }

// strikes returns the faults that strike now, with their defaults filled in.
func (f *Faults) strikes(at point, about subject) []Fault {
	if !f.on(at) {
		return nil
	}
	command := about.command
	about.command = strings.ToLower(command)
	var list []Fault
	f.mu.Lock()
	f.expire(time.Now())
	for _, a := range f.active {
		if a.kind.at&at == 0 || !a.matches(about) || !a.strike() {
			continue
		}
		hit := a.Fault
		hit.Delay = cmp.Or(hit.Delay, a.kind.delay)
		hit.Code = cmp.Or(hit.Code, a.kind.code)
		list = append(list, hit)
		if f.struck == nil {
			f.struck = map[FaultName]int{}
		}
		f.struck[a.Name]++
	}
	if list != nil {
		f.active = slices.DeleteFunc(f.active, func(a *activeFault) bool { return a.Count > 0 && a.Struck >= a.Count })
		f.refresh()
	}
	f.mu.Unlock()
	for _, hit := range list {
		f.s.log.Info("fault strikes", "fault", string(hit.Name), "command", command, "uin", about.uin)
	}
	return list
}

func (a *activeFault) matches(about subject) bool {
	if a.UIN != 0 && a.UIN != about.uin || a.kind.session && !about.session {
		return false
	}
	if len(a.kind.On) == 0 {
		return true
	}
	return slices.ContainsFunc(a.patterns, func(pattern string) bool {
		// Add has checked the pattern; "*" of package path stops at slashes.
		ok, _ := path.Match(pattern, about.command)
		return ok || pattern == "*"
	})
}

// strike counts a match and decides about it.
func (a *activeFault) strike() bool {
	if a.matched < a.Skip {
		a.matched++
		return false
	}
	if a.Probability > 0 && a.rng.Float64() >= a.Probability {
		return false
	}
	a.Struck++
	return true
}

// skew is how far the server's clock is off.
func (f *Faults) skew() time.Duration {
	if !f.on(atClock) {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(time.Now())
	var sum time.Duration
	for _, a := range f.active {
		if a.kind.at == atClock {
			sum += cmp.Or(a.Offset, a.kind.offset)
		}
	}
	return sum
}

// now is the server's clock.
func (s *Sandbox) now() time.Time { return time.Now().Add(s.faults.skew()) }
