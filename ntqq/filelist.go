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
	seen := map[string]bool{}
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
			if fresh++; fresh > room {
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

// Find looks for a file of a group by its id, in the root and then in the folders. The
// error is [ErrNoFile] where it is not there.
func (f Files) Find(ctx context.Context, group GroupCode, id string) (GroupFile, error) {
	files, folders, err := f.List(ctx, group, RootFolder)
	for i := 0; err == nil; i++ {
		for _, file := range files {
			if file.ID == id {
				return file, nil
			}
		}
		if i == len(folders) {
			return GroupFile{}, fmt.Errorf("file %q of group %d: %w", id, group, ErrNoFile)
		}
		files, _, err = f.List(ctx, group, folders[i].ID)
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
