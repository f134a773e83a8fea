package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/sandbox/world"
)

// mediaSigner makes the file uuids and download keys of the service, and knows its own
// again: nothing is kept of them. Both are signed, so that nobody can guess one.
type mediaSigner struct{ key []byte }

const (
	macSize     = 16
	mediaEnv    = "prod"
	maxUUID     = 256 // bytes of a uuid's text
	keyLifetime = time.Hour
	keyPrefix   = "&rkey="
)

// newMediaSigner draws a key: nothing that was signed outlives the server.
func newMediaSigner() mediaSigner {
	key := newKey()
	return mediaSigner{key[:]}
}

func (s mediaSigner) mac(label string, b []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(label))
	h.Write(b)
	return h.Sum(nil)[:macSize]
}

// mediaFile is what a file uuid says (docs/protocol/media.md 2.4).
type mediaFile struct {
	uuid  string
	kind  *mediaKind
	group bool
	sha1  [20]byte
	size  uint64
	since time.Time
}

// uuid names a file. The same bytes get another one each time.
func (s mediaSigner) uuid(kind *mediaKind, group bool, b world.Blob, now time.Time) string {
	body := &mediapb.FileUuidBody{
		Sha1: b.SHA1[:], Size: b.Size, AppId: kind.app(group), Time: uint64(now.UnixMicro()), Env: []byte(mediaEnv),
		Ttl: uint32(kind.ttl / time.Second),
	}
	body.Field11 = s.mac("uuid", encode(body))
	return base64.RawURLEncoding.EncodeToString(encode(body))
}

// file reads a uuid of this service. The refusal is NotFound, also when its time is over.
func (s mediaSigner) file(uuid string, now time.Time) (*mediaFile, error) {
	unknown := world.Refuse(world.NotFound, "no such file")
	if len(uuid) > maxUUID {
		return nil, unknown
	}
	raw, err := base64.RawURLEncoding.DecodeString(uuid)
	body := &mediapb.FileUuidBody{}
	if err != nil || pb.Unmarshal(raw, body) != nil {
		return nil, unknown
	}
	mac := body.Field11
	body.Field11 = nil
	kind, group := mediaOfApp(body.AppId)
	if !hmac.Equal(mac, s.mac("uuid", encode(body))) || kind == nil || len(body.Sha1) != 20 {
		return nil, unknown
	}
	f := &mediaFile{
		uuid: uuid, kind: kind, group: group, sha1: [20]byte(body.Sha1), size: body.Size,
		since: time.UnixMicro(int64(body.Time)),
	}
	if now.After(f.since.Add(kind.ttl)) {
		return nil, world.Refuse(world.NotFound, "the file is gone: it was kept for %v", kind.ttl)
	}
	return f, nil
}

// path is where the file is downloaded, without its key.
func (f *mediaFile) path() string { return mediaPath(f.kind.app(f.group), f.uuid) }

// keyFor makes a download key, which opens the files of one app id for an hour
// (docs/protocol/media.md 5.2).
func (s mediaSigner) keyFor(app uint64, now time.Time) string {
	b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(app)), uint32(now.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(b, s.mac("rkey", b)...))
}

// opens reports whether a key is good for a file now.
func (s mediaSigner) opens(key string, f *mediaFile, now time.Time) bool {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(key, keyPrefix))
	if err != nil || len(b) != 8+macSize || !hmac.Equal(b[8:], s.mac("rkey", b[:8])) {
		return false
	}
	since := time.Unix(int64(binary.BigEndian.Uint32(b[4:])), 0)
	return uint64(binary.BigEndian.Uint32(b)) == f.kind.app(f.group) && now.Before(since.Add(keyLifetime))
}

// mediaPath is where a file is downloaded, without its key.
func mediaPath(app uint64, uuid string) string {
	return "/download?appid=" + strconv.FormatUint(app, 10) + "&fileid=" + uuid
}
