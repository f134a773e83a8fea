package ntqq

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
	"libration/internal/vectors"
	"libration/ntqq/media"
)

// TestHighwayVectors asks for the highway as others do, and reads the answers that they
// got.
func TestHighwayVectors(t *testing.T) {
	checked := map[string]int{}
	for _, v := range vectors.Of[struct {
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

// TestHighwayWithinReach: uploads go to no address of the client's own network that the
// service names, but for those of a sandbox.
func TestHighwayWithinReach(t *testing.T) {
	for name, v := range map[string]struct {
		options     Options
		named       []string
		left        int
		unreachable bool
	}{
		"real":         {Options{}, []string{"169.254.169.254:80", "192.168.0.1:80", "203.0.113.1:80"}, 1, false},
		"nothing left": {Options{}, []string{"169.254.169.254:80", "127.0.0.1:80"}, 0, true},
		"private":      {Options{PrivateMedia: true}, []string{"169.254.169.254:80", "192.168.0.1:80"}, 1, false},
		"sandbox":      {Options{Servers: Servers{Addresses: []string{"h:1"}, Media: "h:1"}}, []string{"127.0.0.1:1"}, 1, false},
	} {
		c, err := New(v.options) // it does not run
		if err != nil {
			t.Fatal(err)
		}
		s := &highwaySession{addrs: v.named}
		err = c.keepReachable(s)
		if _, refused := errors.AsType[*media.AddressError](err); refused != v.unreachable || len(s.addrs) != v.left {
			t.Errorf("%s: got %v, %v", name, s.addrs, err)
		}
	}
}
