package server

import (
	"errors"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/wire"
)

// TestUserInfos asks for several users at once, in the layouts of the client that
// does so and in the packed form of numbers.
func TestUserInfos(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot)
	keys := mustHex(t, "1a0a08a29c0108a99c011802") // field 3: two keys, then 3: 2
	texts := func(uids ...string) []byte {
		body := slices.Clone(keys)
		for _, uid := range uids {
			body = protowire.AppendString(protowire.AppendTag(body, 1, protowire.BytesType), uid)
		}
		return body
	}
	numbers := func(uins ...uint64) []byte {
		body := slices.Clone(keys)
		for _, uin := range uins {
			body = protowire.AppendVarint(protowire.AppendTag(body, 1, protowire.VarintType), uin)
		}
		return body
	}
	a, b := h.uidOf(alice), h.uidOf(bob)
	for _, tt := range []struct {
		name     string
		sub      uint32
		reserved uint32
		body     []byte
		want     []uint64 // none: refused
	}{
		{"one uid", 8, 0, texts(a), []uint64{20001}},
		{"uids", 8, 0, texts(b, a), []uint64{20002, 20001}},
		{"one is unknown", 8, 0, texts("u_nobody", b), []uint64{20002}},
		{"unknown", 8, 0, texts("u_nobody"), nil},
		{"no uid", 8, 0, keys, nil},
		{"too many", 8, 0, texts(slices.Repeat([]string{a}, maxAskedUsers+1)...), nil},
		{"uid by 0xfe1_2", 2, 0, texts(a), []uint64{20001}},
		{"one uin", 2, 1, numbers(20002), []uint64{20002}},
		{"uins", 2, 1, numbers(20001, 20002), []uint64{20001, 20002}},
		{"packed uins", 2, 1, mustHex(t, "0a06a19c01a29c01"), []uint64{20001, 20002}},
		{"no uin", 2, 1, keys, nil},
		{"unknown uin", 2, 1, numbers(5), nil},
	} {
		request := mustMarshal(t, &oidbpb.OidbEnvelope{
			Command: 0xfe1, SubCommand: proto.Uint32(tt.sub), Body: tt.body, Reserved: tt.reserved,
		})
		command := map[uint32]string{2: "OidbSvcTrpcTcp.0xFE1_2", 8: "OidbSvcTrpcTcp.0xFE1_8"}[tt.sub]
		got, err := rpc.UsersByUID.DecodeResponse(c.must(command, wire.FlagD2, request))
		if tt.want == nil {
			var refused *rpc.Refused
			if !errors.As(err, &refused) || refused.Message == "" {
				t.Errorf("%s: got %v, %v; want a refusal", tt.name, got, err)
			}
			continue
		}
		must(t, err)
		var uins []uint64
		for _, record := range got.GetBodies() {
			uins = append(uins, record.GetUin())
			if record.GetUid() == "" || len(record.GetProperties().GetBytesValues()) == 0 {
				t.Errorf("%s: got %v, want the record of 0xfe1_2", tt.name, record)
			}
		}
		if !slices.Equal(uins, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, uins, tt.want)
		}
	}
}
