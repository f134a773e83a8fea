package rpc

import (
	"libration/internal/pb/mediapb"
	"libration/internal/pb/oidbpb"
)

// inPart is the verdict of an answer about a group's files: the result stands in the part
// of the operation, with a text for people and a technical one.
func inPart(part string) verdict {
	return verdict{code: part + ".ret_code", text: part + ".client_wording", detail: part + ".ret_msg", inside: true}
}

func groupFile(part string, info OpInfo) *Op[*oidbpb.GroupFileReq, *oidbpb.GroupFileResp] {
	info.Cmd, info.ByUIN = 0x6d6, true
	return oidb[*oidbpb.GroupFileReq, *oidbpb.GroupFileResp](info, inPart(part))
}

func groupFolder(part string, info OpInfo) *Op[*oidbpb.GroupFolderReq, *oidbpb.GroupFolderResp] {
	info.Cmd, info.ByUIN = 0x6d7, true
	return oidb[*oidbpb.GroupFolderReq, *oidbpb.GroupFolderResp](info, inPart(part))
}

func groupFileView(part string, info OpInfo) *Op[*oidbpb.GroupFileViewReq, *oidbpb.GroupFileViewResp] {
	info.Cmd, info.ByUIN, info.Repeat = 0x6d8, true, true
	return oidb[*oidbpb.GroupFileViewReq, *oidbpb.GroupFileViewResp](info, inPart(part))
}

func groupFileTrans(part string, info OpInfo) *Op[*oidbpb.GroupFileTransReq, *oidbpb.GroupFileTransResp] {
	info.Cmd, info.ByUIN = 0x6d9, true
	return oidb[*oidbpb.GroupFileTransReq, *oidbpb.GroupFileTransResp](info, inPart(part))
}

// Operations on the files of a group (docs/protocol/operations.md 3.6). Their refusals
// stand in the answer, also those of the sandbox. What changes something is not repeated:
// a file that was moved or deleted by the first request is not found by a second one.
var (
	// ReserveGroupFile asks for a place for a file.
	ReserveGroupFile = groupFile("upload", OpInfo{Sub: 0, Ref: "media.md 4.1"})
	// GroupFileURL asks for an address of a file.
	GroupFileURL    = groupFile("download", OpInfo{Sub: 2, Signed: SignedByNewer, Repeat: true, Ref: "media.md 4.4"})
	DeleteGroupFile = groupFile("delete", OpInfo{Sub: 3, Signed: SignedByNewer, Ref: "operations.md 3.6"})
	RenameGroupFile = groupFile("rename", OpInfo{Sub: 4, Ref: "operations.md 3.6"})
	MoveGroupFile   = groupFile("move", OpInfo{Sub: 5, Ref: "operations.md 3.6"})

	MakeGroupFolder   = groupFolder("create", OpInfo{Sub: 0, Ref: "operations.md 3.6"})
	DeleteGroupFolder = groupFolder("delete", OpInfo{Sub: 1, Ref: "operations.md 3.6"})
	RenameGroupFolder = groupFolder("rename", OpInfo{Sub: 2, Ref: "operations.md 3.6", NoVectors: "none is known of it"})

	// GroupFiles asks for a page of a folder.
	GroupFiles = groupFileView("list", OpInfo{Sub: 1, Signed: SignedByNewer, Ref: "operations.md 3.6"})
	// GroupFileInfo asks about one file.
	GroupFileInfo = groupFileView("info", OpInfo{
		Sub: 0, Ref: "operations.md 3.6", NoVectors: "none is known of it", Uncalled: "only clients of the older generation are known to ask for one file",
	})
	// GroupFileCount asks how many files there are, and how many there may be.
	GroupFileCount = groupFileView("count", OpInfo{Sub: 2, Ref: "operations.md 3.6"})
	// GroupFileSpace asks how many bytes are used, and how many there are.
	GroupFileSpace = groupFileView("space", OpInfo{Sub: 3, Ref: "operations.md 3.6"})

	// KeepGroupFile makes a temporary file permanent.
	KeepGroupFile = groupFileTrans("keep", OpInfo{Sub: 0, Ref: "operations.md 3.6", NoVectors: "none is known of it"})
	// CopyGroupFile forwards a file to another chat.
	CopyGroupFile = groupFileTrans("copy_to", OpInfo{Sub: 2, Signed: SignedByNewer, Ref: "operations.md 3.6", NoVectors: "none is known of it"})
	// PublishGroupFile shows a file in the chat of its group.
	PublishGroupFile = groupFileTrans("feed", OpInfo{Sub: 4, Signed: SignedByMost, Ref: "media.md 4.1"})
)

func privateFile(info OpInfo, v verdict) *Op[*mediapb.OfflineFileReq, *mediapb.OfflineFileResp] {
	info.Cmd, info.Signed = 0xe37, SignedByNewer
	return oidb[*mediapb.OfflineFileReq, *mediapb.OfflineFileResp](info, v)
}

// Operations on files of private chats (docs/protocol/media.md 4.2, 4.4). The sandbox
// refuses them in the OIDB envelope.
var (
	// ReservePrivateFile asks for a place for a file.
	ReservePrivateFile = privateFile(OpInfo{Sub: 1700, Ref: "media.md 4.2"}, verdict{code: "upload.ret_code", text: "upload.ret_msg"})
	// PrivateFileURL asks for an address of a file.
	PrivateFileURL = privateFile(OpInfo{Sub: 1200, Repeat: true, Ref: "media.md 4.4"}, verdict{code: "download.ret_code", text: "download.state"})
	// PrivateFileInfo asks what a file is.
	PrivateFileInfo = privateFile(OpInfo{
		Sub: 800, Repeat: true, Ref: "media.md 4.2", Uncalled: "one other client asks for it before it sends the message", NoVectors: "none is known of it",
	}, verdict{code: "info.ret_code"})
)
