package ntqq

import (
	"errors"
	"testing"

	"libration/internal/elements"
	"libration/internal/packed"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/ntqq/message"
)

// longMessages is a client of a service that answers long messages by f. It keeps what
// was uploaded.
type longMessages struct {
	fetch func(*messagepb.LongMsgRecvReq) (*messagepb.LongMsgRecvResp, error)
	id    string // of the next upload
	sent  []*messagepb.LongMsgSendReq
}

func (l *longMessages) client(t *testing.T, o Options) *Client {
	t.Helper()
	var mux rpc.Mux[struct{}]
	rpc.Handle(&mux, rpc.FetchLongMessage, func(_ struct{}, req *messagepb.LongMsgReq) (*messagepb.LongMsgResp, error) {
		recv, err := l.fetch(req.GetRecv())
		return &messagepb.LongMsgResp{Recv: recv, Attr: req.GetAttr()}, err
	})
	rpc.Handle(&mux, rpc.SendLongMessage, func(_ struct{}, req *messagepb.LongMsgReq) (*messagepb.LongMsgResp, error) {
		l.sent = append(l.sent, req.GetSend())
		if l.id == "" {
			return &messagepb.LongMsgResp{Attr: req.GetAttr()}, nil
		}
		return &messagepb.LongMsgResp{Send: &messagepb.LongMsgSendResp{ResId: l.id}}, nil
	})
	service := sessiontest.New(t)
	service.Answer = func(command string, payload []byte) ([]byte, error) { return mux.Serve(struct{}{}, command, payload) }
	c := start(t, service, o)
	if _, err := c.Wait(t.Context(), State.Online); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestForwardOfHostileService: whatever the service answers, Forward says what is wrong
// with it.
func TestForwardOfHostileService(t *testing.T) {
	var answer *messagepb.LongMsgRecvResp
	cache := mapCache{}
	l := &longMessages{fetch: func(*messagepb.LongMsgRecvReq) (*messagepb.LongMsgRecvResp, error) { return answer, nil }}
	c := l.client(t, Options{Forwards: cache})
	bomb := packed.AppendGzipped(nil, make([]byte, 64<<20))
	for name, v := range map[string]struct {
		answer *messagepb.LongMsgRecvResp
		want   error
	}{
		"nothing":    {nil, ErrNoForward},
		"no payload": {&messagepb.LongMsgRecvResp{ResId: "x"}, ErrNoForward},
		"no gzip":    {&messagepb.LongMsgRecvResp{Payload: []byte("text")}, ErrBadForward},
		"empty":      {&messagepb.LongMsgRecvResp{Payload: packed.AppendGzipped(nil, nil)}, ErrBadForward},
		"bomb":       {&messagepb.LongMsgRecvResp{Payload: bomb}, ErrTooLarge},
		"cut":        {&messagepb.LongMsgRecvResp{Payload: bomb[:1000]}, ErrBadForward},
	} {
		answer = v.answer
		nodes, err := c.Messages().Forward(t.Context(), "id")
		if !errors.Is(err, v.want) || nodes != nil {
			t.Errorf("%s: got %v, %v, want %v", name, nodes, err, v.want)
		}
	}
	if len(cache) != 0 {
		t.Errorf("kept %v", cache)
	}
}

// TestUploadForward: what becomes of an answer without an id, and who the peer is.
func TestUploadForward(t *testing.T) {
	l := &longMessages{}
	cache := mapCache{}
	c := l.client(t, Options{Forwards: cache})
	content := message.Content{message.Forward(message.Node{UIN: 1, Name: "x", Content: message.Content{message.Text("x")}})}
	if _, err := c.Messages().Prepare(t.Context(), message.Chat{}, content); !errors.Is(err, errNoForwardID) || len(cache) != 0 {
		t.Errorf("without an id: got %v, kept %v", err, cache)
	}
	l.id = "id"
	ready, err := c.Messages().Prepare(t.Context(), message.Chat{Kind: message.Group, Group: 7}, content)
	if err != nil {
		t.Fatal(err)
	}
	if f := ready[0].(*message.ForwardSegment); f.ID != "id" || f.Count != 1 || f.FileName == "" || len(cache) != 1 {
		t.Errorf("got %+v, kept %v", f, cache)
	}
	for i, want := range []struct {
		kind uint32
		peer string
	}{{1, string(c.Self().UID)}, {3, "7"}} {
		if got := l.sent[i]; got.GetMsgType() != want.kind || got.GetPeer().GetPeerUid() != want.peer {
			t.Errorf("upload %d: got type %d, peer %q, want %+v", i, got.GetMsgType(), got.GetPeer().GetPeerUid(), want)
		}
	}
}

// TestBrokenForwardCache: an error of the cache is no error of the call.
func TestBrokenForwardCache(t *testing.T) {
	payload, err := elements.EncodeForward(message.Forward(message.Node{Content: message.Content{message.Text("x")}}), elements.Scene{})
	if err != nil {
		t.Fatal(err)
	}
	l := &longMessages{id: "id", fetch: func(*messagepb.LongMsgRecvReq) (*messagepb.LongMsgRecvResp, error) {
		return &messagepb.LongMsgRecvResp{Payload: payload}, nil
	}}
	c := l.client(t, Options{Forwards: brokenCache{}})
	if nodes, err := c.Messages().Forward(t.Context(), "id"); err != nil || len(nodes) != 1 {
		t.Errorf("got %v, %v", nodes, err)
	}
	if _, err := c.Messages().Prepare(t.Context(), message.Chat{}, message.Content{message.Forward(message.Node{})}); err != nil {
		t.Errorf("Prepare: %v", err)
	}
}

type mapCache map[string][]byte

func (m mapCache) Forward(id string) ([]byte, error)          { return m[id], nil }
func (m mapCache) PutForward(id string, payload []byte) error { m[id] = payload; return nil }

type brokenCache struct{}

var errBroken = errors.New("broken")

func (brokenCache) Forward(string) ([]byte, error)  { return nil, errBroken }
func (brokenCache) PutForward(string, []byte) error { return errBroken }
