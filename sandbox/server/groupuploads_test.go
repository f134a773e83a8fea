package server

import (
	"crypto/md5"
	"crypto/sha1"
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// groupFileUpload asks for a place for a file in a group.
func groupFileUpload(name, content string) *oidbpb.GroupFileReq {
	hash, sum := md5.Sum([]byte(content)), sha1.Sum([]byte(content))
	return &oidbpb.GroupFileReq{Upload: &oidbpb.GroupFileUploadReq{
		GroupCode: uint64(mall), AppId: 7, BusId: message.BusPermanent, Entrance: 6, ParentFolderId: "/", FileName: name,
		LocalPath: "/" + name, FileSize: uint64(len(content)), Sha1: sum[:], TriSha1: []byte{}, Md5: hash[:], Unknown15: proto.Bool(true),
	}}
}

// groupFile reserves a file and returns what sends its blocks.
func (h *harness) groupFile(c *client, name, content string) (*uploading, *oidbpb.GroupFileUploadResp) {
	h.t.Helper()
	answer := call(c, rpc.ReserveGroupFile, groupFileUpload(name, content)).GetUpload()
	u := &uploading{
		h: h, content: content, command: 71,
		file: fileExt(content, answer.GetFileId(), string(answer.GetFileKey()), uint64(mall)),
	}
	u.renew(c)
	return u, answer
}

// inGroup returns the files of the group's root.
func (h *harness) inGroup() []world.GroupFile {
	h.t.Helper()
	page, err := h.World().Files().List(mall, 0, world.RootFolder, 0, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	return page.Files
}

// TestGroupFile: a file is in the group when its last block has come, once.
func TestGroupFile(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	content := strings.Repeat("a file. ", 5000)
	u, slot := h.groupFile(c, "a b.txt", content)
	if slot.GetFileExists() || !strings.HasPrefix(slot.GetFileId(), "/") || len(slot.GetCheckKey()) != 20 || len(slot.GetFileKey()) == 0 ||
		slot.GetUploadIp() != "127.0.0.1" || slot.GetUploadPort() != 8080 || slot.GetBusId() != 102 {
		t.Fatalf("reserved: got %v", slot)
	}
	if got := u.block(u.post, 10_000, len(content)); got != "0/0" || len(h.inGroup()) != 0 {
		t.Fatalf("a part: got %s, %d files in the group", got, len(h.inGroup()))
	}
	if got := u.block(u.tcp, 0, 10_000); got != "0/0" {
		t.Fatalf("the rest: got %s", got)
	}
	files := h.inGroup()
	if len(files) != 1 || files[0].ID != slot.GetFileId() || files[0].Name != "a b.txt" || files[0].Size != 40_000 || files[0].Temporary() || files[0].Uploader.UIN != bot || !u.has() {
		t.Fatalf("in the group: got %+v", files)
	}
	if err := h.World().Files().Delete(mall, bot, slot.GetFileId()); err != nil {
		t.Fatal(err)
	}
	if got := u.block(u.tcp, 0, 10_000); got != "0/0" || len(h.inGroup()) != 0 {
		t.Errorf("a block that came late: got %s, %d files in the group", got, len(h.inGroup()))
	}
	temporary := groupFileUpload("b", content)
	temporary.Upload.BusId = message.BusTemporary
	again := call(c, rpc.ReserveGroupFile, temporary).GetUpload()
	if files = h.inGroup(); !again.GetFileExists() || again.GetBusId() != 104 || len(files) != 1 || files[0].ID != again.GetFileId() || !files[0].Temporary() {
		t.Errorf("bytes that are there: got %v, %+v", again, files)
	}
}

func TestGroupFileRefused(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	for name, tt := range map[string]struct {
		change func(*oidbpb.GroupFileUploadReq)
		want   world.Reason
	}{
		"empty":         {func(r *oidbpb.GroupFileUploadReq) { r.FileSize = 0 }, world.BadRequest},
		"too large":     {func(r *oidbpb.GroupFileUploadReq) { r.FileSize = 4<<30 + 1 }, world.TooLarge},
		"no name":       {func(r *oidbpb.GroupFileUploadReq) { r.FileName = "" }, world.BadRequest},
		"no MD5":        {func(r *oidbpb.GroupFileUploadReq) { r.Md5 = nil }, world.BadRequest},
		"no SHA-1":      {func(r *oidbpb.GroupFileUploadReq) { r.Sha1 = nil }, world.BadRequest},
		"bus":           {func(r *oidbpb.GroupFileUploadReq) { r.BusId = 1 }, world.BadRequest},
		"folder":        {func(r *oidbpb.GroupFileUploadReq) { r.ParentFolderId = "/x" }, world.NotFound},
		"another group": {func(r *oidbpb.GroupFileUploadReq) { r.GroupCode = 1 }, world.NotFound},
	} {
		req := groupFileUpload("a", "content")
		tt.change(req.Upload)
		resp, err := tryCall(c, rpc.ReserveGroupFile, req)
		var refused *rpc.Refused
		if !errors.As(err, &refused) || refused.Code == 0 || resp.GetUpload().GetRetCode() == 0 || resp.GetUpload().GetClientWording() == "" || resp.GetUpload().GetRetMsg() == "" {
			t.Errorf("%s: got %v, %v, want reason %d in both texts", name, err, resp, tt.want)
		}
	}
}

// TestGroupFileWithoutRoom: another file has taken the room meanwhile. The last block is
// refused, and nothing is in the group.
func TestGroupFileWithoutRoom(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	u, slot := h.groupFile(c, "a", "a file of 20 letters")
	setLimits := func(space uint64) {
		t.Helper()
		if err := h.World().Files().SetLimits(mall, world.FileLimits{Files: 10, Space: space}); err != nil {
			t.Fatal(err)
		}
	}
	setLimits(10)
	if got := u.block(u.tcp, 0, 20); got != "6/0" || len(h.inGroup()) != 0 {
		t.Errorf("got %s, %d files", got, len(h.inGroup()))
	}
	setLimits(20)
	if got := u.block(u.tcp, 0, 20); got != "0/0" || len(h.inGroup()) != 1 || h.inGroup()[0].ID != slot.GetFileId() {
		t.Errorf("with room: got %s, %+v", got, h.inGroup())
	}
	u.file.Entry.Busi.GroupCode = proto.Uint64(1)
	if got := u.block(u.tcp, 0, 20); got != "4/0" {
		t.Errorf("of another group: got %s", got)
	}
}

// TestMissingGroupFile: the service says that it has a file. It is not in the group, until
// somebody who does not believe that sends it.
func TestMissingGroupFile(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	h.fault("upload-missing:count=1")
	u, slot := h.groupFile(c, "a", "never uploaded")
	if !slot.GetFileExists() || len(h.inGroup()) != 0 {
		t.Fatalf("got %v, %d files", slot, len(h.inGroup()))
	}
	h.fault("upload-refused:count=1")
	if got := u.block(u.tcp, 0, 14); got != "102902/0" || len(h.inGroup()) != 0 {
		t.Errorf("refused: got %s, %d files", got, len(h.inGroup()))
	}
	if got := u.block(u.tcp, 0, 14); got != "0/0" || len(h.inGroup()) != 1 {
		t.Errorf("got %s, %d files", got, len(h.inGroup()))
	}
}
