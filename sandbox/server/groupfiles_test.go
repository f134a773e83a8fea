package server

import (
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// keepFile puts a file with this content into the group of everybody.
func (h *harness) keepFile(by message.UIN, name, content string, temporary bool) world.GroupFile {
	h.t.Helper()
	f, err := h.World().Files().Add(mall, by, world.NewFile{Name: name, Blob: h.store(content), Temporary: temporary})
	must(h.t, err)
	return f
}

func listOf(folder string, start, count uint32) *oidbpb.GroupFileViewReq {
	return &oidbpb.GroupFileViewReq{List: &oidbpb.GroupFileListReq{
		GroupCode: uint64(mall), AppId: 7, FolderId: folder, FileCount: count, SortBy: 1, StartIndex: proto.Uint32(start), SortOrder: 2,
	}}
}

func entries(list *oidbpb.GroupFileListResp) string {
	var names []string
	for _, item := range list.GetItems() {
		if item.GetType() == entryFolder {
			names = append(names, "["+item.GetFolder().GetFolderName()+"]")
		} else {
			names = append(names, item.GetFile().GetFileName())
		}
	}
	return strings.Join(names, " ")
}

// TestGroupFileOperations does each operation once, and looks at the world.
func TestGroupFileOperations(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	file := h.keepFile(bot, "a.txt", "content", false)
	code := uint64(mall)

	made := call(h.dial().login(bob), rpc.MakeGroupFolder, &oidbpb.GroupFolderReq{Create: &oidbpb.GroupFolderCreateReq{
		GroupCode: code, ParentFolderId: "/", FolderName: "docs",
	}}).GetCreate().GetFolder()
	if made.GetFolderName() != "docs" || made.GetParentFolderId() != "/" || made.GetCreatorUin() != uint64(bob) || made.GetCreateTime() == 0 {
		t.Fatalf("folder: got %v", made)
	}
	admin := h.dial().login(alice)
	renamed := call(admin, rpc.RenameGroupFolder, &oidbpb.GroupFolderReq{Rename: &oidbpb.GroupFolderRenameReq{
		GroupCode: code, FolderId: made.GetFolderId(), NewFolderName: "papers",
	}}).GetRename().GetFolder()
	if renamed.GetFolderName() != "papers" || renamed.GetFolderId() != made.GetFolderId() {
		t.Errorf("renamed folder: got %v", renamed)
	}
	call(c, rpc.RenameGroupFile, &oidbpb.GroupFileReq{Rename: &oidbpb.GroupFileRenameReq{
		GroupCode: code, BusId: 102, FileId: file.ID, ParentFolderId: "/", NewFileName: "b.txt",
	}})
	moved := call(c, rpc.MoveGroupFile, &oidbpb.GroupFileReq{Move: &oidbpb.GroupFileMoveReq{
		GroupCode: code, AppId: 7, BusId: 102, FileId: file.ID, ParentFolderId: "/", DestFolderId: made.GetFolderId(),
	}}).GetMove()
	if moved.GetParentFolderId() != made.GetFolderId() {
		t.Errorf("moved: got %v", moved)
	}
	root := call(c, rpc.GroupFiles, listOf("/", 0, 20)).GetList()
	if entries(root) != "[papers]" || !root.GetIsEnd() || root.GetItems()[0].GetFolder().GetTotalFileCount() != 1 {
		t.Errorf("root: got %v", root)
	}
	inside := call(c, rpc.GroupFiles, listOf(made.GetFolderId(), 0, 20)).GetList()
	got := inside.GetItems()[0].GetFile()
	if entries(inside) != "b.txt" || got.GetFileId() != file.ID || got.GetBusId() != 102 || got.GetFileSize() != 7 || got.GetUploadedSize() != 7 ||
		got.GetDeadTime() != 0 || got.GetUploaderUin() != uint64(bot) || got.GetUploaderName() == "" || got.GetParentFolderId() != made.GetFolderId() ||
		hex.EncodeToString(got.GetSha1()) != hex.EncodeToString(file.SHA1[:]) || len(got.GetMd5()) != 16 {
		t.Errorf("folder: got %v", inside)
	}
	one := func(id string) *oidbpb.GroupFileViewReq {
		return &oidbpb.GroupFileViewReq{Info: &oidbpb.GroupFileInfoReq{GroupCode: code, AppId: 7, BusId: 102, FileId: id}}
	}
	if info := call(c, rpc.GroupFileInfo, one(file.ID)).GetInfo(); info.GetFile().GetFileName() != "b.txt" || info.GetFile().GetFileSize() != 7 {
		t.Errorf("info: got %v", info)
	}
	if _, err := tryCall(c, rpc.GroupFileInfo, one("/none")); err == nil {
		t.Error("info of a file that is not there")
	}
	count := call(c, rpc.GroupFileCount, &oidbpb.GroupFileViewReq{Count: &oidbpb.GroupFileCountReq{GroupCode: code, AppId: 7, BusId: 6}}).GetCount()
	space := call(c, rpc.GroupFileSpace, &oidbpb.GroupFileViewReq{Space: &oidbpb.GroupFileSpaceReq{GroupCode: code, AppId: 7}}).GetSpace()
	if count.GetFileCount() != 1 || count.GetLimitCount() != 10000 || count.GetIsFull() || space.GetUsedSpace() != 7 || space.GetTotalSpace() != 10<<30 {
		t.Errorf("got %v, %v", count, space)
	}
	call(admin, rpc.DeleteGroupFolder, &oidbpb.GroupFolderReq{Delete: &oidbpb.GroupFolderDeleteReq{GroupCode: code, FolderId: made.GetFolderId()}})
	temporary := h.keepFile(alice, "t.txt", "temporary", true)
	if list := call(c, rpc.GroupFiles, listOf("/", 0, 20)).GetList(); list.GetItems()[0].GetFile().GetBusId() != 104 ||
		int64(list.GetItems()[0].GetFile().GetDeadTime()) != temporary.Expires {
		t.Errorf("temporary: got %v", list)
	}
	kept := call(admin, rpc.KeepGroupFile, &oidbpb.GroupFileTransReq{Keep: &oidbpb.GroupFileKeepReq{GroupCode: code, AppId: 7, BusId: 102, FileId: temporary.ID}}).GetKeep()
	if kept.GetSaveBusId() != 102 || kept.GetSaveFilePath() != temporary.ID {
		t.Errorf("kept: got %v", kept)
	}
	call(admin, rpc.DeleteGroupFile, &oidbpb.GroupFileReq{Delete: &oidbpb.GroupFileDeleteReq{GroupCode: code, BusId: 102, FileId: temporary.ID}})
	if list := call(c, rpc.GroupFiles, listOf("", 0, 0)).GetList(); entries(list) != "" || !list.GetIsEnd() {
		t.Errorf("at the end: got %v", list)
	}
}

func TestGroupFilePages(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	for range 45 {
		h.keepFile(bot, "x", "x", false)
	}
	sizes := []int{}
	for start := uint32(0); ; start += 20 {
		list := call(c, rpc.GroupFiles, listOf("/", start, 20)).GetList()
		sizes = append(sizes, len(list.GetItems()))
		if list.GetAllFileCount() != 45 || list.GetNextIndex() != min(start+20, 45) {
			t.Errorf("from %d: got %v", start, list)
		}
		if list.GetIsEnd() || start > 100 {
			break
		}
	}
	if len(sizes) != 3 || sizes[0] != 20 || sizes[2] != 5 {
		t.Errorf("got pages %v", sizes)
	}
	if list := call(c, rpc.GroupFiles, listOf("/", 4_000_000_000, 4_000_000_000)).GetList(); len(list.GetItems()) != 0 || !list.GetIsEnd() {
		t.Errorf("far behind the end: got %v", list)
	}
}

// TestGroupFileRefusals: the code stands in the answer, with a text for people beside the
// technical one.
func TestGroupFileRefusals(t *testing.T) {
	h := startMedia(t, Options{Wording: func(err error) string { return "words: " + err.Error() }})
	c := h.dial().login(carol)
	f := h.keepFile(alice, "a.txt", "content", false)
	resp, err := tryCall(c, rpc.DeleteGroupFile, &oidbpb.GroupFileReq{Delete: &oidbpb.GroupFileDeleteReq{GroupCode: uint64(mall), BusId: 102, FileId: f.ID}})
	want := `20003 may not change the file "a.txt": its uploader, the owner and admins may`
	if d := resp.GetDelete(); d.GetRetCode() != int64(world.NoPermission) || d.GetRetMsg() != want || d.GetClientWording() != "words: "+want {
		t.Errorf("got %v, %v", resp, err)
	}
	trans := func(c *client, req *oidbpb.GroupFileTransReq, op *rpc.Op[*oidbpb.GroupFileTransReq, *oidbpb.GroupFileTransResp]) error {
		return second(tryCall(c, op, req))
	}
	feed := func(ids ...string) *oidbpb.GroupFileTransReq {
		req := &oidbpb.GroupFileTransReq{Feed: &oidbpb.GroupFileFeedReq{GroupCode: uint64(mall), AppId: 2}}
		for _, id := range ids {
			req.Feed.Feeds = append(req.Feed.Feeds, &oidbpb.GroupFileFeed{BusId: 102, FileId: id, MsgRandom: 5, FeedFlag: 1})
		}
		return req
	}
	copyTo := func(bus uint32, to uint64) *oidbpb.GroupFileTransReq {
		return &oidbpb.GroupFileTransReq{CopyTo: &oidbpb.GroupFileCopyToReq{
			GroupCode: uint64(mall), AppId: 1, SrcBusId: 102, SrcFileId: f.ID, DstBusId: bus, DstUin: to,
		}}
	}
	refusedWith(t, "show another's file", trans(c, feed(f.ID), rpc.PublishGroupFile), world.NoPermission)
	refusedWith(t, "show what has not come", trans(c, feed("/none"), rpc.PublishGroupFile), world.NotFound)
	refusedWith(t, "show nothing", trans(c, feed(), rpc.PublishGroupFile), world.BadRequest)
	refusedWith(t, "copy to a group of others", trans(c, copyTo(102, uint64(small)), rpc.CopyGroupFile), world.NotMember)
	refusedWith(t, "copy to nowhere", trans(c, copyTo(5, uint64(small)), rpc.CopyGroupFile), world.BadRequest)
	if err := trans(c, copyTo(3, 99), rpc.CopyGroupFile); err == nil {
		t.Error("copied to nobody")
	}
	must(t, h.World().Groups().LimitRate(small, 1))
	h.speak(small, alice)
	if err := trans(h.dial().login(alice), copyTo(102, uint64(small)), rpc.CopyGroupFile); err == nil {
		t.Error("copied to a group that takes no message now")
	}
	if left, err := h.World().Files().List(small, 0, "/", 0, 9); err != nil || left.Total != 0 {
		t.Errorf("a copy that nobody was shown: %+v, %v", left, err)
	}
	must(t, h.World().Files().SetLimits(mall, world.FileLimits{Space: 7}))
	temporary := h.keepFile(carol, "t", "t", true)
	err = trans(c, &oidbpb.GroupFileTransReq{Keep: &oidbpb.GroupFileKeepReq{GroupCode: uint64(mall), FileId: temporary.ID}}, rpc.KeepGroupFile)
	if refused, ok := errors.AsType[*rpc.Refused](err); !ok || refused.Code != codeFullSpace {
		t.Errorf("no room: got %v", err)
	}
	for name, err := range map[string]error{
		"list":         second(tryCall(c, rpc.GroupFiles, listOf("/none", 0, 20))),
		"address":      second(tryCall(c, rpc.GroupFileURL, groupDownload("/none"))),
		"rename":       second(tryCall(c, rpc.RenameGroupFile, &oidbpb.GroupFileReq{Rename: &oidbpb.GroupFileRenameReq{GroupCode: uint64(mall), FileId: "/none", NewFileName: "x"}})),
		"move":         second(tryCall(c, rpc.MoveGroupFile, &oidbpb.GroupFileReq{Move: &oidbpb.GroupFileMoveReq{GroupCode: uint64(mall), FileId: "/none", DestFolderId: "/"}})),
		"no such part": second(tryCall(c, rpc.GroupFileSpace, &oidbpb.GroupFileViewReq{})),
	} {
		refusedWith(t, name, err, world.NotFound)
	}
	folder := func(req *oidbpb.GroupFolderReq, op *rpc.Op[*oidbpb.GroupFolderReq, *oidbpb.GroupFolderResp]) error {
		return second(tryCall(c, op, req))
	}
	code := uint64(mall)
	refusedWith(t, "make", folder(&oidbpb.GroupFolderReq{Create: &oidbpb.GroupFolderCreateReq{GroupCode: code, FolderName: "x"}}, rpc.MakeGroupFolder), world.NoPermission)
	refusedWith(t, "rename", folder(&oidbpb.GroupFolderReq{Rename: &oidbpb.GroupFolderRenameReq{GroupCode: code, NewFolderName: "x"}}, rpc.RenameGroupFolder), world.NoPermission)
	refusedWith(t, "delete", folder(&oidbpb.GroupFolderReq{Delete: &oidbpb.GroupFolderDeleteReq{GroupCode: code}}, rpc.DeleteGroupFolder), world.NoPermission)
}

// speak lets somebody write into a group.
func (h *harness) speak(code message.GroupCode, by message.UIN) {
	h.t.Helper()
	_, err := h.World().Messages().Send(world.Send{From: by, Group: code, Parts: world.Text("x")}, nil)
	must(h.t, err)
}

func groupDownload(id string) *oidbpb.GroupFileReq {
	return &oidbpb.GroupFileReq{Download: &oidbpb.GroupFileDownloadReq{GroupCode: uint64(mall), AppId: 7, BusId: 102, FileId: id}}
}

func TestGroupFileAddress(t *testing.T) {
	h := startMedia(t, Options{})
	f := h.keepFile(alice, "a b.txt", "content", false)
	d := call(h.dial().login(bot), rpc.GroupFileURL, groupDownload(f.ID)).GetDownload()
	if d.GetDownloadDns() != "127.0.0.1:8080" || d.GetDownloadIp() != "127.0.0.1" || d.GetPreviewPort() == 0 || d.GetPreviewPortHttps() != 0 || d.GetSaveFileName() != "a b.txt" {
		t.Errorf("got %v", d)
	}
	web, got := h.fetch(http.MethodGet, "http://"+d.GetDownloadDns()+"/ftn_handler/"+strings.ToUpper(hex.EncodeToString(d.GetDownloadUrl()))+"/?fname=")
	if web.StatusCode != http.StatusOK || got != "content" {
		t.Errorf("got %s, %q", web.Status, got)
	}
	if now, _ := h.World().Files().Find(mall, 0, f.ID); now.Downloads != 1 {
		t.Errorf("counted %d downloads", now.Downloads)
	}
}

// pushedMessage is the message in a push.
func pushedMessage(t *testing.T, c *client) *messagepb.CommonMessage {
	t.Helper()
	for {
		p := c.push()
		if p.Command != rpc.PushMessage {
			continue // of the registration
		}
		push := &messagepb.MsgPush{}
		must(t, pb.Unmarshal(p.Body, push))
		return push.GetMessage()
	}
}

// TestGroupFileIsShown: publishing pushes the file to everybody, once for one random
// number. Copies are shown where they go.
func TestGroupFileIsShown(t *testing.T) {
	h := startMedia(t, Options{})
	c, other := h.dial().login(bot).register(), h.dial().login(carol).register()
	f := h.keepFile(bot, "a.txt", "content", false)
	req := &oidbpb.GroupFileTransReq{Feed: &oidbpb.GroupFileFeedReq{GroupCode: uint64(mall), AppId: 2, Feeds: []*oidbpb.GroupFileFeed{
		{BusId: 102, FileId: f.ID, MsgRandom: 99, FeedFlag: 1},
	}}}
	first := call(c, rpc.PublishGroupFile, req).GetFeed()
	if first.RetCode == nil || first.GetRetCode() != 0 || len(first.GetResults()) != 1 || first.GetResults()[0].GetFileId() != f.ID ||
		first.GetResults()[0].GetBusId() != 102 || first.GetResults()[0].GetMsgSeq() == 0 {
		t.Errorf("got %v", first)
	}
	if again := call(c, rpc.PublishGroupFile, req).GetFeed(); !proto.Equal(again, first) {
		t.Errorf("again: got %v", again)
	}
	req.Feed.Feeds = append(req.Feed.Feeds, &oidbpb.GroupFileFeed{BusId: 102, FileId: "/none", MsgRandom: 1})
	if several := call(c, rpc.PublishGroupFile, req).GetFeed(); several.GetRetCode() != 0 || several.GetResults()[0].GetRetCode() != 0 ||
		several.GetResults()[1].GetRetCode() != int32(world.NotFound) || several.GetResults()[1].GetDetail() == "" {
		t.Errorf("of two: got %v", several)
	}
	for name, to := range map[string]*client{"the sender": c, "another member": other} {
		m, err := elements.ParseCommon(pushedMessage(t, to), 0)
		must(t, err)
		shown, ok := m.Content[0].(*message.FileSegment)
		if !ok || shown.ID != f.ID || shown.FileName != "a.txt" || shown.BusID != 102 || shown.Size != 7 || m.Random != 99 || m.Sender.UIN != bot {
			t.Errorf("%s: got %+v", name, m)
		}
	}

	to := func(bus uint32, uin uint64) *oidbpb.GroupFileCopyToResp {
		return call(c, rpc.CopyGroupFile, &oidbpb.GroupFileTransReq{CopyTo: &oidbpb.GroupFileCopyToReq{
			GroupCode: uint64(mall), AppId: 1, SrcBusId: 102, SrcFileId: f.ID, DstBusId: bus, DstUin: uin,
		}}).GetCopyTo()
	}
	copied := to(102, uint64(small))
	if page, err := h.World().Files().List(small, bot, "/", 0, 9); err != nil || len(page.Files) != 1 || page.Files[0].ID != copied.GetSaveFilePath() || page.Files[0].Blob != f.Blob {
		t.Errorf("got %v, %+v, %v", copied, page, err)
	}
	if shown := h.World().History().OfGroup(small, 1, 9); len(shown) != 1 || shown[0].Content()[0].(*message.FileSegment).ID != copied.GetSaveFilePath() {
		t.Errorf("shown: got %+v", shown)
	}
	private := to(3, uint64(carol))
	m, err := elements.ParseCommon(pushedMessage(t, other), 0)
	must(t, err)
	if shown, ok := m.Content[0].(*message.FileSegment); !ok || shown.ID != private.GetSaveFilePath() || shown.FileName != "a.txt" || shown.Hash == "" || m.Chat.Peer != bot {
		t.Errorf("to a friend: got %+v, %v", m, private)
	}
}
