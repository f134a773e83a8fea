package ntqq

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/vectors"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// TestVectorsCustomFaces: the requests that were captured are ours, byte for byte.
func TestVectorsCustomFaces(t *testing.T) {
	const os = "10.0.26200"
	id := "2500000032_0_0_0_00112233445566778899AABBCCDDEEFF_0_0"
	want := map[string][]byte{}
	for _, v := range vectors.Read[struct {
		ID   string
		Body vectors.Hex
	}](t, "captures.json") {
		want[v.ID] = v.Body
	}
	_, deletion := encoded(t, rpc.DeleteCustomFaces, deleteFacesRequest(2500000032, os, []string{id}))
	_, move := encoded(t, rpc.MoveCustomFace, moveFaceRequest(os, "9.9.26-44343", id))
	for name, got := range map[string][]byte{"face/roam-delete": deletion, "face/902f-move-to-front": move} {
		if len(got) == 0 || !bytes.Equal(got, want[name]) {
			t.Errorf("%s: got %x, want %x", name, got, want[name])
		}
	}
}

// FuzzFaceMD5: an id is what a service says. What is read of it is an MD5, or nothing.
func FuzzFaceMD5(f *testing.F) {
	f.Add("2500000032_0_0_0_00112233445566778899aabbccddeeff_0_0")
	f.Add("___")
	f.Fuzz(func(t *testing.T, id string) {
		sum := faceMD5(id)
		if sum != "" && (len(sum) != 32 || !bytes.Contains(bytes.ToUpper([]byte(id)), []byte(sum))) {
			t.Errorf("%q has the MD5 %q", id, sum)
		}
	})
}

// TestAddCustomFace: the blocks go to the servers of the session with the ticket of the
// reservation. Without one the face is there, or the error says so.
func TestAddCustomFace(t *testing.T) {
	picture := pixel(t)
	image := &message.ImageSegment{Medium: message.Medium{Source: media.Bytes(picture)}}
	id := fmt.Sprintf("10001_0_0_0_%X_0_0", md5.Sum(picture))
	for name, tt := range map[string]struct {
		ticket string
		named  string // the id in the answer
		listed []string
		want   string // "": an error
	}{
		"a ticket":        {ticket: "face", named: "an id", want: "an id"},
		"no id":           {ticket: "face", want: id},
		"there":           {listed: []string{"x", id}, want: id},
		"neither of both": {listed: []string{"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				taken := &takenBlocks{}
				s := &mediaService{also: func(mux *rpc.Mux[struct{}]) {
					rpc.Handle(mux, rpc.AddCustomFace, func(_ struct{}, req *oidbpb.FaceRoamAddReq) (*oidbpb.FaceRoamAddResp, error) {
						if req.GetCommandId() != 9 || int(req.GetBody().GetFileSize()) != len(picture) || req.GetBody().GetUin() != 10001 {
							t.Errorf("reserved is %v", req)
						}
						return &oidbpb.FaceRoamAddResp{Body: &oidbpb.FaceRoamAddResult{UKey: []byte(tt.ticket), Ext: &oidbpb.FaceRoamAddExt{EmojiId: tt.named}}}, nil
					})
					rpc.Handle(mux, rpc.CustomFaces, func(_ struct{}, req *oidbpb.FaceRoamReq) (*oidbpb.FaceRoamListResp, error) {
						return &oidbpb.FaceRoamListResp{UserInfo: &oidbpb.FaceRoamUserInfo{FileNames: tt.listed}}, nil
					})
				}}
				c := s.client(t, taken.option)
				got, err := c.CustomFaces().Add(t.Context(), image)
				if got != tt.want || (err == nil) != (tt.want != "") || err != nil && !errors.Is(err, errNoFaceTicket) {
					t.Errorf("got %q, %v, want %q", got, err, tt.want)
				}
				taken.mu.Lock()
				defer taken.mu.Unlock()
				if (len(taken.all) == 1) != (tt.ticket != "") {
					t.Fatalf("%d blocks were sent", len(taken.all))
				}
				for _, b := range taken.all {
					if string(b.head.GetSeg().GetServiceTicket()) != tt.ticket || b.head.GetBase().GetCommandId() != 9 || len(b.head.GetExtendInfo()) != 0 {
						t.Errorf("a block is %v", b.head)
					}
				}
			})
		})
	}
}
