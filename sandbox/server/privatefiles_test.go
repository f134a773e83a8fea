package server

import (
	"crypto/md5"
	"crypto/sha1"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

// privateUpload asks for a place for a file in the chat of bot with somebody.
func (h *harness) privateUpload(to message.UIN, name, content string) *mediapb.OfflineFileReq {
	hash, sum := md5.Sum([]byte(content)), sha1.Sum([]byte(content))
	return &mediapb.OfflineFileReq{
		Command: 1700, Seq: proto.Int32(0), BusinessId: 3, ClientType: 1, SupportMediaPlatform: 1,
		Upload: &mediapb.OfflineUploadReq{
			SenderUid: h.uidOf(bot), ReceiverUid: h.uidOf(to), FileSize: uint32(len(content)), FileName: name,
			Md5_10M: hash[:], Sha1: sum[:], LocalPath: "/", Md5: hash[:], TriSha1: []byte{},
		},
	}
}

// fileExt is the extra information of the blocks of a file.
func fileExt(content, id, key string, group uint64) *mediapb.FileUploadExt {
	hash, sum := md5.Sum([]byte(content)), sha1.Sum([]byte(content))
	return &mediapb.FileUploadExt{
		Field1: 100, Field2: 1, Field3: proto.Int32(0),
		Entry: &mediapb.FileUploadEntry{
			Busi: &mediapb.FileBusiInfo{BusId: proto.Int32(0), SenderUin: uint64(bot), GroupCode: &group},
			File: &mediapb.FileHashes{
				FileSize: uint64(len(content)), Md5: hash[:], CheckKey: sum[:], Md5_10M: hash[:], FileId: id, UploadKey: []byte(key),
			},
		},
	}
}

// privateFile reserves a file and returns what sends its blocks.
func (h *harness) privateFile(c *client, to message.UIN, name, content string) (*uploading, *mediapb.OfflineUploadResp) {
	h.t.Helper()
	answer := call(c, rpc.ReservePrivateFile, h.privateUpload(to, name, content)).GetUpload()
	u := &uploading{
		h: h, content: content, command: 95,
		file: fileExt(content, answer.GetUuid(), string(answer.GetMediaPlatformKey()), 0),
	}
	u.renew(c)
	return u, answer
}

// fileMessage is the message that announces a file.
func (h *harness) fileMessage(to message.UIN, uuid, hash, content string) *messagepb.PbSendMsgReq {
	sum := md5.Sum([]byte(content))
	return &messagepb.PbSendMsgReq{
		RoutingHead: &messagepb.SendRouting{Trans211: &messagepb.SendTrans211{CcCmd: proto.Uint32(4), ToUid: proto.String(h.uidOf(to))}},
		Body: &messagepb.MessageBody{RichText: &messagepb.RichText{}, MsgContent: encode(&messagepb.FileContent{File: &messagepb.NotOnlineFile{
			FileType: proto.Uint32(0), FileUuid: proto.String(uuid), FileMd5: sum[:], FileName: proto.String("a b.txt"),
			FileSize: proto.Uint64(uint64(len(content))), SubCmd: proto.Uint32(1), FileHash: proto.String(hash),
		}})},
		Random: proto.Uint32(7),
	}
}

func privateURLOf(uuid, hash string) *mediapb.OfflineFileReq {
	return &mediapb.OfflineFileReq{
		Command: 1200, Seq: proto.Int32(1), BusinessId: 3, ClientType: 103, SupportMediaPlatform: 1,
		Download: &mediapb.OfflineDownloadReq{FileUuid: uuid, Type: 2, FileHash: hash, T2: proto.Int32(0)},
	}
}

// TestPrivateFile: a file is reserved, uploaded, announced, and downloaded by its receiver.
func TestPrivateFile(t *testing.T) {
	h := startMedia(t, Options{})
	c, to := h.dial().login(bot), h.dial().login(alice)
	content := strings.Repeat("a file. ", 5000)
	u, slot := h.privateFile(c, alice, "a b.txt", content)
	if slot.GetFileExist() || slot.GetUuid() == "" || slot.GetFileHash() == "" || slot.GetUploadIp() != "127.0.0.1" || slot.GetUploadPort() != 8080 ||
		len(slot.GetMediaPlatformKey()) == 0 || slot.GetMediaPlatformAddrs()[0].GetInPort() != 8080 {
		t.Fatalf("reserved: got %v", slot)
	}
	if _, err := tryCall(c, rpc.SendMessage, h.fileMessage(alice, slot.GetUuid(), slot.GetFileHash(), content)); err == nil {
		t.Error("a message about a file that is not there was taken")
	}
	for _, from := range []int{20_000, 0} {
		if got := u.block(u.post, from, min(from+20_000, len(content)-1)); got != "0/0" {
			t.Fatalf("block at %d: got %s", from, got)
		}
	}
	if u.has() {
		t.Error("it is there before its end")
	}
	if got := u.block(u.tcp, 40_000-1, len(content)); len(content) != 40_000 || got != "0/0" || !u.has() {
		t.Fatalf("the last byte again: got %s, has %v", got, u.has())
	}
	call(c, rpc.SendMessage, h.fileMessage(alice, slot.GetUuid(), slot.GetFileHash(), content))
	sent := h.World().History().OfPrivate(bot, alice, 0, 1<<60)
	if len(sent) != 1 || sent[0].File == nil {
		t.Fatalf("got %d messages, want the file", len(sent))
	}

	answer := call(to, rpc.PrivateFileURL, privateURLOf(slot.GetUuid(), slot.GetFileHash()))
	r := answer.GetDownload().GetResult()
	if answer.GetCommand() != 1200 || answer.GetClientType() != 103 || r.GetServer() != "127.0.0.1" || r.GetPort() != 8080 || !strings.HasSuffix(r.GetUrl(), "?fname=a+b.txt") {
		t.Fatalf("address: got %v", answer)
	}
	web, got := h.fetch(http.MethodGet, "http://127.0.0.1:8080"+r.GetUrl()+"&isthumb=0")
	if web.StatusCode != http.StatusOK || got != content || web.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("got %s, %d bytes, %v", web.Status, len(got), web.Header)
	}
	ticket := r.GetExtra().GetTicket()
	address := "https://" + ticket.GetDownloadDns() + strings.ToUpper(linkPath(ticket.GetDownloadUrl()))
	address = strings.Replace(address, "/FTN_HANDLER/", "/ftn_handler/", 1) + "/?fname=x"
	web, got = h.fetch(http.MethodGet, address, "Range", "bytes=39990-", "If-Range", web.Header.Get("ETag"))
	if web.StatusCode != http.StatusPartialContent || got != content[39_990:] {
		t.Errorf("its end: got %s, %q", web.Status, got)
	}
	info := call(to, rpc.PrivateFileInfo, &mediapb.OfflineFileReq{
		Command: 800, Seq: proto.Int32(0), Info: &mediapb.OfflineInfoReq{FileUuid: slot.GetUuid(), FileHash: slot.GetFileHash()},
	}).GetInfo().GetMeta()
	if info.GetFileName() != "a b.txt" || info.GetSize() != 40_000 || info.GetUin() != uint32(bot) {
		t.Errorf("information: got %v", info)
	}
	if again := call(c, rpc.ReservePrivateFile, h.privateUpload(bob, "b", content)).GetUpload(); !again.GetFileExist() || again.GetUuid() == slot.GetUuid() {
		t.Errorf("bytes that are there: got %v", again)
	}
}

// TestPrivateFileSentOn: who received a file may send it on, and only who got it has it.
func TestPrivateFileSentOn(t *testing.T) {
	h := startMedia(t, Options{})
	b := h.store("a file")
	c, other := h.dial().login(bot), h.dial().login(bob)
	m, err := h.SendPrivateFile(alice, bot, "a.txt", b)
	if err != nil {
		t.Fatal(err)
	}
	said := m.Content()[0].(*message.FileSegment)
	uuid, hash := said.ID, said.Hash
	_, err = tryCall(other, rpc.PrivateFileURL, privateURLOf(uuid, hash))
	refusedWith(t, "somebody else", err, world.NotFound)
	_, err = tryCall(c, rpc.PrivateFileURL, privateURLOf(uuid, "x"))
	refusedWith(t, "another hash", err, world.NotFound)
	send := h.fileMessage(bob, uuid, hash, "a file")
	send.RoutingHead = &messagepb.SendRouting{C2C: &messagepb.SendC2C{PeerUid: proto.String(h.uidOf(bob))}} // as one client does
	call(c, rpc.SendMessage, send)
	call(other, rpc.PrivateFileURL, privateURLOf(uuid, ""))
	send.Body.MsgContent = []byte{0xFF}
	send.RoutingHead = &messagepb.SendRouting{Trans211: &messagepb.SendTrans211{ToUid: proto.String(h.uidOf(bob))}}
	if _, err := tryCall(c, rpc.SendMessage, send); err == nil {
		t.Error("a message about nothing was taken")
	}
	for name, size := range map[string]uint64{"": 6, "a": 0, strings.Repeat("x", 256): 6} {
		if _, err := h.SendPrivateFile(alice, bot, name, world.Blob{Size: size}); err == nil {
			t.Errorf("%q of %d bytes was sent", name, size)
		}
	}
}

func TestPrivateFileRefused(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	for name, tt := range map[string]struct {
		change func(*mediapb.OfflineUploadReq)
		want   world.Reason
	}{
		"empty":          {func(r *mediapb.OfflineUploadReq) { r.FileSize = 0 }, world.BadRequest},
		"no name":        {func(r *mediapb.OfflineUploadReq) { r.FileName = "" }, world.BadRequest},
		"a long name":    {func(r *mediapb.OfflineUploadReq) { r.FileName = strings.Repeat("x", 256) }, world.BadRequest},
		"no MD5":         {func(r *mediapb.OfflineUploadReq) { r.Md5 = nil }, world.BadRequest},
		"half a SHA-1":   {func(r *mediapb.OfflineUploadReq) { r.Sha1 = r.Sha1[:10] }, world.BadRequest},
		"of another one": {func(r *mediapb.OfflineUploadReq) { r.SenderUid = r.ReceiverUid }, world.NoPermission},
		"to nobody":      {func(r *mediapb.OfflineUploadReq) { r.ReceiverUid = "u_nobody" }, world.NotFound},
	} {
		req := h.privateUpload(alice, "a", "content")
		tt.change(req.Upload)
		_, err := tryCall(c, rpc.ReservePrivateFile, req)
		refusedWith(t, name, err, tt.want)
	}
	_, err := tryCall(c, rpc.PrivateFileURL, privateURLOf("unknown", ""))
	refusedWith(t, "an unknown file", err, world.NotFound)
}

// TestFileBlockRefused: the extra information of files is compared with what was reserved.
func TestFileBlockRefused(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	u, _ := h.privateFile(c, alice, "a", "a file of 20 letters")
	good := u.file
	for name, tt := range map[string]struct {
		change func(*mediapb.FileUploadEntry)
		want   string
	}{
		"key":      {func(e *mediapb.FileUploadEntry) { e.File.UploadKey = []byte("x") }, "4/0"},
		"id":       {func(e *mediapb.FileUploadEntry) { e.File.FileId = "x" }, "4/0"},
		"sender":   {func(e *mediapb.FileUploadEntry) { e.Busi.SenderUin++ }, "4/0"},
		"no file":  {func(e *mediapb.FileUploadEntry) { e.File = nil }, "4/0"},
		"size":     {func(e *mediapb.FileUploadEntry) { e.File.FileSize++ }, "3/0"},
		"MD5":      {func(e *mediapb.FileUploadEntry) { e.File.Md5 = nil }, "2/0"},
		"checkKey": {func(e *mediapb.FileUploadEntry) { e.File.CheckKey[0] ^= 1 }, "2/0"},
	} {
		ext := proto.CloneOf(good)
		tt.change(ext.Entry)
		u.file = ext
		if got := u.block(u.tcp, 0, 20); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
	u.file, u.command = good, 71
	if got := u.block(u.tcp, 0, 20); got != "4/0" {
		t.Errorf("as a group's file: got %s", got)
	}
	u.command = 95
	h.fault("upload-refused:count=1")
	if got := u.block(u.tcp, 0, 20); got != "210005/0" || u.has() {
		t.Errorf("refused: got %s, has %v", got, u.has())
	}
	if got := u.block(u.tcp, 0, 20); got != "0/0" || !u.has() {
		t.Errorf("at last: got %s, has %v", got, u.has())
	}
}

// TestMissingPrivateFile: the service says that it has a file, and refuses its message.
func TestMissingPrivateFile(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	h.fault("upload-missing:count=1")
	u, slot := h.privateFile(c, alice, "a", "never uploaded")
	if !slot.GetFileExist() || h.Faults().Struck(fault.UploadMissing) != 1 {
		t.Fatalf("got %v", slot)
	}
	if _, err := tryCall(c, rpc.SendMessage, h.fileMessage(alice, slot.GetUuid(), slot.GetFileHash(), "never uploaded")); err == nil || u.has() {
		t.Errorf("got %v, has %v", err, u.has())
	}
}

// TestFilesGoInTime: an address and a file have their times, and an upload that does not go
// on leaves nothing.
func TestFilesGoInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startMedia(t, Options{})
		c := h.dial().login(bot)
		u, slot := h.privateFile(c, alice, "a", "a file")
		if got := u.block(u.tcp, 0, 6); got != "0/0" {
			t.Fatalf("got %s", got)
		}
		half, _ := h.privateFile(c, alice, "b", "half a file")
		half.block(half.tcp, 0, 4)
		address := call(c, rpc.PrivateFileURL, privateURLOf(slot.GetUuid(), "")).GetDownload().GetResult().GetUrl()
		time.Sleep(linkLifetime) // of the bubble
		if n := h.incoming(); n != 0 {
			t.Errorf("%d uploads go on", n)
		}
		for path, want := range map[string]int{
			address: http.StatusForbidden, "/ftn_handler/00ff": http.StatusNotFound, "/ftn_handler/x/?fname=": http.StatusNotFound,
			"/ftn_handler/": http.StatusNotFound, "/ftn_handler/a/b": http.StatusNotFound,
			linkPath(h.media.signer.link([20]byte{1}, h.World().Now())): http.StatusNotFound,
		} {
			if web, _ := h.fetch(http.MethodGet, "http://127.0.0.1:1"+path); web.StatusCode != want {
				t.Errorf("%s: got %s, want %d", path, web.Status, want)
			}
		}
		c = c.again()
		c.register()
		fresh, err := url.Parse(call(c, rpc.PrivateFileURL, privateURLOf(slot.GetUuid(), "")).GetDownload().GetResult().GetUrl())
		if err != nil {
			t.Fatal(err)
		}
		if web, got := h.fetch(http.MethodGet, "http://127.0.0.1:1"+fresh.String()); web.StatusCode != http.StatusOK || got != "a file" {
			t.Errorf("a new address: got %s", web.Status)
		}
		h.files.private.world.SetClock(func() time.Time { return time.Now().Add(privateFileLife) })
		_, err = tryCall(c, rpc.PrivateFileURL, privateURLOf(slot.GetUuid(), ""))
		refusedWith(t, "after its time", err, world.NotFound)
	})
}
