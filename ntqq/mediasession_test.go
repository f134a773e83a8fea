package ntqq

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
	"libration/internal/vectors"
)

// TestHighwayVectors asks for the highway as others do, and reads the answers that they
// got.
func TestHighwayVectors(t *testing.T) {
	checked := map[string]int{}
	for _, v := range vectors.Read[struct {
		ID, Kind, Command string
		Args              struct{ TGT vectors.Hex }
		Body              vectors.Hex
		Parsed            struct {
			Addresses []string    `json:"highway_addresses"`
			Ticket    vectors.Hex `json:"sig_session"`
		}
	}](t, "highway.json") {
		checked[v.Kind]++
		switch v.Kind {
		case "session_request":
			want := &mediapb.HighwaySessionReq{}
			if err := pb.Unmarshal(v.Body, want); err != nil {
				t.Fatal(err)
			}
			want.Body.Uin, want.Body.IdcId = nil, nil // zeros that some write
			if got := highwayRequest(v.Args.TGT); !proto.Equal(got, want) || v.Command != rpc.HighwaySession.Name {
				t.Errorf("%s: got %v\nwant %v for %s", v.ID, got, want, v.Command)
			}
		case "session_response":
			resp := &mediapb.HighwaySessionResp{}
			if err := pb.Unmarshal(v.Body, resp); err != nil {
				t.Fatal(err)
			}
			got, err := readHighway(resp)
			if err != nil || !slices.Equal(got.addrs, v.Parsed.Addresses) || !bytes.Equal(got.ticket, v.Parsed.Ticket) {
				t.Errorf("%s: got %+v, error %v, want %v and %s", v.ID, got, err, v.Parsed.Addresses, hex.EncodeToString(v.Parsed.Ticket))
			}
		}
	}
	if checked["session_request"] == 0 || checked["session_response"] == 0 {
		t.Errorf("checked %v", checked)
	}
}
