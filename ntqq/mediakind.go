package ntqq

import (
	"slices"

	"libration/internal/rpc"
	"libration/ntqq/message"
)

// mediaKind is what requests to the service say of a kind of media
// (docs/protocol/media.md 1 and 2).
type mediaKind struct {
	name     string        // that of its segments
	request  scene[uint32] // request id of reservations
	business uint32
	fileType uint32 // type of the main file
	// urlType and urlRequest are the request type and id of a question for an address.
	urlType     uint32
	urlRequest  scene[uint32]
	reserve     scene[*rpc.MediaOp]
	url         scene[*rpc.MediaOp]
	command     scene[uint32] // of the highway
	cover       scene[uint32] // the command of a video's thumbnail
	app         scene[uint64] // in file uuids
	compatScene scene[uint32]
}

// scene has what differs between private chats and groups.
type scene[T any] struct{ private, group T }

func (s scene[T]) in(group bool) T {
	if group {
		return s.group
	}
	return s.private
}

var (
	imageKind = &mediaKind{
		name: "image", request: scene[uint32]{1, 1}, business: 1, fileType: 1, urlType: 2, urlRequest: scene[uint32]{1, 1},
		reserve: scene[*rpc.MediaOp]{rpc.UploadPrivateImage, rpc.UploadGroupImage},
		url:     scene[*rpc.MediaOp]{rpc.PrivateImageURL, rpc.GroupImageURL},
		command: scene[uint32]{1003, 1004}, app: scene[uint64]{1406, 1407}, compatScene: scene[uint32]{1, 2},
	}
	recordKind = &mediaKind{
		name: "record", request: scene[uint32]{4, 1}, business: 3, fileType: 3, urlType: 1, urlRequest: scene[uint32]{1, 4},
		reserve: scene[*rpc.MediaOp]{rpc.UploadPrivateRecord, rpc.UploadGroupRecord},
		url:     scene[*rpc.MediaOp]{rpc.PrivateRecordURL, rpc.GroupRecordURL},
		command: scene[uint32]{1007, 1008}, app: scene[uint64]{1402, 1403}, compatScene: scene[uint32]{1, 2},
	}
	videoKind = &mediaKind{
		name: "video", request: scene[uint32]{3, 3}, business: 2, fileType: 2, urlType: 2, urlRequest: scene[uint32]{1, 1},
		reserve: scene[*rpc.MediaOp]{rpc.UploadPrivateVideo, rpc.UploadGroupVideo},
		url:     scene[*rpc.MediaOp]{rpc.PrivateVideoURL, rpc.GroupVideoURL},
		command: scene[uint32]{1001, 1005}, cover: scene[uint32]{1002, 1006},
		app: scene[uint64]{1413, 1415}, compatScene: scene[uint32]{2, 2},
	}
)

// mediumOf returns the kind of a segment and what it has in common with others; nil: it is
// no medium.
func mediumOf(seg message.Segment) (*mediaKind, *message.Medium) {
	m := message.MediumOf(seg)
	if m == nil {
		return nil, nil
	}
	kinds := []*mediaKind{imageKind, recordKind, videoKind}
	return kinds[slices.IndexFunc(kinds, func(k *mediaKind) bool { return k.name == seg.Name() })], m
}
