package world

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"libration/ntqq/message"
)

// maxName bounds every name and text of a world in bytes. Some clients read the
// length of a group name from one byte (docs/protocol/events.md 9.2).
const maxName = 127

// World is everything that the simulated service knows. What people do in it, and what is
// known of them, stands by subject: [World.Members] gives [Members.Kick], for instance.
// Every method is safe for concurrent use and returns copies. The error of an operation
// is a *[Refusal]; nothing has changed then.
type World struct{ state }

// state is what the subjects share. Each is the same world seen from one side, so their
// receivers are called w too.
type state struct {
	seed uint64

	// reporting keeps the happenings in order while they are reported; it guards spare.
	// It is taken before mu.
	reporting sync.Mutex
	spare     []report

	// mu guards everything below. It is not held while a happening is reported.
	mu       sync.Mutex
	now      func() time.Time
	rng      *rand.Rand
	scene    // what a reset takes back
	spent    numbers
	noticed  uint64 // the newest sequence of a Notice
	poked    uint64 // the newest number of a Poke
	waiting  []report
	listener func(Happening)
	watchers map[*watcher]struct{}

	media *mediaStore // guards itself

	beginning // does not change once the world is made
}

// scene is what is true now: [World.Reset] replaces it as a whole. What must never come
// twice, as the numbers that clients know things by, stands in state.
type scene struct {
	users    map[message.UIN]*account
	byUID    map[message.UID]message.UIN
	gone     map[message.UID]User // removed accounts
	freeUIN  message.UIN          // no smaller one from firstFreeUIN on is free
	groups   map[message.GroupCode]*group
	pairs    map[pairKey]*pair
	requests []*friendRequest // oldest first
	forwards forwards
	pokes    pokeBook
	judged   map[string]LinkVerdict // hosts in lower case
}

// New returns an empty world. The seed decides the uids and everything that is drawn,
// so that the same calls make the same world.
func New(seed uint64) *World {
	return &World{state{
		seed: seed,
		now:  time.Now,
		rng:  rand.New(rand.NewPCG(seed, 0x6c696272)),
		scene: scene{
			users:    map[message.UIN]*account{},
			byUID:    map[message.UID]message.UIN{},
			gone:     map[message.UID]User{},
			freeUIN:  firstFreeUIN,
			groups:   map[message.GroupCode]*group{},
			pairs:    map[pairKey]*pair{},
			forwards: forwards{byID: map[string]*forward{}},
			judged:   map[string]LinkVerdict{},
		},
		spent:    numbers{groups: map[message.GroupCode]groupNumbers{}, pairs: map[pairKey]uint64{}},
		watchers: map[*watcher]struct{}{},
		media:    &mediaStore{},
	}}
}

// SetClock replaces the clock of the world. Default: the clock of the system.
func (w *World) SetClock(now func() time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = now
}

// Now returns the time in the world.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now()
}

// checkName refuses what cannot be a name or a text of a world.
func checkName(s string) error {
	switch {
	case len(s) > maxName:
		return Refuse(BadRequest, "text of %d bytes is longer than %d", len(s), maxName)
	case !utf8.ValidString(s):
		return Refuse(BadRequest, "text is not valid UTF-8")
	case strings.ContainsRune(s, 0):
		return Refuse(BadRequest, "text contains a zero byte")
	}
	return nil
}
