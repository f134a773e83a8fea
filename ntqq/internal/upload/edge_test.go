package upload

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"libration/internal/highway"
	"libration/internal/pb/mediapb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// edge is a service that takes blocks. Its fields are set before it is used.
type edge struct {
	t *testing.T
	// on, when set, decides about each frame but echoes, by its number from 1.
	on func(n int, head *mediapb.HighwayReqHead) act
	// refuse says which dials fail, by their number from 1.
	refuse func(n int) bool

	mu     sync.Mutex
	conns  sync.WaitGroup
	dials  int
	tcp    int // dials that began with an echo
	frames int
	now    int // frames that are being handled
	most   int // at the same time
	file   []byte
	order  []uint64 // offsets in the order in which they were taken
	ticket []string
}

// act is what the edge does with a frame.
type act struct {
	code, ret  uint32
	text       string // as HighwayRefusal
	ticket     string // a new one
	hang       bool
	reset      bool          // the connection is closed without an answer
	closeAfter bool          // it is closed after the answer, without a word
	wait       time.Duration // before the answer
	status     int           // HTTP
}

func (e *edge) dial(ctx context.Context, _, address string) (net.Conn, error) {
	e.mu.Lock()
	e.dials++
	n := e.dials
	e.mu.Unlock()
	if address != "10.0.0.1:80" && address != "10.0.0.2:80" {
		e.t.Errorf("dialed %s", address)
	}
	if e.refuse != nil && e.refuse(n) {
		return nil, errors.New("connection refused")
	}
	client, server := net.Pipe()
	e.conns.Go(func() { e.serve(server) })
	return client, nil
}

func (e *edge) serve(nc net.Conn) {
	defer nc.Close()
	r := bufio.NewReader(nc)
	for {
		first, err := r.Peek(1)
		if err != nil {
			return
		}
		if first[0] == highway.First {
			if !e.frame(r, nc, func(frame []byte, _ int) { _, _ = nc.Write(frame) }) {
				return
			}
			continue
		}
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if req.Method != http.MethodPost || req.URL.Path != "/cgi-bin/httpconn" || req.URL.Query().Get("htcmd") != "0x6FF0087" || req.URL.Query().Get("uin") != "10001" {
			e.t.Errorf("got %s %s", req.Method, req.URL)
		}
		going := e.frame(req.Body, nc, func(frame []byte, status int) {
			if status == 0 {
				status = http.StatusOK
			}
			resp := &http.Response{
				StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(frame)),
				Body: io.NopCloser(bytes.NewReader(frame)), Close: req.Close,
			}
			_ = resp.Write(nc)
		})
		if !going || req.Close {
			return
		}
	}
}

// frame handles one frame and reports whether the connection goes on.
func (e *edge) frame(r io.Reader, nc net.Conn, answer func(frame []byte, status int)) bool {
	frames := highway.NewReader(r)
	head := &mediapb.HighwayReqHead{}
	if _, err := frames.Next(head); err != nil {
		return false
	}
	body, err := io.ReadAll(frames)
	if err != nil {
		return false
	}
	resp := &mediapb.HighwayRespHead{Base: head.Base, ErrorCode: proto.Uint32(0), AllowRetry: proto.Uint32(0)}
	var do act
	if head.GetBase().GetCommand() == highway.CommandEcho {
		e.mu.Lock()
		e.tcp++
		e.mu.Unlock()
	} else {
		do = e.block(head, body)
		resp.Seg = &mediapb.HighwaySegHead{RetCode: proto.Uint32(do.ret)}
		resp.ErrorCode = proto.Uint32(do.code)
		if do.ticket != "" {
			resp.Seg.ServiceTicket = []byte(do.ticket)
		}
		if do.text != "" {
			resp.ExtendInfo, _ = proto.Marshal(&mediapb.HighwayRefusal{Reason: proto.String(do.text)})
		}
	}
	time.Sleep(do.wait) // of the bubble
	if resp.Seg != nil {
		e.mu.Lock()
		e.now--
		e.mu.Unlock()
	}
	switch {
	case do.hang:
		_, _ = nc.Read(make([]byte, 1)) // until the client gives up
		return false
	case do.reset:
		return false
	}
	frame, err := highway.Append(nil, resp, nil)
	if err != nil {
		e.t.Error(err)
	}
	answer(frame, do.status)
	return !do.closeAfter
}

// block checks a block and keeps it, if nothing is to go wrong with it.
func (e *edge) block(head *mediapb.HighwayReqHead, body []byte) act {
	seg := head.GetSeg()
	if sum := md5.Sum(body); !bytes.Equal(sum[:], seg.GetBlockMd5()) || int(seg.GetDataLength()) != len(body) {
		e.t.Errorf("block at %d: wrong hash or length", seg.GetDataOffset())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.frames++
	e.now++
	e.most = max(e.most, e.now)
	last := seg.GetDataOffset()+uint64(len(body)) == seg.GetFileSize()
	if last && e.now > 1 {
		e.t.Error("the last block is not alone")
	}
	e.ticket = append(e.ticket, string(seg.GetServiceTicket()))
	var do act
	if e.on != nil {
		do = e.on(e.frames, head)
	}
	if do.code == 0 && do.ret == 0 && do.text == "" && !do.hang && !do.reset && do.status == 0 {
		if e.file == nil {
			e.file = make([]byte, seg.GetFileSize())
		}
		copy(e.file[seg.GetDataOffset():], body)
		e.order = append(e.order, seg.GetDataOffset())
	}
	return do
}

// testFile is a file that is sent in a test.
func testFile(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i * 7 / 5)
	}
	return b
}

// send sends a file to the edge and waits until all has ended.
func (e *edge) send(ctx context.Context, file []byte, o Options, progress func(uint64)) error {
	o.Dial = e.dial
	err := Send(ctx, Upload{
		CommandID: 1004, Size: uint64(len(file)), MD5: md5.Sum(file), Ext: []byte{0x0A, 0x01, 'x'}, Progress: progress,
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil },
	}, Session{
		Addrs: []string{"10.0.0.1:80", "10.0.0.2:80"}, Ticket: []byte("ticket"), UIN: "10001", AppID: 1, SubAppID: 2,
	}, o)
	e.conns.Wait()
	return err
}

func (e *edge) has(file []byte) {
	e.t.Helper()
	if sha1.Sum(e.file) != sha1.Sum(file) {
		e.t.Errorf("got another file of %d bytes", len(e.file))
	}
}

func contains(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want %q in it", err, want)
	}
}
