package ntqq

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// A text that is no valid UTF-8 takes nothing else of its list away: the server cuts
// names inside a character.
func TestBrokenTextInLists(t *testing.T) {
	const cut, mended = "cut here", "cu\uFFFDere"
	entry := func(key uint32) *oidbpb.BytesProperty {
		return &oidbpb.BytesProperty{Key: key, Value: []byte(cut)}
	}
	for _, test := range []struct {
		name    string
		command string
		payload func() ([]byte, error)
		list    func(context.Context, *Client) (any, error)
		want    any
	}{
		{"members", rpc.GroupMembers.Name, func() ([]byte, error) {
			return rpc.GroupMembers.EncodeResponse(&oidbpb.GroupMemberListResp{Members: []*oidbpb.GroupMember{
				{Id: &oidbpb.GroupMemberId{Uid: "u_1", Uin: 1}, MemberName: "whole"},
				{
					Id: &oidbpb.GroupMemberId{Uid: "u_2", Uin: 2}, MemberName: cut,
					Card: &oidbpb.GroupMemberCard{Card: proto.String(cut)}, SpecialTitle: proto.String(cut),
				},
			}})
		}, func(ctx context.Context, c *Client) (any, error) {
			list, err := c.Members().List(ctx, testGroup, false)
			return list, err
		}, []Member{
			{Group: testGroup, UIN: 1, UID: "u_1", Nickname: "whole"},
			{Group: testGroup, UIN: 2, UID: "u_2", Nickname: mended, Card: mended, Title: mended},
		}},
		{"friends", rpc.FriendList.Name, func() ([]byte, error) {
			return rpc.FriendList.EncodeResponse(&oidbpb.FriendListResp{
				Friends: []*oidbpb.Friend{
					{Uid: "u_1", Uin: 1},
					{Uid: "u_2", Uin: 2, CategoryId: proto.Int32(7), Biz: map[int32]*oidbpb.FriendBizData{
						1: {Strings: map[int32][]byte{keyNickname: []byte(cut), keyRemark: []byte(cut), keyQID: []byte(cut), keySign: []byte(cut)}},
					}},
				},
				Categories: []*oidbpb.FriendCategory{{Id: 7, Name: cut}},
			})
		}, func(ctx context.Context, c *Client) (any, error) {
			list, err := c.Friends().List(ctx, false)
			return list, err
		}, []Friend{
			{UIN: 1, UID: "u_1"},
			{UIN: 2, UID: "u_2", Nickname: mended, Remark: mended, QID: mended, Sign: mended, Category: 7, CategoryName: mended},
		}},
		{"groups", rpc.GroupList.Name, func() ([]byte, error) {
			return rpc.GroupList.EncodeResponse(&oidbpb.GroupListResp{Groups: []*oidbpb.GroupListEntry{
				{GroupCode: 1, Info: &oidbpb.GroupListInfo{GroupName: "whole"}},
				{GroupCode: 2, Info: &oidbpb.GroupListInfo{GroupName: cut}, Person: &oidbpb.GroupListPerson{Remark: proto.String(cut)}},
			}})
		}, func(ctx context.Context, c *Client) (any, error) {
			list, err := c.Groups().List(ctx, false)
			for i := range list {
				list[i].latest = 0
			}
			return list, err
		}, []Group{{Code: 1, Name: "whole"}, {Code: 2, Name: mended, Remark: mended}}},
		{"user", rpc.UserByUIN.Name, func() ([]byte, error) {
			return rpc.UserByUIN.EncodeResponse(&oidbpb.UserInfoResp{Body: &oidbpb.UserInfoBody{
				Uin: 2, Uid: cut, Properties: &oidbpb.UserProperties{
					BytesValues: []*oidbpb.BytesProperty{entry(keyNickname), entry(keySign), entry(keyQID), entry(keyRemark)},
				},
			}})
		}, func(ctx context.Context, c *Client) (any, error) {
			user, err := c.Users().Info(ctx, 2)
			return user, err
		}, User{UIN: 2, UID: mended, Nickname: mended, Sign: mended, QID: mended, Remark: mended}},
	} {
		t.Run(test.name, func(t *testing.T) {
			whole, err := test.payload()
			if err != nil {
				t.Fatal(err)
			}
			c := online(t, Options{}, map[string][]byte{
				test.command: bytes.ReplaceAll(whole, []byte(cut), []byte("cu\xe5\x93\xffere")),
			})
			got, err := test.list(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(Group{})); diff != "" {
				t.Errorf("got (-want +got):\n%s", diff)
			}
		})
	}
}
