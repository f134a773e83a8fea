package ntqq

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/mediapb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/ntqq/message"
)

// errNoFilePlace is the error of an answer to a reservation that cannot be used.
var errNoFilePlace = text.Errorf("the answer names no place for the file", "应答中没有文件的存放位置")

// filePlace is what the service answers about a file that is to be uploaded.
type filePlace struct {
	exists   bool // the service has the bytes
	id, hash string
	bus      uint32
	checkKey []byte
	key      []byte
	host     string
	port     uint32
}

// reserve asks the service for a place.
func (u *fileUploading) reserve(ctx context.Context) (filePlace, error) {
	if u.to.group != 0 {
		resp, err := call(ctx, u.c, rpc.ReserveGroupFile, u.groupRequest())
		if err != nil {
			return filePlace{}, u.c.inGroup(ctx, u.to.group, err)
		}
		return groupPlace(resp.GetUpload(), u.bus())
	}
	resp, err := call(ctx, u.c, rpc.ReservePrivateFile, u.privateRequest())
	if err != nil {
		return filePlace{}, err
	}
	return privatePlace(resp.GetUpload(), u.file.SHA1[:])
}

func (u *fileUploading) bus() uint32 {
	if u.Temporary {
		return message.BusTemporary
	}
	return message.BusPermanent
}

// uploadEntrance says where in an official client the upload began.
const uploadEntrance = 6

func (u *fileUploading) groupRequest() *oidbpb.GroupFileReq {
	return &oidbpb.GroupFileReq{Upload: &oidbpb.GroupFileUploadReq{
		GroupCode: uint64(u.to.group), AppId: filesApp, BusId: u.bus(), Entrance: uploadEntrance,
		ParentFolderId: GroupFileRef{Folder: u.Folder}.folder(), FileName: u.Name, LocalPath: "/" + u.Name, FileSize: u.file.Size,
		Sha1: u.file.SHA1[:], TriSha1: u.file.TriSHA1[:], Md5: u.file.MD5[:], Unknown15: proto.Bool(true),
	}}
}

// groupPlace reads the answer. bus is what was asked for.
func groupPlace(resp *oidbpb.GroupFileUploadResp, bus uint32) (filePlace, error) {
	p := filePlace{
		exists: resp.GetFileExists(), id: resp.GetFileId(), bus: bus, checkKey: resp.GetCheckKey(), key: resp.GetFileKey(),
		host: resp.GetUploadIp(), port: resp.GetUploadPort(),
	}
	if n := resp.GetBusId(); n != 0 {
		p.bus = n
	}
	return p, p.check()
}

// Values of requests about private files (docs/protocol/media.md 4.2).
const (
	fileBusiness   = 3
	fileClientType = 1
)

func (u *fileUploading) privateRequest() *mediapb.OfflineFileReq {
	return &mediapb.OfflineFileReq{
		Command: rpc.ReservePrivateFile.Sub,
		Upload: &mediapb.OfflineUploadReq{
			SenderUid: string(u.self.UID), ReceiverUid: string(u.to.peer), FileSize: uint32(u.file.Size), FileName: u.Name,
			Md5_10M: u.file.Head[:], Sha1: u.file.SHA1[:], LocalPath: "/", Md5: u.file.MD5[:], TriSha1: u.file.TriSHA1[:],
		},
		BusinessId: fileBusiness, ClientType: fileClientType, SupportMediaPlatform: 1,
	}
}

func privatePlace(resp *mediapb.OfflineUploadResp, checkKey []byte) (filePlace, error) {
	p := filePlace{
		exists: resp.GetFileExist(), id: resp.GetUuid(), hash: resp.GetFileHash(), checkKey: checkKey, key: resp.GetMediaPlatformKey(),
		host: resp.GetUploadIp(), port: resp.GetUploadPort(),
	}
	return p, p.check()
}

func (p *filePlace) check() error {
	if p.id == "" || !p.exists && len(p.key) == 0 {
		return errNoFilePlace
	}
	return nil
}

// segment is the file as a message has it.
func (u *fileUploading) segment() *message.FileSegment {
	return &message.FileSegment{
		ID: u.place.id, FileName: u.Name, Size: u.file.Size, BusID: u.place.bus, MD5: u.file.MD5[:], Hash: u.place.hash,
	}
}

// ext goes with each block (docs/protocol/media.md 3.7). Its zeros are left out, as in the
// vectors.
func (u *fileUploading) ext() *mediapb.FileUploadExt {
	busi := &mediapb.FileBusiInfo{SenderUin: uint64(u.self.UIN)}
	hashes := &mediapb.FileHashes{
		FileSize: u.file.Size, Md5: u.file.MD5[:], CheckKey: u.place.checkKey, Md5_10M: u.file.MD5[:], FileId: u.place.id, UploadKey: u.place.key,
	}
	var private *int32
	if group := uint64(u.to.group); group != 0 {
		busi.ReceiverUin, busi.GroupCode = proto.Uint64(group), proto.Uint64(group)
	} else {
		private = proto.Int32(1)
		hashes.TriSha1 = u.file.TriSHA1[:]
	}
	return &mediapb.FileUploadExt{
		Field1: 100, Field2: 1, Field200: private,
		Entry: &mediapb.FileUploadEntry{
			Busi: busi, File: hashes,
			Client: &mediapb.FileClientInfo{ClientType: 3, AppId: "100", TerminalType: 3, ClientVer: "1.1.1", Field600: 4},
			Name:   &mediapb.FileNameInfo{FileName: u.Name},
			Hosts: &mediapb.FileHosts{Hosts: []*mediapb.FileHost{{
				Url: &mediapb.FileHostUrl{Field1: 1, Host: u.place.host}, Port: u.place.port,
			}}},
		},
	}
}

// withdraw takes a file back that is in the group's list, or may be, and will not be shown.
// It needs the session, and waits a moment for it.
func (u *fileUploading) withdraw(ctx context.Context) {
	place, sent := u.place, u.sent
	u.place, u.sent = filePlace{}, false
	if u.to.group == 0 || place.id == "" || !place.exists && !sent {
		return // private files are in no list
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), onlineWait)
	defer cancel()
	if s, err := u.c.Wait(ctx, func(s State) bool { return s.Online() || !returns(s.Stage) }); err != nil || !s.Online() {
		u.c.notes.Warn("media", "a file whose upload failed may be among the files of its group", "group", u.to.group, "file", place.id)
		return
	}
	if place.exists && !u.made(ctx, place.id) {
		return
	}
	err := u.c.Files().Delete(ctx, u.to.group, GroupFileRef{ID: place.id, BusID: place.bus, Folder: u.Folder})
	if _, refused := errors.AsType[*ServerError](err); err != nil && !refused && !errors.Is(err, ErrNoGroup) {
		u.c.notes.Warn("media", "a file whose upload failed may be among the files of its group", "group", u.to.group, "file", place.id, "err", err)
	}
}

// withdrawnAmong is among how many of the newest files one is looked for that this upload
// has made.
const withdrawnAmong = 20

// made reports whether a file is one that this upload has made. Of bytes that the service
// has it may name a file that was there before.
func (u *fileUploading) made(ctx context.Context, id string) bool {
	const slack = 60 // seconds
	files, _, _, err := u.c.Files().ListUpTo(ctx, u.to.group, u.Folder, withdrawnAmong)
	if err != nil {
		return false
	}
	for _, f := range files {
		if f.ID == id {
			return f.Uploader == u.self.UIN && f.Uploaded >= u.began.Unix()-slack
		}
	}
	return false
}
