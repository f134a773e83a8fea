package event

import (
	"slices"

	"libration/internal/pb"
	"libration/internal/pb/pushpb"
)

// Device is a client that is online on the account.
type Device struct {
	Instance uint32 // its number
	Type     uint32 // the service's number of its kind
	Platform string // such as "iOS"; may be ""
	Name     string // may be ""
}

// ClientsOnline is sent when a device came online on the account, or went offline: one for
// each. Of the first list of a run, which is no news, Added and Removed are nil: package
// ntqq keeps it to itself, and Client.Devices has it.
type ClientsOnline struct {
	// All are the devices now, the account's own included.
	All            []Device
	Added, Removed []Device
}

func (*ClientsOnline) Name() string   { return "clients_online" }
func (*ClientsOnline) When() int64    { return 0 }
func (*ClientsOnline) People() People { return People{} }
func (*ClientsOnline) Stale() Stale   { return Stale{} }

// What is kept of a list, and written into each event of a device in it.
const (
	maxDevices    = 64
	maxDeviceText = 256 // bytes of a name, or of a platform
)

func (p *push) params() {
	var b pushpb.PushParams
	if !p.decode(p.payload, &b) {
		return
	}
	now := []Device{}
	for _, d := range b.GetDevices() {
		if len(now) < maxDevices {
			now = append(now, Device{
				d.GetInstanceId(), d.GetClientType(),
				bounded(pb.Text([]byte(d.GetPlatformType())), maxDeviceText), bounded(pb.Text([]byte(d.GetDeviceName())), maxDeviceText),
			})
		}
	}
	before := p.d.devices
	p.d.devices = now
	if before == nil {
		p.emit(&ClientsOnline{All: now})
		return
	}
	for _, d := range without(now, before) {
		p.emit(&ClientsOnline{All: now, Added: []Device{d}})
	}
	for _, d := range without(before, now) {
		p.emit(&ClientsOnline{All: now, Removed: []Device{d}})
	}
	if len(p.events) == 0 {
		p.ignore()
	}
}

// without returns what is in the first list and not in the second.
func without(all, known []Device) []Device {
	return slices.DeleteFunc(slices.Clone(all), func(d Device) bool {
		return slices.ContainsFunc(known, func(k Device) bool { return k.Instance == d.Instance })
	})
}

// infoSync is read elsewhere: a push without an event, counted where it cannot be read.
func (p *push) infoSync() {
	if p.decode(p.payload, new(pushpb.InfoSyncPush)) {
		p.ignore()
	}
}
