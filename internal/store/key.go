package store

import (
	"hash/crc32"
	"hash/fnv"
	"strconv"

	"libration/internal/text"
	"libration/ntqq/message"
)

// ErrNoKey: the message has no sequence, or its chat no other side, so it can
// neither be stored nor be given an id.
var ErrNoKey = text.Errorf("message has no key", "消息没有键")

// maxProbes bounds the series of slots of one block, and that of ids of one key in an
// earlier version. Even with half of all slots in use, the chance to need more is below
// 1e-19.
const maxProbes = 64

// scene is a message.ChatKind as the database stores it. The numbers are part of
// the file format.
type scene int64

const (
	sceneGroup  scene = 1
	sceneFriend scene = 2
	sceneTemp   scene = 3
)

func sceneOf(k message.ChatKind) scene {
	switch k {
	case message.Group:
		return sceneGroup
	case message.Friend:
		return sceneFriend
	case message.Temp:
		return sceneTemp
	}
	return 0
}

func (s scene) kind() message.ChatKind {
	switch s {
	case sceneGroup:
		return message.Group
	case sceneFriend:
		return message.Friend
	case sceneTemp:
		return message.Temp
	}
	return 0
}

// key names one message of the account.
type key struct {
	scene scene
	peer  uint64 // group code or uin
	// uid stands in for a private chat's uin that nobody could tell; "" otherwise.
	uid      message.UID
	sequence uint64
}

func keyOf(c message.Chat, sequence uint64) (key, error) {
	k := key{scene: sceneOf(c.Kind), sequence: sequence}
	switch k.scene {
	case sceneGroup:
		k.peer = uint64(c.Group)
	case sceneFriend, sceneTemp:
		k.peer = uint64(c.Peer)
		if k.peer == 0 {
			k.uid = c.PeerUID
		}
	}
	if k.scene == 0 || k.sequence == 0 || k.peer == 0 && k.uid == "" {
		return key{}, text.Errorf("%s chat, group %d, peer %d, sequence %d: %v", "%s 会话，群 %d，对方 %d，序号 %d：%v", c.Kind, c.Group, c.Peer, sequence, ErrNoKey)
	}
	return k, nil
}

// appendText adds the text that is hashed, "group:12345:678". A uid cannot be
// taken for a number because of its "@", and the sequence stands last, so no two
// keys have one text.
func (k key) appendText(b []byte) []byte {
	b = append(b, k.scene.kind().String()...)
	b = append(b, ':')
	if k.peer == 0 {
		b = append(b, '@')
		b = append(b, k.uid...)
	} else {
		b = strconv.AppendUint(b, k.peer, 10)
	}
	b = append(b, ':')
	return strconv.AppendUint(b, k.sequence, 10)
}

// candidate returns the n-th id that an earlier version tried for the key; 0 means: use
// the next.
func (k key) candidate(n int, hash func([]byte) uint32) int32 {
	var buf [96]byte
	b := k.appendText(buf[:0])
	if n > 0 {
		b = append(b, '#')
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return int32(hash(b))
}

// fingerprint tells the key apart from others with the same id.
func (k key) fingerprint() int32 {
	var buf [96]byte
	h := fnv.New32a()
	h.Write(k.appendText(buf[:0]))
	return int32(h.Sum32())
}

func crc(b []byte) uint32 { return crc32.ChecksumIEEE(b) }
