package ntqq

import (
	"cmp"
	"context"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// Delete deletes a file of a group. Who uploaded it may, and the owner and admins.
func (f Files) Delete(ctx context.Context, group GroupCode, file GroupFileRef) error {
	return change(ctx, f, group, "delete a file", rpc.DeleteGroupFile, deleteFileRequest(group, file))
}

// Rename gives a file of a group another name. Those who may delete it may.
func (f Files) Rename(ctx context.Context, group GroupCode, file GroupFileRef, name string) error {
	return change(ctx, f, group, "rename a file", rpc.RenameGroupFile, renameFileRequest(group, file, name))
}

// Move puts a file of a group from the folder that it is in into another one. Those who
// may delete it may.
func (f Files) Move(ctx context.Context, group GroupCode, file GroupFileRef, to string) error {
	return change(ctx, f, group, "move a file", rpc.MoveGroupFile, moveFileRequest(group, file, to))
}

// Keep makes a temporary file of a group one that stays.
func (f Files) Keep(ctx context.Context, group GroupCode, file GroupFileRef) error {
	resp, err := call(ctx, f.c, rpc.KeepGroupFile, keepFileRequest(group, file))
	if err == nil {
		if code := bareCode(resp); code != 0 {
			err = &ServerError{Command: rpc.KeepGroupFile.Name, Code: code}
		}
	}
	if err != nil {
		return f.failed(ctx, group, "keep a file", err)
	}
	return nil
}

// bareCode is the result of an answer that has it where others have the part of the
// operation (docs/protocol/operations.md 3.6).
func bareCode(resp *oidbpb.GroupFileTransResp) int64 {
	for b := resp.ProtoReflect().GetUnknown(); len(b) > 0; {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return 0
		}
		b = b[n:]
		if v, n := protowire.ConsumeVarint(b); num == 1 && typ == protowire.VarintType && n > 0 {
			return int64(v)
		}
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return 0
		}
		b = b[n:]
	}
	return 0
}

// MakeFolder makes a folder among the files of a group. The owner and admins may. The name
// must not be that of another folder.
func (f Files) MakeFolder(ctx context.Context, group GroupCode, name string) (GroupFolder, error) {
	resp, err := call(ctx, f.c, rpc.MakeGroupFolder, makeFolderRequest(group, name))
	if err != nil {
		return GroupFolder{}, f.failed(ctx, group, "make a folder", err)
	}
	made := groupFolderOf(resp.GetCreate().GetFolder())
	if made.ID != "" {
		return made, nil
	}
	// Not every answer has it.
	_, folders, err := f.List(ctx, group, RootFolder)
	for _, folder := range folders {
		if folder.Name == name {
			return folder, nil
		}
	}
	if err == nil {
		err = f.failed(ctx, group, "look for the new folder", ErrNoFile)
	}
	return GroupFolder{}, err
}

// RenameFolder gives a folder of a group another name. The owner and admins may.
func (f Files) RenameFolder(ctx context.Context, group GroupCode, folder, name string) error {
	return change(ctx, f, group, "rename a folder", rpc.RenameGroupFolder, renameFolderRequest(group, folder, name))
}

// DeleteFolder deletes a folder of a group, and the files in it. The owner and admins may.
// Whether the service deletes a folder that is not empty is not certain.
func (f Files) DeleteFolder(ctx context.Context, group GroupCode, folder string) error {
	return change(ctx, f, group, "delete a folder", rpc.DeleteGroupFolder, deleteFolderRequest(group, folder))
}

// Forward sends a file of a group on to another group or a friend, without its bytes being
// downloaded, and returns it as that chat has it, as far as the service says. The message
// in the chat comes from the service. bus 0 stands for [message.BusPermanent]. To a temporary
// chat the error is [ErrTempContent]; to somebody who is no friend, [ErrNoFriend].
func (f Files) Forward(ctx context.Context, group GroupCode, id string, bus uint32, to message.Chat) (*message.FileSegment, error) {
	toBus, code := uint32(message.BusPermanent), uint64(to.Group)
	switch to.Kind {
	case message.Temp:
		return nil, ErrTempContent
	case message.Friend:
		peer, err := f.friend(ctx, to)
		if err != nil {
			return nil, err
		}
		toBus, code = friendFile, uint64(peer)
	}
	resp, err := call(ctx, f.c, rpc.CopyGroupFile, copyFileRequest(group, id, GroupFileRef{BusID: bus}.bus(), toBus, code))
	if err != nil {
		return nil, f.failed(ctx, group, "forward a file", err)
	}
	copied := &message.FileSegment{ID: resp.GetCopyTo().GetSaveFilePath(), FileName: resp.GetCopyTo().GetFileName()}
	if to.Kind == message.Group {
		copied.BusID = cmp.Or(resp.GetCopyTo().GetBusId(), message.BusPermanent)
	}
	return copied, nil
}

// friend is the number of the other side of a private chat.
func (f Files) friend(ctx context.Context, chat message.Chat) (UIN, error) {
	if chat.Peer != 0 {
		return chat.Peer, nil
	}
	friends, err := f.c.Friends().List(ctx, false)
	for _, friend := range friends {
		if chat.PeerUID != "" && friend.UID == chat.PeerUID {
			return friend.UIN, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("friend %q: %w", chat.PeerUID, ErrNoFriend)
	}
	return 0, err
}

// friendFile is the kind of files in private chats.
const friendFile = 3

// change runs an operation whose answer says no more than whether it was done.
func change[Req, Resp proto.Message](ctx context.Context, f Files, group GroupCode, what string, op *rpc.Op[Req, Resp], req Req) error {
	if _, err := call(ctx, f.c, op, req); err != nil {
		return f.failed(ctx, group, what, err)
	}
	return nil
}

func deleteFileRequest(group GroupCode, file GroupFileRef) *oidbpb.GroupFileReq {
	return &oidbpb.GroupFileReq{Delete: &oidbpb.GroupFileDeleteReq{GroupCode: uint64(group), BusId: file.bus(), FileId: file.ID}}
}

func renameFileRequest(group GroupCode, file GroupFileRef, name string) *oidbpb.GroupFileReq {
	return &oidbpb.GroupFileReq{Rename: &oidbpb.GroupFileRenameReq{
		GroupCode: uint64(group), BusId: file.bus(), FileId: file.ID, ParentFolderId: file.folder(), NewFileName: name,
	}}
}

func moveFileRequest(group GroupCode, file GroupFileRef, to string) *oidbpb.GroupFileReq {
	return &oidbpb.GroupFileReq{Move: &oidbpb.GroupFileMoveReq{
		GroupCode: uint64(group), BusId: file.bus(), FileId: file.ID, ParentFolderId: file.folder(),
		DestFolderId: GroupFileRef{Folder: to}.folder(),
	}}
}

func keepFileRequest(group GroupCode, file GroupFileRef) *oidbpb.GroupFileTransReq {
	return &oidbpb.GroupFileTransReq{Keep: &oidbpb.GroupFileKeepReq{
		GroupCode: uint64(group), AppId: filesApp, BusId: file.bus(), FileId: file.ID,
	}}
}

func copyFileRequest(group GroupCode, id string, bus, toBus uint32, to uint64) *oidbpb.GroupFileTransReq {
	return &oidbpb.GroupFileTransReq{CopyTo: &oidbpb.GroupFileCopyToReq{
		GroupCode: uint64(group), AppId: 1, SrcBusId: bus, SrcFileId: id, DstBusId: toBus, DstUin: to,
	}}
}

func makeFolderRequest(group GroupCode, name string) *oidbpb.GroupFolderReq {
	return &oidbpb.GroupFolderReq{Create: &oidbpb.GroupFolderCreateReq{GroupCode: uint64(group), ParentFolderId: RootFolder, FolderName: name}}
}

func renameFolderRequest(group GroupCode, folder, name string) *oidbpb.GroupFolderReq {
	return &oidbpb.GroupFolderReq{Rename: &oidbpb.GroupFolderRenameReq{GroupCode: uint64(group), FolderId: folder, NewFolderName: name}}
}

func deleteFolderRequest(group GroupCode, folder string) *oidbpb.GroupFolderReq {
	return &oidbpb.GroupFolderReq{Delete: &oidbpb.GroupFolderDeleteReq{GroupCode: uint64(group), FolderId: folder}}
}
