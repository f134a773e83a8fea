package clienttest

import (
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOnline(t *testing.T) {
	mux := &rpc.Mux[struct{}]{}
	rpc.Handle(mux, rpc.FriendList, func(struct{}, *oidbpb.FriendListReq) (*oidbpb.FriendListResp, error) {
		return &oidbpb.FriendListResp{Friends: []*oidbpb.Friend{{Uin: 20002, Uid: "u_friend"}}}, nil
	})
	began := time.Now()
	c := Online(t, func(command string, payload []byte) ([]byte, error) {
		return mux.Serve(struct{}{}, command, payload)
	})
	t.Logf("online after %v", time.Since(began))
	if self := c.Self(); self.UIN != UIN || self.UID != UID || self.Nickname != Nickname {
		t.Errorf("the account is %+v", self)
	}
	if friends, err := c.Friends().List(t.Context(), false); err != nil || len(friends) != 1 || friends[0].UIN != 20002 {
		t.Errorf("got %v, %v, want the answered friend", friends, err)
	}
	var refused *ntqq.ServerError
	if _, err := c.Groups().List(t.Context(), false); !errors.As(err, &refused) {
		t.Errorf("got %v, want a refusal of what is not answered", err)
	}
}
