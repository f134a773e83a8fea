package server

import (
	"bytes"
	"compress/gzip"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
)

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(content)
	must(t, err)
	must(t, z.Close())
	return b.Bytes()
}

func sendPayload(payload []byte) *messagepb.LongMsgReq {
	return &messagepb.LongMsgReq{
		Send: &messagepb.LongMsgSendReq{MsgType: 1, Payload: payload},
		Attr: &messagepb.LongMsgAttr{SubCmd: proto.Uint32(4), ClientType: proto.Uint32(1), Platform: proto.Uint32(7), ProxyType: proto.Uint32(0)},
	}
}

// What one account sends, any other may fetch.
func TestLongMessages(t *testing.T) {
	h := start(t, Options{})
	payload := gzipped(t, encode(&messagepb.MultiMsgTransmit{Items: []*messagepb.MultiMsgItem{{FileName: "MultiMsg"}}}))
	req := sendPayload(payload)
	sent := call(h.dial().login(bot), rpc.SendLongMessage, req)
	if id := sent.GetSend().GetResId(); len(id) != 64 || !proto.Equal(sent.GetAttr(), req.GetAttr()) || sent.GetRecv() != nil {
		t.Fatalf("sent: got %v", sent)
	}
	c := h.dial().login(alice)
	ask := &messagepb.LongMsgReq{
		Recv: &messagepb.LongMsgRecvReq{ResId: &sent.Send.ResId, MsgType: 3},
		Attr: &messagepb.LongMsgAttr{SubCmd: proto.Uint32(2)},
	}
	got := call(c, rpc.FetchLongMessage, ask)
	if r := got.GetRecv(); r.GetResId() != sent.Send.ResId || !slices.Equal(r.GetPayload(), payload) || !proto.Equal(got.GetAttr(), ask.GetAttr()) {
		t.Errorf("fetched: got %v", got)
	}
	ask.Recv.ResId = proto.String("other")
	if got := call(c, rpc.FetchLongMessage, ask); got.GetRecv() != nil || !proto.Equal(got.GetAttr(), ask.GetAttr()) {
		t.Errorf("of an unknown id: got %v, want the attr alone", got)
	}
}

func TestLongMessagesAreChecked(t *testing.T) {
	c := start(t, Options{}).dial().login(bot)
	bomb := gzipped(t, append(encode(&messagepb.MultiMsgTransmit{Items: []*messagepb.MultiMsgItem{{FileName: "MultiMsg"}}}), make([]byte, 64<<20)...))
	for name, payload := range map[string][]byte{
		"nothing":     nil,
		"no gzip":     []byte("text"),
		"cut":         gzipped(t, make([]byte, 100))[:20],
		"no protobuf": gzipped(t, []byte{0xFF}),
		"no item":     gzipped(t, encode(&messagepb.MultiMsgTransmit{Items: []*messagepb.MultiMsgItem{{FileName: "other"}}})),
		"bomb":        bomb,
	} {
		if got := call(c, rpc.SendLongMessage, sendPayload(payload)); got.GetSend() != nil {
			t.Errorf("%s: got %v, want an empty answer", name, got)
		}
	}
}
