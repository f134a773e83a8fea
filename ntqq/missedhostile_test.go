package ntqq

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/ntqq/event"
)

// Lists of requests that never end, have entries of the future, too many, or of nobody:
// the requests that are there come once, and those that come later are not lost.
func TestAbsurdLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, looked atomic.Int64
		var later atomic.Bool
		payloads := map[string][]byte{}
		entry := func(sequence uint64, uid string) *oidbpb.GroupNotice {
			return &oidbpb.GroupNotice{
				Sequence: sequence, Type: uint32(NoticeJoin), State: proto.Uint32(1),
				Group: &oidbpb.GroupNoticeGroup{GroupCode: 5}, Target: &oidbpb.GroupNoticeUser{Uid: uid},
			}
		}
		page := func(start uint64, entries ...*oidbpb.GroupNotice) []byte {
			return answer(t, rpc.GroupNotices, &oidbpb.GroupNoticeListResp{Notices: entries, NextStartSequence: start})
		}
		many := &oidbpb.FriendRequestPage{}
		for range 5000 {
			many.Requests = append(many.Requests, &oidbpb.FriendRequest{FriendUid: "u_asks", Time: 1_700_000_001, State: 1})
		}
		many.Requests[0].FriendUid = strings.Repeat("u", 1<<20)
		payloads[rpc.FriendRequests.Name] = answer(t, rpc.FriendRequests, &oidbpb.FriendRequestListResp{Page: many})
		service := sessiontest.New(t)
		answers := sessiontest.Answers(payloads)
		service.Answer = func(command string, body []byte) ([]byte, error) {
			switch command {
			case rpc.GroupNotices.Name:
				n := uint64(asked.Add(1))
				if later.Load() {
					return page(0, entry(1_700_000_100e6, "u_later")), nil
				}
				return page(1<<40+n, entry(1<<63, "u_future"), entry(1_700_000_050e6, strings.Repeat("u", 1<<16))), nil
			case rpc.UserByUID.Name:
				looked.Add(1)
			}
			return answers(command, body)
		}
		var got []string
		c := start(t, service, Options{Handler: func(e event.Event) {
			if e, ok := e.(*event.GroupJoinRequest); ok {
				got = append(got, string(e.Applicant.UID))
			}
		}})
		if _, err := c.Wait(t.Context(), State.Online); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		ask := func() {
			t.Helper()
			list, err := c.listMissed(t.Context(), 1_700_000_000)
			if err != nil {
				t.Fatal(err)
			}
			if now := c.now().Unix(); list.newest > now {
				t.Errorf("read up to %d, which is %d seconds ahead", list.newest, list.newest-now)
			}
			c.missed <- list
			synctest.Wait()
		}
		asked.Store(0)
		ask()
		if n := asked.Load(); n > missedMost/noticePage+2*sparePages+2 {
			t.Errorf("%d pages were asked for", n)
		}
		if n := looked.Load(); n > 10 {
			t.Errorf("%d people were looked up", n)
		}
		later.Store(true)
		ask()
		ask()
		if strings.Join(got, " ") != "u_future u_later" {
			t.Errorf("got %q", got)
		}
	})
}
