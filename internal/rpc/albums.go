package rpc

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
)

func album[Resp proto.Message](name string, info OpInfo) *Op[*oidbpb.AlbumReq, Resp] {
	info.Name, info.Ref, info.NoVectors = "QunAlbum.trpc.qzone.webapp_qun_media.QunMedia."+name, "operations.md 3.7", "none is known of it"
	return plain[*oidbpb.AlbumReq, Resp](info, verdict{code: "ret_code", text: "ret_msg"})
}

// Operations on the albums of groups (docs/protocol/operations.md 3.7). What a request is
// about is another message in its body. Pictures come into albums by web pages.
var (
	AlbumList = album[*oidbpb.AlbumListResp]("GetAlbumList", OpInfo{Repeat: true})
	// AlbumMedia lists what is in an album, in pages.
	AlbumMedia  = album[*oidbpb.AlbumMediaListResp]("GetMediaList", OpInfo{Repeat: true})
	AddAlbum    = album[*oidbpb.AlbumAddResp]("AddAlbum", OpInfo{})
	DeleteAlbum = album[*oidbpb.AlbumDeleteResp]("DeleteAlbum", OpInfo{})
)
