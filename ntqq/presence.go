package ntqq

import (
	"context"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
)

// Status is how somebody is online. Extended says more of [StatusOnline] (for instance 1028:
// listening to music), and is 0 otherwise. The numbers are in docs/protocol/operations.md
// 4.5.
type Status struct{ Code, Extended uint32 }

// The values of Status.Code.
const (
	StatusOnline       = 10
	StatusAway         = 30
	StatusInvisible    = 40
	StatusBusy         = 50
	StatusTalkToMe     = 60
	StatusDoNotDisturb = 70
)

// statusCustom is Extended of a status in own words.
const statusCustom = 2000

// CustomStatus is a status in own words, beside a face.
type CustomStatus struct {
	Face uint32 // the id of the face
	Text string
}

// Presence reads Status (docs/protocol/operations.md 4.1). Code 0 means that the service
// did not say.
func (u User) Presence() Status {
	if u.Status <= 10 {
		return Status{Code: u.Status * 10}
	}
	return Status{Code: StatusOnline, Extended: u.Status&0xFF00 | u.Status>>16&0xFF}
}

// SetStatus chooses how the account is online. Some statuses show battery, in per cent.
// Nobody is told: others see the status when they look. After a reconnect the client does
// not choose it again. The errors are those of [Client.Call].
func (p Profile) SetStatus(ctx context.Context, status Status, battery uint32) error {
	_, err := call(ctx, p.c, rpc.SetStatus, statusRequest(status, battery))
	return err
}

func statusRequest(status Status, battery uint32) *oidbpb.SetStatusReq {
	return &oidbpb.SetStatusReq{Status: status.Code, ExtStatus: status.Extended, BatteryStatus: battery}
}

// SetCustomStatus is [Profile.SetStatus] for one in own words.
func (p Profile) SetCustomStatus(ctx context.Context, status CustomStatus) error {
	_, err := call(ctx, p.c, rpc.SetStatus, &oidbpb.SetStatusReq{
		Status: StatusOnline, ExtStatus: statusCustom,
		Custom: &oidbpb.SetStatusCustom{FaceId: uint64(status.Face), Text: &status.Text, FaceType: 1},
	})
	return err
}

// FriendStatus is the status of one friend.
type FriendStatus struct {
	UIN UIN // 0 when it is not found
	UID UID
	// Status is the service's number. Unconfirmed: it is read as [User.Status].
	Status uint32
}

// Statuses asks for the statuses of the friends, all at once. The errors are those of
// [Client.Call].
func (f Friends) Statuses(ctx context.Context) ([]FriendStatus, error) {
	c := f.c
	if _, err := f.List(ctx, false); err != nil { // it has their numbers
		return nil, err
	}
	resp, err := call(ctx, c, rpc.FriendStatuses, &oidbpb.FriendsStatusReq{
		SelfUid: string(c.Self().UID), Unknown5: 1, Unknown7: proto.Uint32(0), Unknown100: proto.Uint32(0), Unknown101: 400,
	})
	if err != nil {
		return nil, err
	}
	var list []FriendStatus
	for _, s := range resp.GetList() {
		who := event.Person{UID: boundedUID(s.GetUid())}
		c.resolveKnown(&who)
		list = append(list, FriendStatus{UIN: who.UIN, UID: who.UID, Status: s.GetStatus()})
	}
	return list, nil
}

// Input is what a friend sees of the other side before there is a message.
type Input uint32

// The values of Input; any other ends both. Unconfirmed: only InputText is known of requests.
const (
	InputVoice Input = 0
	InputText  Input = 1
	InputEnds  Input = 2
)

// ShowInput shows a friend that the account types or speaks. Of somebody who is no friend
// the error is [ErrNoFriend]; the others are those of [Client.Call].
func (f Friends) ShowInput(ctx context.Context, user UIN, input Input) error {
	known, err := f.find(ctx, user)
	if err == nil {
		_, err = call(ctx, f.c, rpc.ShowInput, &oidbpb.InputStatusReq{Body: &oidbpb.InputStatusBody{
			ToUid: string(known.UID), Unknown2: proto.Uint32(0), EventType: proto.Uint32(uint32(input)),
		}})
	}
	return err
}
