package world

import (
	"strings"

	"libration/ntqq/message"
)

// managing finds the group whose folders by may change: the owner and admins may
// (docs/protocol/operations.md 7.2); mu is held.
func (w Files) managing(code message.GroupCode, by message.UIN) (*group, User, error) {
	g, who, role, err := w.of(code, by)
	if err != nil {
		return nil, User{}, err
	}
	if role == message.RoleMember {
		return nil, User{}, Refuse(NoPermission, "%d may not change the folders of group %d: the owner and admins may", who.UIN, code)
	}
	return g, who, nil
}

// MakeFolder makes a folder in RootFolder, and returns it. parent is RootFolder or "": the
// service has no folders within folders. The refusals are BadRequest, of a name that is
// taken too, NotFound, NotMember, NoPermission and Quota.
func (w Files) MakeFolder(code message.GroupCode, by message.UIN, parent, name string) (GroupFolder, error) {
	w.mu.Lock()
	defer w.done()
	g, who, err := w.managing(code, by)
	if err != nil {
		return GroupFolder{}, err
	}
	if parent != "" && parent != RootFolder {
		return GroupFolder{}, Refuse(BadRequest, "a folder cannot be in a folder")
	}
	if err := g.files.checkFolderName(name, ""); err != nil {
		return GroupFolder{}, err
	}
	if len(g.files.folders) >= maxFolders {
		return GroupFolder{}, Refuse(Quota, "the group has no more than %d folders", maxFolders)
	}
	if g.files.folders == nil {
		g.files.folders = map[string]*groupFolder{}
	}
	now := w.now().Unix()
	g.files.made++
	f := &groupFolder{GroupFolder{ID: w.newFileID(), Name: name, Creator: who, Created: now, Modified: now}, g.files.made}
	g.files.folders[f.ID] = f
	w.happened(&FilesChanged{InGroup: g.in(), Change: FolderAdded, By: who, Folder: f.GroupFolder})
	return f.GroupFolder, nil
}

// RenameFolder gives a folder another name, and returns it. Where that is its name,
// nothing happens. The refusals are BadRequest, of a name that is taken too, NotFound,
// NotMember and NoPermission.
func (w Files) RenameFolder(code message.GroupCode, by message.UIN, id, name string) (GroupFolder, error) {
	w.mu.Lock()
	defer w.done()
	g, who, err := w.managing(code, by)
	if err != nil {
		return GroupFolder{}, err
	}
	f, err := g.files.findFolder(id)
	if err == nil {
		err = g.files.checkFolderName(name, id)
	}
	if err != nil {
		return GroupFolder{}, err
	}
	if f.Name != name {
		f.Name, f.Modified = name, w.now().Unix()
		w.happened(&FilesChanged{InGroup: g.in(), Change: FolderRenamed, By: who, Folder: g.files.counted(f)})
	}
	return g.files.counted(f), nil
}

// DeleteFolder removes a folder and the files in it. The refusals are NotFound, NotMember
// and NoPermission.
func (w Files) DeleteFolder(code message.GroupCode, by message.UIN, id string) error {
	w.mu.Lock()
	defer w.done()
	g, who, err := w.managing(code, by)
	if err != nil {
		return err
	}
	f, err := g.files.findFolder(id)
	if err != nil {
		return err
	}
	was := g.files.counted(f)
	for _, file := range g.files.sorted(func(f *groupFile) bool { return f.Folder == id }) {
		w.remove(&g.files, file)
	}
	delete(g.files.folders, id)
	w.happened(&FilesChanged{InGroup: g.in(), Change: FolderRemoved, By: who, Folder: was})
	return nil
}

func (s *fileSystem) findFolder(id string) (*groupFolder, error) {
	if f := s.folders[id]; f != nil {
		return f, nil
	}
	return nil, Refuse(NotFound, "the group has no folder %q", shorten(id))
}

// counted returns a folder with the files in it.
func (s *fileSystem) counted(f *groupFolder) GroupFolder {
	view := f.GroupFolder
	for _, file := range s.files {
		if file.Folder == f.ID {
			view.Files++
			view.Used += file.Size
		}
	}
	return view
}

// checkFolderName refuses a name that another folder has.
func (s *fileSystem) checkFolderName(name, but string) error {
	if err := checkFileName(name); err != nil {
		return err
	}
	for _, f := range s.folders {
		if f.ID != but && strings.EqualFold(f.Name, name) {
			return Refuse(BadRequest, "the group has a folder %q already", f.Name)
		}
	}
	return nil
}
