// Package place recognises a data folder that was copied. A record in the folder says where
// it was used last: path, machine, and the folder's number in its file system. It knows no
// account.
//
// A copy on this machine is certain while its original is at its old path. Otherwise a
// folder counts as the original unless its record contradicts that. These pass: a remount, a
// restart, a container that was made anew with its volume, a move on this machine.
package place

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"libration/internal/atomicfile"
)

// Name is the file in a folder.
const Name = "place.json"

// maxRecord bounds it.
const maxRecord = 64 << 10

// Record says where a folder was used last.
type Record struct {
	ID   string    `json:"id"` // of the folder and its copies
	Path string    `json:"path"`
	Host string    `json:"host"`
	Used time.Time `json:"used"`
	// Inode is the number of the folder in its file system, 0 where that is not lasting; Born
	// is when it was made, in nanoseconds, 0 where that is not known.
	Inode uint64 `json:"inode,omitempty"`
	Born  int64  `json:"born,omitempty"`
	// Machine is a hash of what names this installation of a system, "" in containers and
	// where there is nothing.
	Machine string `json:"machine,omitempty"`
}

// Kind is the reason why a folder is not the one that was used last.
type Kind uint8

// The kinds.
const (
	Copied  Kind = iota + 1 // the original is at Path
	Foreign                 // it was last used on the machine Host
	Changed                 // it is another folder than the one that was used at Path
)

// Error says that a folder is not the one that was used last.
type Error struct {
	Kind Kind
	Was  Record
}

func (e *Error) Error() string {
	switch e.Kind {
	case Copied:
		return "it is a copy of " + e.Was.Path
	case Foreign:
		return "it was last used on the machine " + e.Was.Host
	}
	return "it is another folder than the one that was last used at " + e.Was.Path
}

// Check compares a folder with its record; one without a record passes. The error is an
// *Error when it is not the one that was used last.
func Check(folder string) error {
	was := read(folder)
	if was == nil {
		return nil
	}
	now, err := here(folder)
	if err != nil {
		return err
	}
	if kind := judge(was, now, there(was, folder)); kind != 0 {
		return &Error{kind, *was}
	}
	return nil
}

// Settle writes down that the folder is used here, at a time.
func Settle(folder string, at time.Time) error {
	now, err := here(folder)
	if err != nil {
		return err
	}
	now.Used = at.UTC().Truncate(time.Second)
	if was := read(folder); was != nil {
		now.ID = was.ID
	} else {
		now.ID = rand.Text()
	}
	b, err := json.MarshalIndent(now, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(folder, Name), append(b, '\n'))
}

// Forget removes the record of a folder, so that its next use counts as its first. It
// returns the removed record, nil when there was none.
func Forget(folder string) (*Record, error) {
	was := read(folder)
	err := os.Remove(filepath.Join(folder, Name))
	if os.IsNotExist(err) {
		err = nil
	}
	return was, err
}

// judge returns what speaks against a folder that has this record, 0 for nothing. original
// tells whether another folder with the same id is at the recorded path.
func judge(was, now *Record, original bool) Kind {
	same := was.Inode != 0 && was.Inode == now.Inode && (was.Born == now.Born || was.Born == 0 || now.Born == 0)
	comparable := was.Inode != 0 && now.Inode != 0
	known := was.Machine != "" && now.Machine != ""
	switch {
	case original:
		return Copied
	case known && was.Machine != now.Machine:
		if same && was.Host == now.Host { // some systems draw it at each start
			return 0
		}
		return Foreign
	case !comparable || same:
		return 0
	case known: // moved, or put back, on this machine: the original is not at its path any more
		return 0
	}
	return Changed
}

// read returns the record of a folder, nil where there is none that can be used.
func read(folder string) *Record {
	path := filepath.Join(folder, Name)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() { // a pipe would hold up the start
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return nil
	}
	var r Record
	if json.Unmarshal(b, &r) != nil || r.ID == "" || r.Path == "" {
		return nil
	}
	return &r
}

// there tells whether the original is still at its path, as another folder.
func there(was *Record, folder string) bool {
	other := read(was.Path)
	if other == nil || other.ID != was.ID {
		return false
	}
	a, errA := os.Stat(was.Path)
	b, errB := os.Stat(folder)
	return errA == nil && errB == nil && !os.SameFile(a, b)
}

// here is what can be said of a folder now.
func here(folder string) (*Record, error) {
	path, err := filepath.Abs(folder)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return nil, err
	}
	r := &Record{Path: path}
	if r.Inode, r.Born, err = identity(path); err != nil {
		return nil, err
	}
	r.Host, _ = os.Hostname() // "" says as much
	if id := machine(); id != "" {
		// The id itself is not for others.
		sum := sha256.Sum256([]byte("libration place " + id))
		r.Machine = hex.EncodeToString(sum[:8])
	}
	return r, nil
}
