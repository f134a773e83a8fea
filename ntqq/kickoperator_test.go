package ntqq

import (
	"testing"
	"testing/synctest"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// Where a push does not say who removed a member, admins and the member find it in the
// notification list.
func TestWhoRemovedAMember(t *testing.T) {
	const (
		group = GroupCode(730000001)
		now   = int64(1700000000)
	)
	entry := func(kind, at uint32, target string) *oidbpb.GroupNotice {
		return &oidbpb.GroupNotice{
			Sequence: uint64(at) * 1000000, Type: kind, State: proto.Uint32(0), Time: at,
			Group: &oidbpb.GroupNoticeGroup{GroupCode: uint64(group)}, Target: &oidbpb.GroupNoticeUser{Uid: target},
			Operator: &oidbpb.GroupNoticeUser{Uid: "u_alice"},
		}
	}
	payloads := knowsAlice(t)
	payloads[rpc.GroupNotices.Name] = answer(t, rpc.GroupNotices, &oidbpb.GroupNoticeListResp{Notices: []*oidbpb.GroupNotice{
		entry(6, uint32(now), "u_bob"), entry(7, uint32(now), "u_self"), entry(6, uint32(now)-3600, "u_carol"), entry(13, uint32(now), "u_dave"),
	}})
	found := event.Person{UIN: 20001, UID: "u_alice"}
	for _, tt := range []struct {
		name   string
		member event.Person
		said   event.Person
		reason event.LeaveReason
		role   message.Role
		want   event.Person
	}{
		{"an admin", event.Person{UIN: 20002, UID: "u_bob"}, event.Person{}, event.LeaveKicked, message.RoleAdmin, found},
		{"a member", event.Person{UIN: 20002, UID: "u_bob"}, event.Person{}, event.LeaveKicked, message.RoleMember, event.Person{}},
		{"long ago", event.Person{UIN: 20003, UID: "u_carol"}, event.Person{}, event.LeaveKicked, message.RoleOwner, event.Person{}},
		{"left", event.Person{UIN: 20004, UID: "u_dave"}, event.Person{}, event.LeaveLeft, message.RoleOwner, event.Person{}},
		{"said", event.Person{UIN: 20002, UID: "u_bob"}, event.Person{UIN: 5, UID: "u_5"}, event.LeaveKicked, message.RoleOwner, event.Person{UIN: 5, UID: "u_5"}},
		{"itself", event.Person{UIN: 10001, UID: "u_self"}, event.Person{}, event.LeaveKickMe, message.RoleMember, found},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, register := registering(t, Options{}, payloads)
				register()
				synctest.Wait()
				c.cache.setMembers(group, []Member{{Group: group, UIN: c.Self().UIN, UID: c.Self().UID, Role: tt.role}})
				e := &event.GroupMemberDecrease{Group: group, Member: tt.member, Operator: tt.said, Reason: tt.reason, Time: now}
				lookUpNow(t, c, e)
				if e.Operator != tt.want {
					t.Errorf("got %+v, want %+v", e.Operator, tt.want)
				}
			})
		})
	}
}
