package world

import "libration/ntqq/message"

// NewFile is a file that comes into a group.
type NewFile struct {
	// Name has at most 255 bytes. Default of Folder: RootFolder.
	Name, Folder string
	Blob
	// Temporary asks for a place outside of the group's space, for
	// [FileLimits].TemporaryLife.
	Temporary bool
	// ID is what [Files.Reserve] answered. "" draws one.
	ID string
}

// Reserve says whether a file may come into a group, and returns the id that it will
// have. It takes no room: Add checks again. Of the file's Blob it reads the Size only. The
// refusals are those of Add.
func (w Files) Reserve(code message.GroupCode, by message.UIN, f NewFile) (id string, err error) {
	w.mu.Lock()
	defer w.done()
	if _, _, err := w.mayAdd(code, by, &f); err != nil {
		return "", err
	}
	return w.newFileID(), nil
}

// Add puts a file into a group, and returns it. [Files.Publish] shows it in the chat. An
// ID that the group has already, with the same bytes, is that file. The refusals are
// BadRequest, NotFound of the folder, NotMember, NoPermission, and Quota: of the space for
// permanent files, and of the number of all files.
func (w Files) Add(code message.GroupCode, by message.UIN, f NewFile) (GroupFile, error) {
	w.mu.Lock()
	defer w.done()
	if g := w.groups[code]; g != nil && f.ID != "" {
		if known := g.files.files[f.ID]; known != nil && known.Blob == f.Blob {
			return known.GroupFile, nil
		}
	}
	g, who, err := w.mayAdd(code, by, &f)
	if err != nil {
		return GroupFile{}, err
	}
	if f.ID == "" {
		f.ID = w.newFileID()
	}
	if g.files.files[f.ID] != nil || g.files.folders[f.ID] != nil {
		return GroupFile{}, Refuse(BadRequest, "the group has %q already", shorten(f.ID))
	}
	return w.add(g, who, f), nil
}

// add puts a file that may come into a group; mu is held.
func (w Files) add(g *group, who User, f NewFile) GroupFile {
	now := w.now()
	made := &groupFile{GroupFile: GroupFile{
		ID: f.ID, Name: f.Name, Folder: f.Folder, Blob: f.Blob, Uploader: who, Uploaded: now.Unix(), Modified: now.Unix(),
	}}
	if f.Temporary {
		made.Expires = now.Add(g.files.space().TemporaryLife).Unix()
	}
	w.put(&g.files, made)
	w.happened(&FilesChanged{InGroup: g.in(), Change: FileAdded, By: who, File: made.GroupFile})
	return made.GroupFile
}

// mayAdd says who puts the file into which group, and fills in what f leaves out; mu is
// held.
func (w Files) mayAdd(code message.GroupCode, by message.UIN, f *NewFile) (*group, User, error) {
	g, who, role, err := w.of(code, by)
	if err != nil {
		return nil, User{}, err
	}
	if f.Folder == "" {
		f.Folder = RootFolder
	}
	if err := checkFileName(f.Name); err != nil {
		return nil, User{}, err
	}
	if f.Size == 0 {
		return nil, User{}, Refuse(BadRequest, "the file is empty")
	}
	plain := role == message.RoleMember
	switch {
	case plain && g.files.limits.AdminsOnly:
		return nil, User{}, Refuse(NoPermission, "only the owner and admins may upload files to group %d", code)
	case w.users[who.UIN].restricted:
		return nil, User{}, Refuse(NoPermission, "the account is restricted")
	case g.members[who.UIN].muteUntil > w.now().Unix():
		return nil, User{}, Refuse(NoPermission, "muted in the group")
	case plain && g.MuteAll:
		return nil, User{}, Refuse(NoPermission, "the whole group is muted")
	}
	if err := g.files.checkFolder(f.Folder); err != nil {
		return nil, User{}, err
	}
	return g, who, g.files.checkRoom(f.Size, f.Temporary)
}

// Copy puts a file of a group into the root folder of another group, or of the same one,
// and returns the new file, which is permanent. by must be a member of both. newName ""
// keeps the name. The refusals are those of Add, and NotFound of the file.
func (w Files) Copy(code message.GroupCode, by message.UIN, id string, to message.GroupCode, newName string) (GroupFile, error) {
	w.mu.Lock()
	defer w.done()
	g, who, _, err := w.of(code, by)
	if err != nil {
		return GroupFile{}, err
	}
	f, err := g.files.find(id)
	if err != nil {
		return GroupFile{}, err
	}
	made := NewFile{Name: f.Name, Folder: RootFolder, Blob: f.Blob}
	if newName != "" {
		made.Name = newName
	}
	target, who, err := w.mayAdd(to, who.UIN, &made)
	if err != nil {
		return GroupFile{}, err
	}
	made.ID = w.newFileID()
	return w.add(target, who, made), nil
}
