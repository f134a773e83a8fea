package ntqq

import (
	"testing"
	"testing/synctest"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// TestAlbumCursor: who goes from page to page comes to an end, also where the service says
// that there is more and leads nowhere.
func TestAlbumCursor(t *testing.T) {
	for next, more := range map[string]bool{"b": true, "a": false, "": false} {
		synctest.Test(t, func(t *testing.T) {
			answer, err := rpc.AlbumMedia.EncodeResponse(&oidbpb.AlbumMediaListResp{
				RetCode: proto.Uint32(0), Body: &oidbpb.AlbumMediaList{NextAttachInfo: &next, HasMore: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			page, err := online(t, Options{}, map[string][]byte{rpc.AlbumMedia.Name: answer}).Albums().Media(t.Context(), 1, "x", "a")
			if err != nil || page.More != more || page.Next != next {
				t.Errorf("after %q: got %+v, %v", next, page, err)
			}
		})
	}
}
