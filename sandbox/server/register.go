package server

import (
	"slices"

	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// revoke ends a session; mu is held.
func (r *registry) revoke(sess *session) {
	sess.revoked = true
	r.unregister(sess)
}

// unregister stops the pushes of a session; mu is held.
func (r *registry) unregister(sess *session) {
	sess.conn = nil
	left := slices.DeleteFunc(r.online[sess.uin], func(o *session) bool { return o == sess })
	if len(left) == 0 {
		delete(r.online, sess.uin)
		return
	}
	r.online[sess.uin] = left
	r.tellDevices(sess.uin)
}

// register makes the connection of rq the one that gets the pushes of its
// session. Another session of the same class is kicked (docs/protocol/login.md 9);
// one on the same connection has just been replaced and goes silently. ack sends
// the answer: no push can overtake it, and none is lost after it.
func (r *registry) register(rq *request, name string, ack func()) {
	sess := rq.session
	var kicked []*session
	r.mu.Lock()
	for _, other := range slices.Clone(r.online[sess.uin]) {
		if other == sess || other.class != sess.class {
			continue
		}
		if other.conn != rq.conn {
			other.conn.push(other, rpc.PushKick, kickNotice(sess.uin, kickReplaced, "下线通知",
				"你的账号在另一台设备登录。Your account logged in on another device."))
			kicked = append(kicked, other)
		}
		r.revoke(other)
	}
	if name != "" {
		sess.device = name
	}
	device, again := sess.device, sess.conn != nil
	sess.conn = rq.conn
	if !again {
		r.online[sess.uin] = append(r.online[sess.uin], sess)
	}
	ack()
	if !again {
		r.tellDevices(sess.uin)
	}
	r.mu.Unlock()

	for _, other := range kicked {
		r.noteOffline(other, "another device logged in")
	}
	if !again {
		r.world.Users().CameOnline(sess.uin)
		r.log.Info("client online", "uin", sess.uin, "device", device, "remote", rq.conn.remote)
		r.world.Note(world.Activity{Kind: world.ActivityOnline, User: sess.uin, Text: device})
	}
}

// Codes of a kick (docs/protocol/events.md 8.1).
const (
	kickReplaced = 1001
	kickByServer = 2001
)

func kickNotice(uin message.UIN, code int32, title, tips string) []byte {
	b, err := pb.Marshal(&pushpb.KickNotice{Uin: uint64(uin), Tips: tips, Title: title, Code: code})
	if err != nil { // it has no text fields that could be bad
		panic(err)
	}
	return b
}

// Kick ends all sessions of an account that are online, and returns how many there were.
// Each gets a KickNT push with title and tips; its D2 ticket is no longer honoured.
func (r *registry) Kick(uin message.UIN, title, tips string) int {
	r.mu.Lock()
	kicked := slices.Clone(r.online[uin])
	for _, sess := range kicked {
		sess.conn.push(sess, rpc.PushKick, kickNotice(uin, kickByServer, title, tips))
		r.revoke(sess)
	}
	r.mu.Unlock()
	for _, sess := range kicked {
		r.noteOffline(sess, "kicked")
	}
	return len(kicked)
}
