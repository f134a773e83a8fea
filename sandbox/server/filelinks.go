package server

import (
	"crypto/hmac"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"libration/sandbox/world"
)

// linkLifetime is how long the address of a file is good: our choice.
const linkLifetime = time.Hour

// linkSize is how many bytes a link has.
const linkSize = 20 + 4 + macSize

// link makes what the address of a file has in its path, in hex: which bytes, until when
// (docs/protocol/media.md 4.4).
func (s mediaSigner) link(sha1 [20]byte, now time.Time) []byte {
	b := binary.BigEndian.AppendUint32(sha1[:], uint32(now.Add(linkLifetime).Unix()))
	return append(b, s.mac("link", b)...)
}

// linked reads a link. The refusals are NotFound, and NoPermission when its time is over.
func (s mediaSigner) linked(text string, now time.Time) (sha1 [20]byte, err error) {
	var b [linkSize]byte
	if !fromHex(b[:], text) || !hmac.Equal(b[24:], s.mac("link", b[:24])) {
		return sha1, world.Refuse(world.NotFound, "no such file")
	}
	if until := time.Unix(int64(binary.BigEndian.Uint32(b[20:])), 0); !now.Before(until) {
		return sha1, world.Refuse(world.NoPermission, "the address of the file was good for %v", linkLifetime)
	}
	return [20]byte(b[:]), nil
}

// linkPath is where a file is downloaded. Its query is to end with the file's name.
func linkPath(link []byte) string { return "/ftn_handler/" + hex.EncodeToString(link) }

// linkedFile serves a file of a group or of a private chat. What its name is, the client
// says in the query: it is not looked at.
func (s *Server) linkedFile(w http.ResponseWriter, r *http.Request) {
	sha1, err := s.media.signer.linked(r.PathValue("link"), s.world.Now())
	if err != nil {
		status := http.StatusNotFound
		if refused, ok := errors.AsType[*world.Refusal](err); ok && refused.Reason == world.NoPermission {
			status = http.StatusForbidden
		}
		http.Error(w, err.Error(), status)
		return
	}
	s.serveMedium(w, r, sha1)
}
