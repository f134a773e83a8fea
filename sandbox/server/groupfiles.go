package server

import (
	"cmp"
	"errors"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Numbers of docs/protocol/operations.md 3.6, and of codecs.md 5.
const (
	entryFile     = 1
	entryFolder   = 2
	busFriend     = 3 // where a file is copied to a friend
	codeFullSpace = -36
	filePage      = 20
	maxFilePage   = 100 // our value
	maxFeeds      = 20  // our value
)

// groupFiles answers what is done with the files of groups
// (docs/protocol/operations.md 3.6).
type groupFiles struct {
	*fileDesk
	// words are the words of a refusal for people.
	words func(error) string
}

func (h *groupFiles) handle(mux *rpc.Mux[*request]) {
	handleFile(h, mux, rpc.ReserveGroupFile, h.reserveGroup)
	handleFile(h, mux, rpc.GroupFileURL, h.address)
	handleFile(h, mux, rpc.DeleteGroupFile, h.remove)
	handleFile(h, mux, rpc.RenameGroupFile, h.rename)
	handleFile(h, mux, rpc.MoveGroupFile, h.move)
	handleFile(h, mux, rpc.MakeGroupFolder, h.makeFolder)
	handleFile(h, mux, rpc.DeleteGroupFolder, h.removeFolder)
	handleFile(h, mux, rpc.RenameGroupFolder, h.renameFolder)
	handleFile(h, mux, rpc.GroupFiles, h.list)
	handleFile(h, mux, rpc.GroupFileInfo, h.info)
	handleFile(h, mux, rpc.GroupFileCount, h.count)
	handleFile(h, mux, rpc.GroupFileSpace, h.space)
	handleFile(h, mux, rpc.KeepGroupFile, h.keep)
	handleFile(h, mux, rpc.CopyGroupFile, h.copyTo)
	handleFile(h, mux, rpc.PublishGroupFile, h.publish)
}

// handleFile registers a handler whose refusals have two texts: a technical one, and one
// for people.
func handleFile[Req, Resp proto.Message](h *groupFiles, mux *rpc.Mux[*request], op *rpc.Op[Req, Resp], f func(*request, Req) (Resp, error)) {
	rpc.Handle(mux, op, func(rq *request, req Req) (Resp, error) {
		resp, err := f(rq, req)
		if refused := h.refusal(err); refused != nil {
			return resp, refused
		}
		return resp, err
	})
}

// refusal returns what refuses an operation; nil when err is no refusal.
func (h *groupFiles) refusal(err error) *fileRefusal {
	refused, ok := errors.AsType[*world.Refusal](err)
	if !ok {
		return nil
	}
	return &fileRefusal{refused, h.words(refused)}
}

// fileRefusal is a refusal about the files of a group.
type fileRefusal struct {
	why   *world.Refusal
	words string
}

func (r *fileRefusal) Error() string { return r.why.Text }

// Refusal implements rpc.Refusal. What has no room has a code of its own.
func (r *fileRefusal) Refusal() (code int64, text string) {
	if r.why.Reason == world.Quota {
		return codeFullSpace, r.why.Text
	}
	return r.why.Refusal()
}

// Wording implements rpc.Worded.
func (r *fileRefusal) Wording() string { return r.words }

func (h *groupFiles) remove(rq *request, req *oidbpb.GroupFileReq) (*oidbpb.GroupFileResp, error) {
	asked := req.GetDelete()
	err := h.world.Files().Delete(message.GroupCode(asked.GetGroupCode()), rq.session.uin, asked.GetFileId())
	return &oidbpb.GroupFileResp{Delete: &oidbpb.GroupFileOpResp{}}, err
}

func (h *groupFiles) rename(rq *request, req *oidbpb.GroupFileReq) (*oidbpb.GroupFileResp, error) {
	asked := req.GetRename()
	err := h.world.Files().Rename(message.GroupCode(asked.GetGroupCode()), rq.session.uin,
		asked.GetFileId(), asked.GetParentFolderId(), asked.GetNewFileName())
	return &oidbpb.GroupFileResp{Rename: &oidbpb.GroupFileOpResp{}}, err
}

func (h *groupFiles) move(rq *request, req *oidbpb.GroupFileReq) (*oidbpb.GroupFileResp, error) {
	asked := req.GetMove()
	err := h.world.Files().Move(message.GroupCode(asked.GetGroupCode()), rq.session.uin,
		asked.GetFileId(), asked.GetParentFolderId(), asked.GetDestFolderId())
	if err != nil {
		return nil, err
	}
	return &oidbpb.GroupFileResp{Move: &oidbpb.GroupFileOpResp{ParentFolderId: asked.GetDestFolderId()}}, nil
}

func (h *groupFiles) makeFolder(rq *request, req *oidbpb.GroupFolderReq) (*oidbpb.GroupFolderResp, error) {
	asked := req.GetCreate()
	f, err := h.world.Files().MakeFolder(message.GroupCode(asked.GetGroupCode()), rq.session.uin, asked.GetParentFolderId(), asked.GetFolderName())
	if err != nil {
		return nil, err
	}
	return &oidbpb.GroupFolderResp{Create: &oidbpb.GroupFolderOpResp{Folder: folderEntry(f)}}, nil
}

func (h *groupFiles) removeFolder(rq *request, req *oidbpb.GroupFolderReq) (*oidbpb.GroupFolderResp, error) {
	asked := req.GetDelete()
	err := h.world.Files().DeleteFolder(message.GroupCode(asked.GetGroupCode()), rq.session.uin, asked.GetFolderId())
	return &oidbpb.GroupFolderResp{Delete: &oidbpb.GroupFolderOpResp{}}, err
}

func (h *groupFiles) renameFolder(rq *request, req *oidbpb.GroupFolderReq) (*oidbpb.GroupFolderResp, error) {
	asked := req.GetRename()
	f, err := h.world.Files().RenameFolder(message.GroupCode(asked.GetGroupCode()), rq.session.uin, asked.GetFolderId(), asked.GetNewFolderName())
	if err != nil {
		return nil, err
	}
	return &oidbpb.GroupFolderResp{Rename: &oidbpb.GroupFolderOpResp{Folder: folderEntry(f)}}, nil
}

// list answers one page of a folder.
func (h *groupFiles) list(rq *request, req *oidbpb.GroupFileViewReq) (*oidbpb.GroupFileViewResp, error) {
	asked := req.GetList()
	size := cmp.Or(min(asked.GetFileCount(), maxFilePage), filePage)
	p, err := h.world.Files().List(message.GroupCode(asked.GetGroupCode()), rq.session.uin,
		cmp.Or(asked.GetFolderId(), world.RootFolder), int(asked.GetStartIndex()), int(size))
	if err != nil {
		return nil, err
	}
	list := &oidbpb.GroupFileListResp{IsEnd: p.End, AllFileCount: uint32(p.Total), NextIndex: uint32(p.Next)}
	for _, f := range p.Folders {
		list.Items = append(list.Items, &oidbpb.GroupFileItem{Type: entryFolder, Folder: folderEntry(f)})
	}
	for _, f := range p.Files {
		list.Items = append(list.Items, &oidbpb.GroupFileItem{Type: entryFile, File: fileEntry(f)})
	}
	return &oidbpb.GroupFileViewResp{List: list}, nil
}

// info answers about one file.
func (h *groupFiles) info(rq *request, req *oidbpb.GroupFileViewReq) (*oidbpb.GroupFileViewResp, error) {
	f, err := h.world.Files().Find(message.GroupCode(req.GetInfo().GetGroupCode()), rq.session.uin, req.GetInfo().GetFileId())
	if err != nil {
		return nil, err
	}
	return &oidbpb.GroupFileViewResp{Info: &oidbpb.GroupFileInfoResp{File: fileEntry(f)}}, nil
}

func folderEntry(f world.GroupFolder) *oidbpb.GroupFolder {
	return &oidbpb.GroupFolder{
		FolderId: f.ID, ParentFolderId: world.RootFolder, FolderName: f.Name, CreateTime: uint32(f.Created), ModifyTime: uint32(f.Modified),
		CreatorUin: uint64(f.Creator.UIN), CreatorName: f.Creator.Nickname, TotalFileCount: f.Files,
		ModifyUin: uint64(f.Creator.UIN), ModifyName: f.Creator.Nickname, UsedSpace: f.Used,
	}
}

func fileEntry(f world.GroupFile) *oidbpb.GroupFile {
	return &oidbpb.GroupFile{
		FileId: f.ID, FileName: f.Name, FileSize: f.Size, BusId: busOf(f), UploadedSize: f.Size,
		UploadTime: uint32(f.Uploaded), DeadTime: uint32(f.Expires), ModifyTime: uint32(f.Modified), DownloadTimes: f.Downloads,
		Sha1: f.SHA1[:], Md5: f.MD5[:], LocalPath: "/" + f.Name, UploaderName: f.Uploader.Nickname, UploaderUin: uint64(f.Uploader.UIN),
		ParentFolderId: f.Folder, OwnerUin: uint64(f.Uploader.UIN),
	}
}

// busOf is the number of where a group keeps a file.
func busOf(f world.GroupFile) uint32 {
	if f.Temporary() {
		return message.BusTemporary
	}
	return message.BusPermanent
}

func (h *groupFiles) count(rq *request, req *oidbpb.GroupFileViewReq) (*oidbpb.GroupFileViewResp, error) {
	s, err := h.world.Files().Space(message.GroupCode(req.GetCount().GetGroupCode()), rq.session.uin)
	if err != nil {
		return nil, err
	}
	return &oidbpb.GroupFileViewResp{Count: &oidbpb.GroupFileCountResp{
		FileCount: s.Count, TooMany: s.Count >= s.Files, LimitCount: s.Files, IsFull: s.Full(),
	}}, nil
}

func (h *groupFiles) space(rq *request, req *oidbpb.GroupFileViewReq) (*oidbpb.GroupFileViewResp, error) {
	s, err := h.world.Files().Space(message.GroupCode(req.GetSpace().GetGroupCode()), rq.session.uin)
	if err != nil {
		return nil, err
	}
	return &oidbpb.GroupFileViewResp{Space: &oidbpb.GroupFileSpaceResp{TotalSpace: s.Space, UsedSpace: s.Used, AllUpload: !s.AdminsOnly}}, nil
}
