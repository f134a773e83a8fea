package world

import "libration/ntqq/message"

// FileChange is what happened to a file or a folder. It is the kind of its [Activity].
type FileChange string

// The changes. Of the last three the happening has a Folder, of the others a File.
const (
	FileAdded     FileChange = "file_added"
	FileRemoved   FileChange = "file_removed"
	FileExpired   FileChange = "file_expired" // By is nobody
	FileMoved     FileChange = "file_moved"
	FileRenamed   FileChange = "file_renamed"
	FileKept      FileChange = "file_kept" // a temporary file is permanent now
	FolderAdded   FileChange = "folder_added"
	FolderRenamed FileChange = "folder_renamed"
	FolderRemoved FileChange = "folder_removed" // with its files
)

// FilesChanged is sent when By changed the files of a group. File or Folder is as it was
// afterwards, of one that is gone as it was before.
type FilesChanged struct {
	InGroup
	Change FileChange
	By     User
	File   GroupFile
	Folder GroupFolder
}

// Activity implements Happening.
func (h *FilesChanged) Activity() Activity {
	a := Activity{Kind: string(h.Change), Group: h.Group, User: h.By.UIN, Text: h.File.Name}
	if h.File.ID == "" {
		a.Text = h.Folder.Name
	}
	return a
}

// changing finds a file that by may change: the owner, an admin or the uploader of it may
// (docs/protocol/operations.md 7.2); mu is held. folder is where the asker says that it
// is, "" for nothing said.
func (w Files) changing(code message.GroupCode, by message.UIN, id, folder string) (*group, User, *groupFile, error) {
	g, who, role, err := w.of(code, by)
	if err != nil {
		return nil, User{}, nil, err
	}
	f, err := g.files.find(id)
	if err == nil {
		err = f.within(folder)
	}
	if err != nil {
		return nil, User{}, nil, err
	}
	if role == message.RoleMember && f.Uploader.UIN != who.UIN {
		return nil, User{}, nil, Refuse(NoPermission, "%d may not change the file %q: its uploader, the owner and admins may", who.UIN, f.Name)
	}
	return g, who, f, nil
}

// changed reports a change of a file; mu is held.
func (w Files) changed(g *group, who User, change FileChange, f *groupFile) {
	w.happened(&FilesChanged{InGroup: g.in(), Change: change, By: who, File: f.GroupFile})
}

// Delete removes a file from a group. The refusals are NotFound, NotMember and
// NoPermission.
func (w Files) Delete(code message.GroupCode, by message.UIN, id string) error {
	w.mu.Lock()
	defer w.done()
	g, who, f, err := w.changing(code, by, id, "")
	if err != nil {
		return err
	}
	w.remove(&g.files, f)
	w.changed(g, who, FileRemoved, f)
	return nil
}

// Rename gives a file another name. folder is where the file is, "" for anywhere. Where
// that is its name, nothing happens. The refusals are BadRequest, NotFound, NotMember and
// NoPermission.
func (w Files) Rename(code message.GroupCode, by message.UIN, id, folder, name string) error {
	w.mu.Lock()
	defer w.done()
	g, who, f, err := w.changing(code, by, id, folder)
	if err != nil {
		return err
	}
	if err := checkFileName(name); err != nil {
		return err
	}
	if f.Name == name {
		return nil
	}
	f.Name, f.Modified = name, w.now().Unix()
	w.changed(g, who, FileRenamed, f)
	return nil
}

// Move puts a file into another folder of its group. from is where the file is, "" for
// anywhere. Where it is there already, nothing happens. The refusals are NotFound, of the
// folders too, NotMember and NoPermission.
func (w Files) Move(code message.GroupCode, by message.UIN, id, from, to string) error {
	w.mu.Lock()
	defer w.done()
	g, who, f, err := w.changing(code, by, id, from)
	if err != nil {
		return err
	}
	if err := g.files.checkFolder(to); err != nil {
		return err
	}
	if f.Folder == to {
		return nil
	}
	f.Folder, f.Modified = to, w.now().Unix()
	w.changed(g, who, FileMoved, f)
	return nil
}

// Keep makes a temporary file permanent, and returns it. Of a permanent one nothing
// happens. The refusals are NotFound, NotMember, NoPermission and Quota.
func (w Files) Keep(code message.GroupCode, by message.UIN, id string) (GroupFile, error) {
	w.mu.Lock()
	defer w.done()
	g, who, f, err := w.changing(code, by, id, "")
	if err != nil {
		return GroupFile{}, err
	}
	if !f.Temporary() {
		return f.GroupFile, nil
	}
	if err := g.files.checkSpace(f.Size); err != nil {
		return GroupFile{}, err
	}
	g.files.temporary--
	g.files.used += f.Size
	f.Expires = 0
	w.changed(g, who, FileKept, f)
	return f.GroupFile, nil
}
