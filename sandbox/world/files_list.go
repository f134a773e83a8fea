package world

import (
	"cmp"
	"slices"
	"time"

	"libration/ntqq/message"
)

// FilePage is a part of what a folder holds. Folders come before files, and of both the
// newest ones first.
type FilePage struct {
	Folders []GroupFolder
	Files   []GroupFile
	// Total is how many files and folders the folder holds. Next is where the next page
	// begins; at the End it is Total.
	Total, Next int
	End         bool
}

// List returns up to limit files and folders of a folder, from a place on. The refusals
// are NotFound, of the folder too, and NotMember.
func (w Files) List(code message.GroupCode, by message.UIN, folder string, from, limit int) (FilePage, error) {
	w.mu.Lock()
	defer w.done()
	g, _, _, err := w.of(code, by)
	if err != nil {
		return FilePage{}, err
	}
	if err := g.files.checkFolder(folder); err != nil {
		return FilePage{}, err
	}
	var folders []GroupFolder
	if folder == RootFolder {
		folders = g.files.allFolders()
	}
	files := g.files.sorted(func(f *groupFile) bool { return f.Folder == folder })
	p := FilePage{Total: len(folders) + len(files)}
	from = min(max(from, 0), p.Total)
	p.Next = min(from+max(limit, 1), p.Total)
	p.End = p.Next == p.Total
	for i := from; i < p.Next; i++ {
		if i < len(folders) {
			p.Folders = append(p.Folders, folders[i])
		} else {
			p.Files = append(p.Files, files[i-len(folders)].GroupFile)
		}
	}
	return p, nil
}

// allFolders returns the folders, the newest first.
func (s *fileSystem) allFolders() []GroupFolder {
	order := make([]*groupFolder, 0, len(s.folders))
	counts := make(map[string]*GroupFolder, len(s.folders))
	list := make([]GroupFolder, len(s.folders))
	for _, f := range s.folders {
		order = append(order, f)
	}
	slices.SortFunc(order, func(a, b *groupFolder) int {
		return cmp.Or(cmp.Compare(b.Created, a.Created), cmp.Compare(b.made, a.made))
	})
	for i, f := range order {
		list[i] = f.GroupFolder
		counts[f.ID] = &list[i]
	}
	for _, f := range s.files {
		if in := counts[f.Folder]; in != nil {
			in.Files++
			in.Used += f.Size
		}
	}
	return list
}

// Find returns one file of a group. The refusals are NotFound, of the file too, and
// NotMember.
func (w Files) Find(code message.GroupCode, by message.UIN, id string) (GroupFile, error) {
	w.mu.Lock()
	defer w.done()
	g, _, _, err := w.of(code, by)
	if err != nil {
		return GroupFile{}, err
	}
	f, err := g.files.find(id)
	if err != nil {
		return GroupFile{}, err
	}
	return f.GroupFile, nil
}

// Downloaded counts a download of a file. Of one that is gone it does nothing.
func (w Files) Downloaded(code message.GroupCode, id string) {
	w.mu.Lock()
	defer w.done()
	if g := w.groups[code]; g != nil && g.files.files[id] != nil {
		g.files.files[id].Downloads++
	}
}

// FileLimits is what a group takes.
type FileLimits struct {
	// Files is how many files the group keeps, and Space the bytes of the permanent ones.
	// Defaults: 10000 and 10 GiB.
	Files uint32
	Space uint64
	// TemporaryLife is how long a temporary file is kept, at least 1 s: those that come from
	// now on. Default: 14 days.
	TemporaryLife time.Duration
	// AdminsOnly is whether only the owner and admins may upload.
	AdminsOnly bool
}

// FileSpace is what a group keeps, and what it takes.
type FileSpace struct {
	FileLimits
	// Count is how many files there are, Temporary how many of them are temporary. Used
	// is the bytes of the permanent ones.
	Count, Temporary uint32
	Used             uint64
}

// Full reports whether no permanent file has room.
func (s *FileSpace) Full() bool { return s.Count >= s.Files || s.Used >= s.Space }

// Space returns how full a group's files are. The refusals are NotFound and NotMember.
func (w Files) Space(code message.GroupCode, by message.UIN) (FileSpace, error) {
	w.mu.Lock()
	defer w.done()
	g, _, _, err := w.of(code, by)
	if err != nil {
		return FileSpace{}, err
	}
	return g.files.space(), nil
}

func (s *fileSystem) space() FileSpace {
	space := FileSpace{FileLimits: s.limits, Count: uint32(len(s.files)), Temporary: s.temporary, Used: s.used}
	if space.Files == 0 {
		space.Files = defaultFiles
	}
	if space.TemporaryLife == 0 {
		space.TemporaryLife = defaultLife
	}
	if space.FileLimits.Space == 0 {
		space.FileLimits.Space = defaultSpace
	}
	return space
}

// SetLimits changes what a group takes; zeros are the defaults. It asks for no permission
// and makes no happening. What is there stays. The refusals are BadRequest of more than
// the default number of files and of a life below 1 s, and NotFound.
func (w Files) SetLimits(code message.GroupCode, limits FileLimits) error {
	w.mu.Lock()
	defer w.done()
	g, err := w.group(code)
	if err != nil {
		return err
	}
	switch {
	case limits.Files > defaultFiles:
		return Refuse(BadRequest, "a group keeps at most %d files", defaultFiles)
	case limits.TemporaryLife != 0 && limits.TemporaryLife < time.Second:
		return Refuse(BadRequest, "a temporary file is kept for 1 s at least, not %v", limits.TemporaryLife)
	}
	g.files.limits = limits
	return nil
}

// checkRoom refuses a file that has no room.
func (s *fileSystem) checkRoom(size uint64, temporary bool) error {
	if space := s.space(); space.Count >= space.Files {
		return Refuse(Quota, "the group keeps no more than %d files", space.Files)
	}
	if temporary {
		return nil
	}
	return s.checkSpace(size)
}

// checkSpace refuses a permanent file that has no room.
func (s *fileSystem) checkSpace(size uint64) error {
	if space := s.space(); space.Used >= space.Space || size > space.Space-space.Used {
		return Refuse(Quota, "the group's space is full: %d of %d bytes are used, the file has %d", space.Used, space.Space, size)
	}
	return nil
}
