package server

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/highway"
	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
	"libration/internal/vectors"
	"libration/sandbox/fault"
)

// uploading is an upload that a test does by hand.
type uploading struct {
	h       *harness
	content string
	ticket  []byte
	ext     *mediapb.RichMediaHighwayExt
	file    *mediapb.FileUploadExt // of a file, in the place of ext
	command uint32

	nc   net.Conn // for frames alone
	in   *bufio.Reader
	http *http.Transport
}

// incoming returns how many uploads go on.
func (h *harness) incoming() int {
	h.blocks.mu.Lock()
	defer h.blocks.mu.Unlock()
	return len(h.blocks.incoming)
}

// reserve gets a ticket and reserves a picture for a group.
func (h *harness) reserve(c *client, content string) *uploading {
	h.t.Helper()
	answer := call(c, rpc.UploadGroupImage, groupUpload(1, fileInfo(content))).GetUpload()
	u := &uploading{h: h, content: content, command: 1004, ext: &mediapb.RichMediaHighwayExt{
		FileUuid: answer.GetMsgInfo().GetBody()[0].GetIndex().GetFileUuid(), Ukey: answer.GetUkey(),
		Hash: &mediapb.HighwayHash{FileSha1: [][]byte{sha1Of(content)}},
	}}
	u.renew(c)
	return u
}

func sha1Of(content string) []byte {
	s := highway.NewStates()
	_, _ = io.WriteString(s, content)
	sum := s.Sum()
	return sum[:]
}

func (u *uploading) renew(c *client) {
	u.ticket = call(c, rpc.HighwaySession, &mediapb.HighwaySessionReq{}).GetBody().GetSigSession()
}

// head is that of the block from a byte to before another one.
func (u *uploading) head(from, to int) *mediapb.HighwayReqHead {
	whole, part := md5.Sum([]byte(u.content)), md5.Sum([]byte(u.content[from:to]))
	extra := proto.Message(u.ext)
	if u.file != nil {
		extra = u.file
	}
	ext, err := proto.Marshal(extra)
	if err != nil {
		u.h.t.Fatal(err)
	}
	return &mediapb.HighwayReqHead{
		Base: &mediapb.HighwayBaseHead{
			Version: 1, Uin: uinText(bot), Command: highway.CommandData, Seq: proto.Uint32(7), RetryTimes: proto.Uint32(0),
			AppId: 9, DataFlag: 16, CommandId: proto.Uint32(u.command),
		},
		Seg: &mediapb.HighwaySegHead{
			FileSize: uint64(len(u.content)), DataOffset: proto.Uint64(uint64(from)), DataLength: uint32(to - from),
			ServiceTicket: u.ticket, BlockMd5: part[:], FileMd5: whole[:],
		},
		ExtendInfo: ext,
	}
}

// tcp sends a block as a frame alone.
func (u *uploading) tcp(head *mediapb.HighwayReqHead, body string) (*mediapb.HighwayRespHead, error) {
	u.h.t.Helper()
	if u.nc == nil {
		nc, err := u.h.l.DialContext(context.Background(), "tcp", "")
		if err != nil {
			u.h.t.Fatal(err)
		}
		u.h.t.Cleanup(func() { nc.Close() })
		u.nc, u.in = nc, bufio.NewReader(nc)
	}
	frame, err := highway.Append(nil, head, []byte(body))
	if err != nil {
		u.h.t.Fatal(err)
	}
	if _, err := u.nc.Write(frame); err != nil {
		return nil, err
	}
	_ = u.nc.SetReadDeadline(time.Now().Add(time.Minute))
	return readBlockAnswer(u.in)
}

func readBlockAnswer(r io.Reader) (*mediapb.HighwayRespHead, error) {
	resp := &mediapb.HighwayRespHead{}
	frames := highway.NewReader(r)
	n, err := frames.Next(resp)
	if err == nil {
		_, err = io.Copy(io.Discard, frames)
	}
	if err == nil && n != 0 {
		err = fmt.Errorf("a body of %d bytes", n)
	}
	return resp, err
}

// post sends a block over HTTP.
func (u *uploading) post(head *mediapb.HighwayReqHead, body string) (*mediapb.HighwayRespHead, error) {
	u.h.t.Helper()
	if u.http == nil {
		u.http = &http.Transport{DialContext: u.h.l.DialContext}
		u.h.t.Cleanup(u.http.CloseIdleConnections)
	}
	frame, err := highway.Append(nil, head, []byte(body))
	if err != nil {
		u.h.t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: u.http, Timeout: time.Minute}).Post(
		"http://127.0.0.1:1/cgi-bin/httpconn?htcmd=0x6FF0087&uin=10001", "", bytes.NewReader(frame))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.ContentLength <= 0 {
		u.h.t.Errorf("got %s, %d bytes", answer.Status, answer.ContentLength)
	}
	return readBlockAnswer(answer.Body)
}

// block sends the block from a byte to before another one.
func (u *uploading) block(send func(*mediapb.HighwayReqHead, string) (*mediapb.HighwayRespHead, error), from, to int) string {
	u.h.t.Helper()
	resp, err := send(u.head(from, to), u.content[from:to])
	return blockResult(resp, err)
}

func blockResult(resp *mediapb.HighwayRespHead, err error) string {
	if err != nil {
		return "broken"
	}
	return fmt.Sprintf("%d/%d", resp.GetErrorCode(), resp.GetSeg().GetRetCode())
}

// has reports whether the service has the file.
func (u *uploading) has() bool {
	b := &uploadFile{}
	info := fileInfo(u.content)
	fromHex(b.MD5[:], info.GetFileMd5())
	fromHex(b.SHA1[:], info.GetFileSha1())
	_, ok := u.h.World().Media().Find(b.MD5, b.SHA1, uint64(len(u.content)))
	return ok
}

// TestBlocks sends blocks in any order, over several connections of both forms.
func TestBlocks(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	u := h.reserve(c, strings.Repeat("0123456789abcdef", 20_000))
	other := *u
	other.nc, other.in = nil, nil
	size := len(u.content)
	for i, b := range []struct {
		send     func(*mediapb.HighwayReqHead, string) (*mediapb.HighwayRespHead, error)
		from, to int
	}{
		{u.tcp, 200_000, 250_000}, {u.post, 0, 100_000}, {other.tcp, 250_000, size - 1}, {other.post, 0, 100_000}, {u.tcp, 90_000, 200_000},
	} {
		if got := u.block(b.send, b.from, b.to); got != "0/0" || u.has() {
			t.Fatalf("block %d: got %s, has %v", i, got, u.has())
		}
	}
	if got := u.block(u.post, size-1, size); got != "0/0" || !u.has() {
		t.Errorf("the last block: got %s, has %v", got, u.has())
	}
	// An answer was lost, and it comes again.
	if got := u.block(other.tcp, size-1, size); got != "0/0" {
		t.Errorf("again: got %s", got)
	}
	if h.incoming() != 0 {
		t.Errorf("got %d uploads that go on", h.incoming())
	}
}

// TestBlockAnswerVectors compares with the answers that other clients accept, byte by byte.
func TestBlockAnswerVectors(t *testing.T) {
	h := startMedia(t, Options{})
	checked := 0
	for _, v := range vectors.Read[struct {
		ID, Kind        string
		Frame, Response vectors.Hex
	}](t, "highway.json") {
		if v.Kind != "request_frame" {
			continue
		}
		checked++
		done, err := h.blocks.next(t.Context(), highway.NewReader(bytes.NewReader(v.Frame)))
		if err != nil {
			t.Fatalf("%s: %v", v.ID, err)
		}
		got := &mediapb.HighwayRespHead{} // it is refused: nobody has reserved it
		if _, err := highway.NewReader(bytes.NewReader(done.frame)).Next(got); err != nil {
			t.Fatal(err)
		}
		if got.Seg != nil && got.GetErrorCode() != codeBadTicket {
			t.Errorf("%s: got code %d", v.ID, got.GetErrorCode())
		}
		got.ErrorCode = proto.Uint32(0)
		if got.Seg == nil { // the answer to an echo was shorter there
			got.AllowRetry = nil
		}
		frame, err := highway.Append(nil, got, nil)
		if err != nil || !bytes.Equal(frame, v.Response) {
			t.Errorf("%s: got %x\nwant %x", v.ID, frame, v.Response)
		}
	}
	if checked == 0 {
		t.Error("no vector was checked")
	}
}

func TestBlockRefused(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	u := h.reserve(c, "a picture of 26 characters")
	ext := func(change func(*mediapb.RichMediaHighwayExt)) func(*mediapb.HighwayReqHead) {
		return func(head *mediapb.HighwayReqHead) {
			e := proto.CloneOf(u.ext)
			change(e)
			head.ExtendInfo, _ = proto.Marshal(e)
		}
	}
	other := h.reserve(c, "another picture")
	for name, tt := range map[string]struct {
		change func(*mediapb.HighwayReqHead)
		want   string
	}{
		"no ticket":         {func(r *mediapb.HighwayReqHead) { r.Seg.ServiceTicket = []byte("x") }, "1/0"},
		"another account":   {func(r *mediapb.HighwayReqHead) { r.Base.Uin = uinText(alice) }, "1/0"},
		"no account":        {func(r *mediapb.HighwayReqHead) { r.Base.Uin = "0" + r.Base.Uin }, "1/0"},
		"no segment":        {func(r *mediapb.HighwayReqHead) { r.Seg = nil }, "1/0"},
		"no head":           {func(r *mediapb.HighwayReqHead) { *r = mediapb.HighwayReqHead{} }, "1/0"},
		"command":           {func(r *mediapb.HighwayReqHead) { r.Base.Command = "PicUp.Other" }, "4/0"},
		"command id":        {func(r *mediapb.HighwayReqHead) { r.Base.CommandId = proto.Uint32(71) }, "4/0"},
		"of another kind":   {func(r *mediapb.HighwayReqHead) { r.Base.CommandId = proto.Uint32(1008) }, "4/0"},
		"no information":    {func(r *mediapb.HighwayReqHead) { r.ExtendInfo = []byte{0xFF} }, "4/0"},
		"key":               {ext(func(e *mediapb.RichMediaHighwayExt) { e.Ukey = "x" }), "4/0"},
		"key of another":    {ext(func(e *mediapb.RichMediaHighwayExt) { e.Ukey = other.ext.Ukey }), "4/0"},
		"uuid":              {ext(func(e *mediapb.RichMediaHighwayExt) { e.FileUuid = "x" }), "4/0"},
		"no hash":           {ext(func(e *mediapb.RichMediaHighwayExt) { e.Hash = nil }), "2/0"},
		"two hashes":        {ext(func(e *mediapb.RichMediaHighwayExt) { e.Hash.FileSha1 = append(e.Hash.FileSha1, e.Hash.FileSha1[0]) }), "2/0"},
		"another hash":      {ext(func(e *mediapb.RichMediaHighwayExt) { e.Hash.FileSha1[0][0] ^= 1 }), "2/0"},
		"length":            {func(r *mediapb.HighwayReqHead) { r.Seg.DataLength-- }, "3/0"},
		"behind the end":    {func(r *mediapb.HighwayReqHead) { r.Seg.DataOffset = proto.Uint64(17) }, "3/0"},
		"far behind it":     {func(r *mediapb.HighwayReqHead) { r.Seg.DataOffset = proto.Uint64(1<<64 - 1) }, "3/0"},
		"another size":      {func(r *mediapb.HighwayReqHead) { r.Seg.FileSize++ }, "3/0"},
		"hash of the file":  {func(r *mediapb.HighwayReqHead) { r.Seg.FileMd5 = []byte("x") }, "2/0"},
		"hash of the block": {func(r *mediapb.HighwayReqHead) { r.Seg.BlockMd5 = bytes.Repeat([]byte{1}, 16) }, "2/0"},
		"no hash of it":     {func(r *mediapb.HighwayReqHead) { r.Seg.BlockMd5 = nil }, "2/0"},
	} {
		head := u.head(0, 10)
		tt.change(head)
		resp, err := u.tcp(head, u.content[:10])
		if got := blockResult(resp, err); got != tt.want || resp.GetSeg() == nil {
			t.Errorf("%s: got %s, %v, want %s", name, got, resp.GetSeg(), tt.want)
		}
	}
	resp, err := u.tcp(u.head(0, 10), "")
	if got := blockResult(resp, err); got != "3/0" {
		t.Errorf("no body: got %s", got)
	}
	if got := u.block(u.tcp, 0, len(u.content)); got != "0/0" || !u.has() {
		t.Errorf("at last: got %s, has %v", got, u.has())
	}
	if _, err := u.nc.Write([]byte{highway.First, 0xFF}); err != nil {
		t.Fatal(err)
	}
	if _, err := u.nc.Write(bytes.Repeat([]byte{0xFF}, 7)); err != nil {
		t.Fatal(err)
	}
	if _, err := u.in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("no frame: got %v, want the end of the connection", err)
	}
	for body, want := range map[string]int{"": http.StatusBadRequest, "no frame": http.StatusBadRequest} {
		answer, err := (&http.Client{Transport: u.transport()}).Post("http://127.0.0.1:1/cgi-bin/httpconn", "", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%q: got %s", body, answer.Status)
		}
	}
	if answer, _ := h.fetch(http.MethodGet, "http://127.0.0.1:1/cgi-bin/httpconn"); answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: got %s", answer.Status)
	}
}

func (u *uploading) transport() *http.Transport {
	t := &http.Transport{DialContext: u.h.l.DialContext, DisableKeepAlives: true}
	u.h.t.Cleanup(t.CloseIdleConnections)
	return t
}

// TestFileIsDamaged sends blocks with right hashes that make another file.
func TestFileIsDamaged(t *testing.T) {
	h := startMedia(t, Options{})
	u := h.reserve(h.dial().login(bot), "a picture of 26 characters")
	head := u.head(0, 26)
	bad := strings.Repeat("x", 26)
	sum := md5.Sum([]byte(bad))
	head.Seg.BlockMd5 = sum[:]
	resp, err := u.tcp(head, bad)
	if got := blockResult(resp, err); got != "2/0" || u.has() {
		t.Errorf("got %s, has %v", got, u.has())
	}
	if got := u.block(u.tcp, 0, 26); got != "0/0" || !u.has() {
		t.Errorf("again: got %s, has %v", got, u.has())
	}
}

// TestUploadsEnd gives up what does not go on.
func TestUploadsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startMedia(t, Options{})
		c := h.dial().login(bot)
		old := h.reserve(c, "never to be completed")
		old.block(old.tcp, 0, 5)
		time.Sleep(incomingPatience + time.Second) // of the bubble
		next := h.reserve(c, "another")
		next.block(next.tcp, 0, 5)
		if n := h.incoming(); n != 1 {
			t.Errorf("got %d uploads that go on, want 1", n)
		}
		old.nc = nil // the connection has ended, too
		if got := old.block(old.tcp, 5, 21); got != "0/0" || old.has() {
			t.Errorf("begun again: got %s, has %v", got, old.has())
		}
		h.blocks.dropAll()
		if got := old.block(old.tcp, 5, 21); got != "0/0" || h.incoming() != 1 {
			t.Errorf("after the end: got %s, %d uploads", got, h.incoming())
		}
	})
}

func TestRanges(t *testing.T) {
	var r ranges
	for _, p := range []part{{10, 20}, {30, 40}, {0, 5}, {50, 60}, {20, 30}, {5, 6}, {15, 35}} {
		r.add(p.from, p.to)
	}
	if want := (ranges{{0, 6}, {10, 40}, {50, 60}}); fmt.Sprint(r) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", r, want)
	}
	if r.has(0, 60) || !r.has(10, 40) || r.has(5, 7) {
		t.Errorf("has: %v", r)
	}
	r.add(0, 60)
	if !r.has(0, 60) || len(r) != 1 {
		t.Errorf("whole: got %v", r)
	}
	r = nil
	for i := range uint64(maxRanges) {
		r.add(2*i, 2*i+1)
	}
	if r.add(1<<20, 1<<20+1) || !r.add(1, 2) {
		t.Error("too many gaps: want no more")
	}
}

// blockFaults is a test for each fault of uploads, and what both forms of an upload answer.
var blockFaults = map[fault.Name]string{
	fault.UploadReset:      "broken 0/0",
	fault.UploadWrongHash:  "2/0 0/0",
	fault.UploadSlow:       "0/0",
	fault.UploadSilent:     "broken 0/0",
	fault.UploadExpired:    "1/0 1/0 renew 0/0",
	fault.UploadCloseAfter: "0/0 broken 0/0",
	fault.UploadRefused:    "83/198 0/0",
}

func TestUploadFaults(t *testing.T) {
	for name, want := range blockFaults {
		for _, form := range []string{"tcp", "http"} {
			t.Run(string(name)+" "+form, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := startMedia(t, Options{})
					c := h.dial().login(bot)
					u := h.reserve(c, "a picture")
					send := u.tcp
					if form == "http" {
						send = u.post
					}
					h.fault(string(name) + ":count=1,uin=10001")
					began := time.Now()
					for _, step := range strings.Fields(want) {
						if step == "renew" {
							u.renew(c)
							continue
						}
						got := u.block(send, 0, len(u.content))
						noticed := form == "http" && name == fault.UploadCloseAfter // net/http may see the end of a connection
						if got != step && (!noticed || step != "broken") {
							t.Fatalf("got %s, want %s of %s", got, step, want)
						}
						if step == "broken" {
							u.nc = nil
						}
					}
					if !u.has() || h.Faults().Struck(name) != 1 {
						t.Errorf("has the file: %v, struck %d times", u.has(), h.Faults().Struck(name))
					}
					if took := time.Since(began); name == fault.UploadSlow && took != 5*time.Second {
						t.Errorf("took %v, want 5 s", took)
					}
				})
			})
		}
	}
}

// TestHalfFrames: a client that stops within a frame, or before it, does not keep its
// connection.
func TestHalfFrames(t *testing.T) {
	for name, start := range map[string]string{
		"a frame alone": "(\x00\x00", "a posted frame": "POST /cgi-bin/httpconn HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\n(\x00\x00",
	} {
		synctest.Test(t, func(t *testing.T) {
			h := startMedia(t, Options{})
			nc, err := h.l.DialContext(t.Context(), "tcp", "")
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			if _, err := io.WriteString(nc, start); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_ = nc.SetReadDeadline(began.Add(24 * time.Hour))
			_, _ = io.Copy(io.Discard, nc)
			if took := time.Since(began); took > incomingPatience+time.Minute {
				t.Errorf("%s: the connection was open for %v", name, took)
			}
		})
	}
}

// FuzzBlocks gives the service arbitrary frames, some of them with a good ticket.
func FuzzBlocks(f *testing.F) {
	s := newServer(f, Options{})
	f.Cleanup(func() {
		s.blocks.dropAll()
		if err := s.World().Close(); err != nil {
			f.Error(err)
		}
	})
	content := "a picture"
	whole := md5.Sum([]byte(content))
	one := &reservation{uin: bot, kind: mediaImage, uuid: "uuid"}
	one.MD5, one.SHA1, one.Size = whole, [20]byte(sha1Of(content)), uint64(len(content))
	ext, err := proto.Marshal(&mediapb.RichMediaHighwayExt{
		FileUuid: "uuid", Ukey: s.grant(one), Hash: &mediapb.HighwayHash{FileSha1: [][]byte{one.SHA1[:]}},
	})
	if err != nil {
		f.Fatal(err)
	}
	half := md5.Sum([]byte(content[:4]))
	frame, err := highway.Append(nil, &mediapb.HighwayReqHead{
		Base: &mediapb.HighwayBaseHead{Uin: uinText(bot), Command: highway.CommandData, CommandId: proto.Uint32(1004)},
		Seg: &mediapb.HighwaySegHead{
			FileSize: one.Size, DataLength: 4, ServiceTicket: s.ticket(bot), BlockMd5: half[:], FileMd5: whole[:],
		},
		ExtendInfo: ext,
	}, []byte(content[:4]))
	if err != nil {
		f.Fatal(err)
	}
	if done, err := s.blocks.next(f.Context(), highway.NewReader(bytes.NewReader(frame))); err != nil || bytes.Contains(done.frame, []byte{0x18, codeBadTicket}) {
		f.Fatalf("the seed: got %x, error %v", done.frame, err)
	}
	f.Add(frame)
	private := &reservation{Blob: one.Blob, uin: bot, kind: mediaPrivateFile, uuid: "id"}
	if ext, err = proto.Marshal(fileExt(content, "id", s.grant(private), 0)); err != nil {
		f.Fatal(err)
	}
	frame, err = highway.Append(nil, &mediapb.HighwayReqHead{
		Base: &mediapb.HighwayBaseHead{Uin: uinText(bot), Command: highway.CommandData, CommandId: proto.Uint32(95)},
		Seg: &mediapb.HighwaySegHead{
			FileSize: one.Size, DataLength: 4, ServiceTicket: s.ticket(bot), BlockMd5: half[:], FileMd5: whole[:],
		},
		ExtendInfo: ext,
	}, []byte(content[:4]))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(frame)
	f.Fuzz(func(t *testing.T, in []byte) {
		frames := highway.NewReader(bytes.NewReader(in))
		for range 4 {
			if _, err := s.blocks.next(t.Context(), frames); err != nil {
				return
			}
		}
	})
}
