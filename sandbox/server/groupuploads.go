package server

import (
	"sync"

	"libration/internal/pb/oidbpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// comingFile is a file on its way into a group.
type comingFile struct {
	world.NewFile
	group message.GroupCode

	mu      sync.Mutex
	entered bool // it has been in the group
}

// enter puts a file into its group once its bytes are there. What comes again does not bring
// back a file that was deleted meanwhile.
func (u *comingFile) enter(w *world.World, by message.UIN) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.entered {
		return nil
	}
	_, err := w.Files().Add(u.group, by, u.NewFile)
	u.entered = err == nil
	return err
}

// reserveGroup is 0x6d6_0. A file whose bytes the service has is in the group at once.
func (d *fileDesk) reserveGroup(rq *request, req *oidbpb.GroupFileReq) (*oidbpb.GroupFileResp, error) {
	asked := req.GetUpload()
	blob, err := announcedBlob(mediaGroupFile, asked.GetFileSize(), asked.GetMd5(), asked.GetSha1())
	if err != nil {
		return nil, err
	}
	bus := asked.GetBusId()
	if bus != message.BusPermanent && bus != message.BusTemporary {
		return nil, world.Refuse(world.BadRequest, "files of the bus %d are not known", bus)
	}
	up := &comingFile{group: message.GroupCode(asked.GetGroupCode()), NewFile: world.NewFile{
		Name: asked.GetFileName(), Folder: asked.GetParentFolderId(), Blob: blob, Temporary: bus == message.BusTemporary,
	}}
	if up.ID, err = d.world.Files().Reserve(up.group, rq.session.uin, up.NewFile); err != nil {
		return nil, err
	}
	exists := d.pretends(rq)
	if !exists {
		if _, exists = d.world.Media().Find(blob.MD5, blob.SHA1, blob.Size); exists {
			if err := up.enter(d.world, rq.session.uin); err != nil {
				return nil, err
			}
		}
	}
	key := d.grant(&reservation{Blob: blob, uin: rq.session.uin, kind: mediaGroupFile, group: true, uuid: up.ID, file: up})
	at := d.addressFor(rq.conn.nc.LocalAddr())
	return &oidbpb.GroupFileResp{Upload: &oidbpb.GroupFileUploadResp{
		UploadIp: at.ip(), UploadPort: at.port(), UploadIpV4: []string{at.ip()}, BusId: bus,
		FileId: up.ID, CheckKey: blob.SHA1[:], FileKey: []byte(key), FileExists: exists,
	}}, nil
}
