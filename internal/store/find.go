package store

import (
	"database/sql"
	"errors"

	"libration/internal/text"
	"libration/ntqq/message"
)

// place is where a message is, or would be.
type place struct {
	id     int32
	run    *run    // nil: the id is one of an earlier version
	stored *record // what the file has of the message
}

// lookup searches for the place of a key. What it reads is read without the lock.
type lookup struct {
	key     key
	commits uint64 // when rows were read
	rows    map[int32]found
	failed  bool // the file cannot be read: what is not known counts as free
}

// found is what the file has under an id.
type found struct {
	any, ours bool    // some message, that of the key
	stored    *record // nil when it was removed
}

// errNoID: all ids that a message could have belong to others.
var errNoID = text.Errorf("no free id after %d tries", "尝试 %d 次后仍没有可用的 id", maxProbes)

// find returns the place of a key. The caller holds mu, which is given back while the file
// is read, but not after that: nothing has changed when it returns. Tolerant: without the
// file the likeliest place is returned, and no error.
func (s *Store) find(k key, tolerant bool) (place, error) {
	l := lookup{key: k, commits: s.commits}
	for {
		if s.closed {
			l.failed = true
			p, _ := s.look(&l)
			return p, ErrClosed
		}
		if l.commits != s.commits { // what was read may be out of date
			l.commits = s.commits
			clear(l.rows)
		}
		p, missing := s.look(&l)
		if missing == nil {
			if p.id == 0 {
				return p, errNoID
			}
			return p, nil
		}
		s.mu.Unlock()
		keep, err := missing()
		s.mu.Lock()
		switch {
		case err != nil && !tolerant:
			return place{}, err
		case err != nil: // the writer and Get report it
			l.failed = true
		case l.commits == s.commits:
			keep()
		}
	}
}

// look decides by what is known; missing reads the next thing that has to be, and returns
// what keeps it.
func (s *Store) look(l *lookup) (p place, missing func() (keep func(), err error)) {
	may, read := s.mayBeFormer(l)
	if read != nil {
		return place{}, read
	}
	if may {
		for n := range maxProbes {
			id := l.key.candidate(n, s.o.hash)
			if id == 0 {
				continue
			}
			f, read := s.under(id, l)
			if read != nil {
				return place{}, read
			}
			if f.ours || l.failed && !f.any {
				return place{id: id, stored: f.stored}, nil
			}
			if !f.any {
				break
			}
		}
	}
	b := l.key.block()
	for n := range maxProbes {
		slot := s.o.slot(b, n)
		if slot == 0 {
			continue
		}
		r := s.runs.use(slot)
		if r == nil || !r.loaded {
			if !l.failed {
				return place{}, s.readRun(slot)
			}
			if r == nil {
				r = s.runs.make(slot)
			}
		}
		if r.owner != (block{}) && r.owner != b {
			continue
		}
		id := idIn(slot, l.key.sequence)
		if s.pending[id] == nil && !r.taken.has(id) {
			return place{id: id, run: r}, nil
		}
		f, read := s.under(id, l)
		if read != nil {
			return place{}, read
		}
		if f.ours || !f.any {
			return place{id: id, run: r, stored: f.stored}, nil
		}
	}
	return place{}, nil
}

// under tells what is under an id; read has to be called first when it is not nil.
func (s *Store) under(id int32, l *lookup) (f found, read func() (keep func(), err error)) {
	if e := s.pending[id]; e != nil {
		return found{any: true, ours: e.key == l.key}, nil
	}
	f, ok := l.rows[id]
	if ok || l.failed {
		return f, nil
	}
	return f, func() (func(), error) {
		f, err := s.readUnder(id, l.key)
		return func() {
			if l.rows == nil {
				l.rows = make(map[int32]found)
			}
			l.rows[id] = f
		}, err
	}
}

// readUnder asks the file. Removed messages come after the others: they go from there to
// here in one transaction.
func (s *Store) readUnder(id int32, k key) (found, error) {
	owner, stored, err := s.load(id)
	if errors.Is(err, ErrUnreadable) {
		return found{any: true, ours: owner == k}, nil
	}
	if err != nil || stored != nil {
		return found{any: true, ours: owner == k, stored: stored}, err
	}
	db, err := s.database()
	if err != nil {
		return found{}, err
	}
	var f int32
	err = db.trimmedByID.QueryRow(uint32(id)).Scan(&f)
	if errors.Is(err, sql.ErrNoRows) {
		return found{}, nil
	}
	return found{any: true, ours: f == k.fingerprint()}, s.readError(err)
}

func (s *Store) readRun(slot uint32) func() (keep func(), err error) {
	return func() (func(), error) {
		db, err := s.database()
		if err != nil {
			return nil, err
		}
		file := run{slot: slot}
		if err := file.read(db); err != nil {
			return nil, s.readError(err)
		}
		return func() {
			r := s.runs.use(slot)
			if r == nil {
				r = s.runs.make(slot)
			}
			for i, b := range file.taken {
				r.taken[i] |= b
			}
			r.loaded = true
			if file.owner != (block{}) {
				r.owner, r.written = file.owner, true
			}
		}, nil
	}
}

// ID returns the id that the message with this key has, or would get if it were
// stored now. It writes nothing.
func (s *Store) ID(chat message.Chat, sequence uint64) (int32, error) {
	k, err := keyOf(chat, sequence)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.find(k, false)
	return p.id, err
}
