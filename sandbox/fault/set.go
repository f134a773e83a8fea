package fault

import (
	"cmp"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"libration/internal/text"
	"libration/ntqq/message"
)

// maxFaults bounds how many faults are switched on at the same time.
const maxFaults = 100

// ErrTooMany is returned by [Set.Add] when 100 faults are switched on.
var ErrTooMany = text.Errorf("too many faults are switched on", "开启的故障太多")

// Options configures a Set. The zero value knows no stages and logs nothing.
type Options struct {
	// Seed decides what probabilities draw, where a fault has no seed of its own.
	Seed uint64
	// Stages are the names that the parameter "on" takes besides commands.
	Stages []Stage
	// Log is where each strike is reported. Default: nowhere.
	Log *slog.Logger
}

// Set holds the faults that are switched on. Several may strike the same subject. The
// same seed, faults and subjects in the same order give the same strikes. A Set is safe
// for concurrent use.
type Set struct {
	seed   uint64
	stages []Stage
	log    *slog.Logger

	// points is the union of where the faults that are switched on can strike, so
	// that without faults nothing is locked.
	points atomic.Uint32

	mu     sync.Mutex
	last   int // the last id
	active []*activeFault
	struck map[Name]int
}

// NewSet returns a set without faults.
func NewSet(o Options) *Set {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Set{seed: o.Seed, stages: o.Stages, log: o.Log, struck: map[Name]int{}}
}

// Active is a fault that is switched on.
type Active struct {
	Fault
	// ID is the number of the fault in its set. It is not used again.
	ID int
	// Struck is how many times it has struck.
	Struck int
}

// activeFault is guarded by Set.mu.
type activeFault struct {
	Active
	kind     Kind
	patterns []string // in lower case
	rng      *rand.Rand
	until    time.Time // zero: for ever
	matched  int
}

// Subject is a connection, packet or signature that a fault may strike. Without a command
// Command is "", without an account UIN is 0.
type Subject struct {
	Command string
	UIN     message.UIN
	Session bool // it comes with a session
}

// Add switches a fault on and returns its id. The error is [ErrTooMany], or says which
// parameter is wrong.
func (f *Set) Add(fault Fault) (int, error) {
	kind, err := fault.validate()
	if err != nil {
		return 0, err
	}
	patterns, err := f.patternsOf(cmp.Or(fault.On, kind.On))
	if err == nil {
		err = f.known(kind, fault.On)
	}
	if err != nil {
		return 0, text.Errorf("fault %s: %v", "故障 %s：%v", fault.Name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(time.Now())
	if len(f.active) >= maxFaults {
		return 0, ErrTooMany
	}
	f.last++
	a := &activeFault{Active: Active{Fault: fault, ID: f.last}, kind: kind, patterns: patterns}
	seed := fault.Seed
	if seed == 0 {
		name := fnv.New64a()
		name.Write([]byte(fault.Name))
		seed = f.seed ^ name.Sum64()
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
func (f *Set) Remove(id int) bool {
	return f.remove(func(a *activeFault) bool { return a.ID == id }) > 0
}

// Clear switches all faults off and returns how many there were. Connections that [Dead]
// has struck stay dead.
func (f *Set) Clear() int {
	return f.remove(func(*activeFault) bool { return true })
}

func (f *Set) remove(which func(*activeFault) bool) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(time.Now())
	before := len(f.active)
	f.active = slices.DeleteFunc(f.active, which)
	f.refresh()
	return before - len(f.active)
}

// Stages returns the names that the parameter "on" takes besides commands.
func (f *Set) Stages() []Stage { return f.stages }

// Active returns the faults that are switched on, oldest first.
func (f *Set) Active() []Active {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(time.Now())
	list := make([]Active, len(f.active))
	for i, a := range f.active {
		list[i] = a.Active
	}
	return list
}

// Struck returns how many times faults of a name have struck since the start, also those
// that are switched off now. [TimeSkew] is not counted.
func (f *Set) Struck(name Name) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.struck[name]
}

// expire takes away the faults whose time is over; mu is held.
func (f *Set) expire(now time.Time) {
	before := len(f.active)
	f.active = slices.DeleteFunc(f.active, func(a *activeFault) bool {
		return !a.until.IsZero() && !now.Before(a.until)
	})
	if len(f.active) != before {
		f.refresh()
	}
}

// refresh follows a change of active; mu is held.
func (f *Set) refresh() {
	var points Point
	for _, a := range f.active {
		points |= a.kind.at
	}
	f.points.Store(uint32(points))
}

// Armed reports, without a lock, whether any fault can strike at a point.
func (f *Set) Armed(at Point) bool { return Point(f.points.Load())&at != 0 }

// Strikes returns the faults that strike a subject at a point, with their defaults filled
// in; nil for none. Each call counts as one match of the faults that fit.
func (f *Set) Strikes(at Point, about Subject) []Fault {
	if !f.Armed(at) {
		return nil
	}
	command := about.Command
	about.Command = strings.ToLower(command)
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
		f.struck[a.Name]++
	}
	if list != nil {
		f.active = slices.DeleteFunc(f.active, func(a *activeFault) bool { return a.Count > 0 && a.Struck >= a.Count })
		f.refresh()
	}
	f.mu.Unlock()
	for _, hit := range list {
		f.log.Info("fault strikes", "fault", string(hit.Name), "command", command, "uin", about.UIN)
	}
	return list
}

func (a *activeFault) matches(about Subject) bool {
	if a.UIN != 0 && a.UIN != about.UIN || a.kind.session && !about.Session {
		return false
	}
	if len(a.kind.On) == 0 {
		return true
	}
	return slices.ContainsFunc(a.patterns, func(pattern string) bool {
		// Add has checked the pattern; "*" of package path stops at slashes.
		ok, _ := path.Match(pattern, about.Command)
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

// Skew returns how far the clock of the service is off, negative for slow: the sum of all
// [TimeSkew] faults.
func (f *Set) Skew() time.Duration {
	if !f.Armed(AtClock) {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(time.Now())
	var sum time.Duration
	for _, a := range f.active {
		if a.kind.at == AtClock {
			sum += cmp.Or(a.Offset, a.kind.offset)
		}
	}
	return sum
}

// signerParts are what a signer's fault strikes besides the signatures of commands.
var signerParts = []string{"appinfo", "music"}

// known refuses a value of "on" that nothing would match. Every command has a dot in it;
// another word without a wildcard must be the name of a stage.
func (f *Set) known(kind Kind, on string) error {
	if on == "" || strings.ContainsAny(on, ".*?[") {
		return nil
	}
	var names []string
	for _, stage := range f.stages {
		names = append(names, stage.Name)
	}
	if kind.at == AtSign {
		names = append(names, signerParts...)
	}
	if slices.Contains(names, on) {
		return nil
	}
	return text.Errorf("on=%q is neither a command (it has a dot) nor a pattern (with *) nor one of: %s",
		"on=%q 既不是命令（含有点号）或模式（带 *），也不是其中之一：%s", on, strings.Join(names, ", "))
}

// patternsOf returns the patterns that a value of "on" stands for, in lower case.
func (f *Set) patternsOf(on string) ([]string, error) {
	commands := []string{on}
	for _, stage := range f.stages {
		if stage.Name == on {
			commands = stage.Commands
		}
	}
	patterns := make([]string, len(commands))
	for i, c := range commands {
		patterns[i] = strings.ToLower(c)
		if _, err := path.Match(patterns[i], ""); err != nil {
			return nil, err
		}
	}
	return patterns, nil
}
