package ntqq

import (
	"cmp"
	"context"
	"fmt"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// RootFolder is the id of the folder that files of a group are in when they are in none.
const RootFolder = "/"

// filesApp is which part of a client asks about files.
const filesApp = 7

// Files are the operations on the files of groups and of private chats. They are safe for
// concurrent use.
//
// What the account may do in a group, the service decides: anything else is a
// [*ServerError] with its words. Other errors are those of [Client.Call], and [ErrNoGroup]
// of a group that the account is not in.
type Files struct{ c *Client }

// Files returns the operations on files.
func (c *Client) Files() Files { return Files{c} }

// GroupFile is a file of a group.
type GroupFile struct {
	ID   string // "/" and a UUID
	Name string
	// Folder is the id of the folder that the file is in: [RootFolder] or a folder's.
	Folder string
	Size   uint64 // in bytes
	BusID  uint32 // message.BusPermanent, message.BusTemporary or another kind
	// Uploaded, Modified and Expires are in Unix seconds. Expires is 0 of a file that stays.
	Uploaded, Modified, Expires int64
	Downloads                   uint32
	Uploader                    UIN
	UploaderName                string
	MD5, SHA1                   []byte // nil: not known
}

// Ref is what the operations need to know of the file.
func (f GroupFile) Ref() GroupFileRef {
	return GroupFileRef{ID: f.ID, BusID: f.BusID, Folder: f.Folder}
}

// GroupFileRef is what the service finds a file of a group by.
type GroupFileRef struct {
	ID     string
	BusID  uint32 // 0: message.BusPermanent
	Folder string // that the file is in; "": RootFolder
}

func (r GroupFileRef) bus() uint32    { return cmp.Or(r.BusID, message.BusPermanent) }
func (r GroupFileRef) folder() string { return cmp.Or(r.Folder, RootFolder) }

// GroupFolder is a folder among the files of a group. A folder has no folders within it.
type GroupFolder struct {
	ID     string // "/" and a UUID
	Name   string
	Parent string // RootFolder
	// Created and Modified are in Unix seconds.
	Created, Modified int64
	Creator           UIN
	CreatorName       string
	Files             uint32 // how many are in it
}

// FileSpace is how much room the files of a group have.
type FileSpace struct {
	Files, MaxFiles uint32
	Used, Total     uint64 // in bytes
	// Full is whether the service takes no more files that stay.
	Full bool
}

// Space returns how much room the files of a group have.
func (f Files) Space(ctx context.Context, group GroupCode) (FileSpace, error) {
	count, err := call(ctx, f.c, rpc.GroupFileCount, countRequest(group))
	if err != nil {
		return FileSpace{}, f.failed(ctx, group, "count the files", err)
	}
	space, err := call(ctx, f.c, rpc.GroupFileSpace, spaceRequest(group))
	if err != nil {
		return FileSpace{}, f.failed(ctx, group, "ask for the space of the files", err)
	}
	return spaceOf(count.GetCount(), space.GetSpace()), nil
}

func spaceOf(count *oidbpb.GroupFileCountResp, space *oidbpb.GroupFileSpaceResp) FileSpace {
	return FileSpace{
		Files: count.GetFileCount(), MaxFiles: count.GetLimitCount(), Used: space.GetUsedSpace(), Total: space.GetTotalSpace(),
		Full: count.GetIsFull() || count.GetTooMany(),
	}
}

// failed is the error of an operation on the files of a group.
func (f Files) failed(ctx context.Context, group GroupCode, what string, err error) error {
	return fmt.Errorf("%s of group %d: %w", what, group, f.c.inGroup(ctx, group, err))
}

func countRequest(group GroupCode) *oidbpb.GroupFileViewReq {
	return &oidbpb.GroupFileViewReq{Count: &oidbpb.GroupFileCountReq{GroupCode: uint64(group), AppId: filesApp, BusId: 6}}
}

func spaceRequest(group GroupCode) *oidbpb.GroupFileViewReq {
	return &oidbpb.GroupFileViewReq{Space: &oidbpb.GroupFileSpaceReq{GroupCode: uint64(group), AppId: filesApp}}
}
