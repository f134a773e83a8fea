package ntqq

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/text"
)

const (
	// filePage is how many entries of a folder are asked for at once.
	filePage = 20
	// maxFilePages bounds a list, as the service says where it ends.
	maxFilePages = 1000
	// maxListed bounds the texts of a list, in bytes: pages and names may have any length.
	maxListed = 16 << 20
)

// ErrNoFile: a group has no such file among those that were looked at.
var ErrNoFile error = notFound("no such file")

// ErrManyFiles: a folder has more entries than are listed.
var ErrManyFiles = text.Errorf("the folder has more than %d entries: not all are listed", "文件夹中超过 %d 项，未全部列出", filePage*maxFilePages)

// Kinds of entries of a folder.
const (
	entryFile   = 1
	entryFolder = 2
)

// List returns what is in a folder of a group, the newest first; "" stands for
// [RootFolder], which alone has folders. Of a folder with more than 20,000 entries the
// first are returned with [ErrManyFiles].
func (f Files) List(ctx context.Context, group GroupCode, folder string) ([]GroupFile, []GroupFolder, error) {
	files, folders, more, err := f.ListUpTo(ctx, group, folder, filePage*maxFilePages)
	if err == nil && more {
		err = fmt.Errorf("list the files of group %d: %w", group, ErrManyFiles)
	}
	return files, folders, err
}

// ListUpTo is [Files.List] for the first entries alone. more is whether the folder may
// have others.
func (f Files) ListUpTo(ctx context.Context, group GroupCode, folder string, limit int) (files []GroupFile, folders []GroupFolder, more bool, err error) {
	seen, bytes := map[string]bool{}, 0
	for start := range maxFilePages {
		room := limit - len(files) - len(folders)
		if room <= 0 {
			return files, folders, true, nil
		}
		resp, err := call(ctx, f.c, rpc.GroupFiles, listRequest(group, folder, uint32(start*filePage)))
		if err != nil {
			return nil, nil, false, f.failed(ctx, group, "list the files", err)
		}
		fresh := 0
		for _, item := range resp.GetList().GetItems() {
			id := item.GetFolder().GetFolderId() + item.GetFile().GetFileId()
			if id == "" || seen[id] {
				continue
			}
			bytes += textIn(item)
			if fresh++; fresh > room || bytes > maxListed {
				return files, folders, true, nil
			}
			seen[id] = true
			switch item.GetType() {
			case entryFile:
				files = append(files, groupFileOf(item.GetFile(), folder))
			case entryFolder:
				folders = append(folders, groupFolderOf(item.GetFolder()))
			}
		}
		// A page with nothing new: the service counts in another way, or for ever.
		if resp.GetList().GetIsEnd() || fresh == 0 {
			return files, folders, false, nil
		}
	}
	return files, folders, true, nil
}

// textIn is how many bytes of text an entry keeps.
func textIn(item *oidbpb.GroupFileItem) int {
	f, d := item.GetFile(), item.GetFolder()
	return len(f.GetFileId()) + len(f.GetFileName()) + len(f.GetParentFolderId()) + len(f.GetUploaderName()) + len(f.GetMd5()) + len(f.GetSha1()) +
		len(d.GetFolderId()) + len(d.GetFolderName()) + len(d.GetParentFolderId()) + len(d.GetCreatorName())
}

// Find looks for a file of a group by its id, in the root and then in the folders. The
// error is [ErrNoFile] where it is not there, [ErrManyFiles] where there was more to look at
// than is listed.
func (f Files) Find(ctx context.Context, group GroupCode, id string) (GroupFile, error) {
	left := 2 * filePage * maxFilePages // entries; a folder counts as a page of them, too
	files, folders, more, err := f.ListUpTo(ctx, group, RootFolder, left)
	others := len(folders)
	for i := 0; err == nil; i++ {
		for _, file := range files {
			if file.ID == id {
				return file, nil
			}
		}
		left -= len(files) + others + filePage
		if i == len(folders) && !more {
			return GroupFile{}, fmt.Errorf("file %q of group %d: %w", id, group, ErrNoFile)
		}
		if i == len(folders) || left <= 0 {
			return GroupFile{}, fmt.Errorf("file %q of group %d: %w", id, group, ErrManyFiles)
		}
		var none []GroupFolder
		var unseen bool
		files, none, unseen, err = f.ListUpTo(ctx, group, folders[i].ID, left)
		others, more = len(none), more || unseen
	}
	return GroupFile{}, err
}

func listRequest(group GroupCode, folder string, start uint32) *oidbpb.GroupFileViewReq {
	return &oidbpb.GroupFileViewReq{List: &oidbpb.GroupFileListReq{
		GroupCode: uint64(group), AppId: filesApp, FolderId: GroupFileRef{Folder: folder}.folder(), FileCount: filePage,
		SortBy: 1, StartIndex: proto.Uint32(start), SortOrder: 2,
	}}
}

// groupFileOf reads a file; folder is where it was looked for.
func groupFileOf(f *oidbpb.GroupFile, folder string) GroupFile {
	if parent := f.GetParentFolderId(); parent != "" {
		folder = parent
	}
	return GroupFile{
		ID: f.GetFileId(), Name: f.GetFileName(), Folder: GroupFileRef{Folder: folder}.folder(), Size: f.GetFileSize(), BusID: f.GetBusId(),
		Uploaded: int64(f.GetUploadTime()), Modified: int64(f.GetModifyTime()), Expires: int64(f.GetDeadTime()),
		Downloads: f.GetDownloadTimes(), Uploader: UIN(f.GetUploaderUin()), UploaderName: f.GetUploaderName(),
		MD5: f.GetMd5(), SHA1: f.GetSha1(),
	}
}

func groupFolderOf(f *oidbpb.GroupFolder) GroupFolder {
	return GroupFolder{
		ID: f.GetFolderId(), Name: f.GetFolderName(), Parent: GroupFileRef{Folder: f.GetParentFolderId()}.folder(),
		Created: int64(f.GetCreateTime()), Modified: int64(f.GetModifyTime()),
		Creator: UIN(f.GetCreatorUin()), CreatorName: f.GetCreatorName(), Files: f.GetTotalFileCount(),
	}
}
