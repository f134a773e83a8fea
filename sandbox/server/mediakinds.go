package server

import (
	"errors"
	"time"
)

// mediaKind is what the service knows of one kind of medium.
type mediaKind struct {
	name     string
	business uint32 // scene field 102
	fileType uint32 // of FileType
	// private and group are the app ids of its file uuids.
	private, group uint64
	limit          uint64        // in bytes
	ttl            time.Duration // how long its uuid is good
	cover          *mediaKind    // of a video
}

// The kinds of media (docs/protocol/media.md 2.1, 2.2, 2.4). The limits are those of one
// client; how long something is kept is our choice.
var (
	mediaImage = &mediaKind{
		name: "image", business: 1, fileType: 1, private: 1406, group: 1407, limit: 30 << 20, ttl: 31 * 24 * time.Hour,
	}
	mediaRecord = &mediaKind{
		name: "record", business: 3, fileType: 3, private: 1402, group: 1403, limit: 30 << 20, ttl: 7 * 24 * time.Hour,
	}
	mediaCover = &mediaKind{
		name: "cover", fileType: 1, private: 1414, group: 1416, limit: 1 << 20, ttl: 7 * 24 * time.Hour,
	}
	mediaVideo = &mediaKind{
		name: "video", business: 2, fileType: 2, private: 1413, group: 1415, limit: 100 << 20, ttl: 7 * 24 * time.Hour,
		cover: mediaCover,
	}
	// The pictures of accounts and groups, for which nothing is reserved.
	mediaOwnAvatar   = &mediaKind{name: "own avatar", limit: 30 << 20}
	mediaGroupAvatar = &mediaKind{name: "group avatar", limit: 30 << 20}
	// A face has a ticket of its own, and its bytes are named by their MD5, too.
	mediaFace = &mediaKind{name: "face", limit: 30 << 20}
	// Files have ids of their own. That of a group may have 4 GiB, of a private chat what
	// its size can say.
	mediaGroupFile   = &mediaKind{name: "file", limit: 4 << 30}
	mediaPrivateFile = &mediaKind{name: "file", limit: 4<<30 - 1}
	mediaKinds       = []*mediaKind{mediaImage, mediaRecord, mediaVideo, mediaCover}
)

// avatar tells whether it is the picture of an account or a group.
func (k *mediaKind) avatar() bool { return k == mediaOwnAvatar || k == mediaGroupAvatar }

// byMD5 tells whether nothing but the MD5 of its bytes is announced.
func (k *mediaKind) byMD5() bool { return k.avatar() || k == mediaFace }

// refused is how an upload is refused at its last block, when a fault is switched on.
func (k *mediaKind) refused() error {
	refused := &blockError{code: codeRefused, ret: retRefused, err: errors.New("a fault was switched on")}
	switch k {
	case mediaGroupFile:
		refused.code, refused.ret = codeRefusedGroup, 0
	case mediaPrivateFile:
		refused.code, refused.ret = codeRefusedPrivate, 0
	}
	return refused
}

// app returns the app id of a file uuid.
func (k *mediaKind) app(group bool) uint64 {
	if group {
		return k.group
	}
	return k.private
}

// mediaOfApp finds the kind of a file by the app id of its uuid.
func mediaOfApp(app uint64) (kind *mediaKind, group bool) {
	for _, k := range mediaKinds {
		switch app {
		case k.private:
			return k, false
		case k.group:
			return k, true
		}
	}
	return nil, false
}

// mediaOfBusiness finds the kind of what is uploaded.
func mediaOfBusiness(business uint32) *mediaKind {
	for _, k := range mediaKinds {
		if k.business == business && business != 0 {
			return k
		}
	}
	return nil
}
