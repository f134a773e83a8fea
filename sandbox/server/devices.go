package server

import (
	"hash/fnv"
	"slices"

	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// maxDevices is how many made-up devices an account has at most.
const maxDevices = 16

// SetDevice lets a made-up device come online on an account, or go offline with on false:
// the account's clients get a push. The refusals are BadRequest, NotFound and Quota.
func (r *registry) SetDevice(uin message.UIN, name string, on bool) error {
	if _, known := r.world.Users().Find(uin); !known {
		return world.Refuse(world.NotFound, "no user %d", uin)
	}
	if name == "" || len(name) > 64 {
		return world.Refuse(world.BadRequest, "a device needs a name of at most 64 bytes")
	}
	r.mu.Lock()
	names := r.devices[uin]
	has := slices.Contains(names, name)
	switch {
	case on && !has && len(names) == maxDevices:
		r.mu.Unlock()
		return world.Refuse(world.Quota, "an account has at most %d devices", maxDevices)
	case on && !has:
		names = append(names, name)
	case !on && has:
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
	}
	r.devices[uin] = names
	r.tellDevices(uin)
	r.mu.Unlock()
	kind := world.ActivityOffline
	if on {
		kind = world.ActivityOnline
	}
	r.world.Note(world.Activity{Kind: kind, User: uin, Text: name})
	return nil
}

// forgetDevices takes the made-up devices away.
func (r *registry) forgetDevices() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for uin := range r.devices {
		delete(r.devices, uin)
		r.tellDevices(uin)
	}
}

// tellDevices is push PushParams to the clients of an account: all its devices; mu is
// held.
func (r *registry) tellDevices(uin message.UIN) {
	push := &pushpb.PushParams{}
	for _, sess := range r.online[uin] {
		push.Devices = append(push.Devices, onlineDevice(sess.device, string(sess.class), sess.guid))
	}
	for _, name := range r.devices[uin] {
		push.Devices = append(push.Devices, onlineDevice(name, "phone", name))
	}
	payload := encode(push)
	for _, sess := range r.online[uin] {
		sess.conn.push(sess, rpc.PushParams, payload)
	}
}

// onlineDevice has made-up numbers, always the same for the same device.
func onlineDevice(name, class, id string) *pushpb.OnlineDevice {
	h := fnv.New32a()
	_, _ = h.Write([]byte(class + id))
	return &pushpb.OnlineDevice{InstanceId: h.Sum32() | 1, ClientType: 1, State: 1, PlatformId: 1, PlatformType: class, NewClientType: 1, DeviceName: name}
}
