package ntqq

import (
	"context"
	"fmt"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
)

// Group is a joined group.
type Group struct {
	Code GroupCode
	Name string
	// Remark is what the account calls the group, "" for none.
	Remark   string
	OwnerUID UID
	// CreateTime is in Unix seconds.
	CreateTime  int64
	MemberCount uint32
	// MemberMax is how many members the group may have.
	MemberMax uint32
	// MuteAll is whether only the owner and admins may write.
	MuteAll bool
	// Mask is what the account's clients do with its messages.
	Mask Mask

	latest uint64 // sequence of the newest message when the list was fetched
}

// Groups are the operations on groups. They are safe for concurrent use.
type Groups struct{ c *Client }

// Groups returns the operations on groups.
func (c *Client) Groups() Groups { return Groups{c} }

// Owner returns the number of a group's owner, 0 while it is not known. Nothing is asked.
func (g Groups) Owner(group Group) UIN {
	owner := event.Person{UID: group.OwnerUID}
	if owner.UID != "" {
		g.c.resolveKnown(&owner)
	}
	return owner.UIN
}

// List returns the groups that the account is in, sorted by code. The list comes from
// memory; it is fetched when it is not known, a push has made it old, or refresh is
// true. The errors are those of [Client.Call].
func (g Groups) List(ctx context.Context, refresh bool) ([]Group, error) {
	c := g.c
	return cached(ctx, c, groupsKey, refresh, c.cache.groupList, c.fetchGroups)
}

// Info returns one group that the account is in; refresh is as for [Groups.List], and
// so are the errors. Of a group that the account is not in the error is [ErrNoGroup].
func (g Groups) Info(ctx context.Context, code GroupCode, refresh bool) (Group, error) {
	list, err := g.List(ctx, refresh)
	if err != nil {
		return Group{}, err
	}
	for _, group := range list {
		if group.Code == code {
			return group, nil
		}
	}
	return Group{}, fmt.Errorf("group %d: %w", code, ErrNoGroup)
}

// groupListRequest sets the flags of docs/protocol/operations.md 3.3.
func groupListRequest() *oidbpb.GroupListReq {
	return &oidbpb.GroupListReq{Config: &oidbpb.GroupListConfig{
		Info: &oidbpb.GroupListInfoFlags{
			Owner: true, CreatedTime: true, MemberMax: true, MemberCount: true, GroupName: true,
			F8: true, TopTime: true, MuteAllExpireTime: true, F11: true, F12: true, F13: true,
			F14: true, F15: true, F16: true, F17: true, Description: true, Question: true, F20: true,
			F22: true, F23: true, F24: true, F25: true, F26: true, F27: true,
			F28: true, F29: true, Announcement: true, F31: true, F32: true,
			F5001: true, F5002: true, F5003: true,
		},
		Person: &oidbpb.GroupListPersonFlags{
			LastSpeakTime: true, MemberRole: true, Remark: true, MuteExpireTime: true,
			LatestSeq: true, F6: true, MsgMask: true, F8: true,
		},
		Unknown3: &oidbpb.GroupListUnknownFlags{F5: true, F6: true},
	}}
}

func (c *Client) fetchGroups(ctx context.Context) error {
	resp, err := call(ctx, c, rpc.GroupList, groupListRequest())
	if err != nil {
		return fmt.Errorf("group list: %w", err)
	}
	list := make([]Group, 0, len(resp.GetGroups()))
	for _, g := range resp.GetGroups() {
		list = append(list, Group{
			Code: GroupCode(g.GetGroupCode()), Name: g.GetInfo().GetGroupName(),
			Remark: g.GetPerson().GetRemark(), OwnerUID: UID(g.GetInfo().GetOwner().GetUid()),
			CreateTime: int64(g.GetInfo().GetCreatedTime()), MemberCount: g.GetInfo().GetMemberCount(),
			MemberMax: g.GetInfo().GetMemberMax(), latest: uint64(g.GetPerson().GetLatestSeq()),
			MuteAll: g.GetInfo().GetMuteAllExpireTime() != 0, Mask: Mask(g.GetPerson().GetMsgMask()),
		})
	}
	c.cache.setGroups(list)
	return nil
}
