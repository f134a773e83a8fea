package server

import (
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
	// mediaAvatar is the picture of a group, for which nothing is reserved.
	mediaAvatar = &mediaKind{name: "group avatar", limit: 30 << 20}
	mediaKinds  = []*mediaKind{mediaImage, mediaRecord, mediaVideo, mediaCover}
)

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
