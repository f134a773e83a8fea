package world

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"libration/ntqq/message"
)

// RootFolder is the id of the folder that holds the other folders of a group.
const RootFolder = "/"

// What one group keeps, where [Files.SetLimits] says nothing else
// (docs/protocol/operations.md 7.4). The number of folders is our own bound.
const (
	defaultFiles = 10000
	defaultSpace = 10 << 30
	defaultLife  = 14 * 24 * time.Hour // of a temporary file
	maxFolders   = 1000
	maxFileName  = 255 // bytes
	maxShown     = 100 // messages that a file remembers
)

// GroupFile is one file that a group keeps. [Media] has its bytes by Blob.SHA1.
type GroupFile struct {
	// ID is "/" and a uuid. No other file of the world has it.
	ID   string
	Name string
	// Folder is the id of the folder that the file is in: RootFolder, or that of a
	// [GroupFolder].
	Folder string
	Blob
	// Uploader is who uploaded the file, as that account was then.
	Uploader User
	// Uploaded and Modified are in Unix seconds. Expires is when a temporary file goes,
	// 0 of a permanent one.
	Uploaded, Modified, Expires int64
	Downloads                   uint32
}

// Temporary reports whether the group keeps the file for a time only.
func (f *GroupFile) Temporary() bool { return f.Expires != 0 }

// GroupFolder is one folder of a group. It lies in RootFolder.
type GroupFolder struct {
	ID   string // "/" and a uuid
	Name string
	// Creator is who made the folder, as that account was then.
	Creator User
	// Created and Modified are in Unix seconds.
	Created, Modified int64
	// Files is how many files are in it, and Used their bytes.
	Files uint32
	Used  uint64
}

// fileSystem is what a group keeps. The zero value is empty.
type fileSystem struct {
	files   map[string]*groupFile
	folders map[string]*groupFolder
	limits  FileLimits
	made    uint64 // counts files and folders: the order of those of the same second
	used    uint64 // bytes of the permanent files
	// temporary counts those files, of which none goes before expires.
	temporary uint32
	expires   int64
}

type groupFile struct {
	GroupFile
	made uint64
	held bool // its bytes are kept as long as it is
	// shown are the sequences of messages that showed the file, by their random numbers: a
	// request that comes twice shows it once.
	shown map[uint32]uint64
}

type groupFolder struct {
	GroupFolder
	made uint64
}

// Files holds the files and folders of groups. In all of its methods by is who asks: a
// member of the group, or 0 for the owner.
type Files struct{ *state }

// Files returns the operations on the files of groups.
func (w *World) Files() Files { return Files{&w.state} }

// of finds a group for one of its members; mu is held. Temporary files whose time has come
// are gone then.
func (w Files) of(code message.GroupCode, by message.UIN) (*group, User, message.Role, error) {
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return nil, User{}, 0, err
	}
	w.expire(g)
	return g, w.user(by), role, nil
}

// expire removes the temporary files of a group whose time has come; mu is held.
func (w Files) expire(g *group) {
	s, now := &g.files, w.now().Unix()
	if s.temporary == 0 || now < s.expires {
		return
	}
	s.expires = math.MaxInt64
	for _, f := range s.sorted((*groupFile).isTemporary) {
		if f.Expires > now {
			s.expires = min(s.expires, f.Expires)
			continue
		}
		w.remove(s, f)
		w.happened(&FilesChanged{InGroup: g.in(), Change: FileExpired, File: f.GroupFile})
	}
}

// put keeps a file, whose ID must be new, and its bytes.
func (w Files) put(s *fileSystem, f *groupFile) {
	if s.files == nil {
		s.files = map[string]*groupFile{}
	}
	s.made++
	f.made = s.made
	s.files[f.ID] = f
	f.held = Media{w.media}.Hold(f.SHA1)
	if !f.Temporary() {
		s.used += f.Size
		return
	}
	if s.temporary == 0 {
		s.expires = f.Expires
	}
	s.temporary++
	s.expires = min(s.expires, f.Expires)
}

func (w Files) remove(s *fileSystem, f *groupFile) {
	delete(s.files, f.ID)
	if f.held {
		Media{w.media}.Release(f.SHA1)
	}
	if f.Temporary() {
		s.temporary--
	} else {
		s.used -= f.Size
	}
}

// releaseMedia lets the bytes of all files and albums go; mu is held.
func (w *state) releaseMedia(g *group) {
	for _, a := range g.albums {
		w.releaseAlbum(a)
	}
	for _, f := range g.files.files {
		if f.held {
			Media{w.media}.Release(f.SHA1)
		}
	}
}

func (f *groupFile) isTemporary() bool { return f.Temporary() }

// sorted returns files, the newest first.
func (s *fileSystem) sorted(keep func(*groupFile) bool) []*groupFile {
	var files []*groupFile
	for _, f := range s.files {
		if keep(f) {
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b *groupFile) int {
		return cmp.Or(cmp.Compare(b.Uploaded, a.Uploaded), cmp.Compare(b.made, a.made))
	})
	return files
}

// find returns the file with an id.
func (s *fileSystem) find(id string) (*groupFile, error) {
	if f := s.files[id]; f != nil {
		return f, nil
	}
	return nil, Refuse(NotFound, "the group has no file %q", shorten(id))
}

// within refuses a file that is in another folder than the asker says; "" says nothing.
func (f *groupFile) within(folder string) error {
	if folder != "" && folder != f.Folder {
		return Refuse(NotFound, "file %q is not in the folder %q", f.Name, shorten(folder))
	}
	return nil
}

// checkFolder refuses a folder that the group does not have.
func (s *fileSystem) checkFolder(id string) error {
	if id == RootFolder || s.folders[id] != nil {
		return nil
	}
	return Refuse(NotFound, "the group has no folder %q", shorten(id))
}

// checkFileName refuses what cannot be the name of a file or a folder. Slashes may stand
// in one: clients must not take names for paths.
func checkFileName(name string) error {
	switch {
	case name == "":
		return Refuse(BadRequest, "a file or folder needs a name")
	case len(name) > maxFileName:
		return Refuse(BadRequest, "text of %d bytes is longer than %d", len(name), maxFileName)
	case !utf8.ValidString(name):
		return Refuse(BadRequest, "text is not valid UTF-8")
	case slices.Contains([]byte(name), 0):
		return Refuse(BadRequest, "text contains a zero byte")
	}
	return nil
}

// newFileID draws the id of a file or a folder; mu is held.
func (w Files) newFileID() string {
	high, low := w.rng.Uint64(), w.rng.Uint64()
	return fmt.Sprintf("/%08x-%04x-4%03x-%04x-%012x",
		high>>32, high>>16&0xffff, high&0xfff, 0x8000|low>>48&0x3fff, low&0xffffffffffff)
}

// shorten bounds what a text says that somebody sent.
func shorten(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}
