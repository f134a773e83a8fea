package upload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/highway"
	"libration/internal/pb/mediapb"
	"libration/internal/vectors"
)

const mib = 1 << 20

func TestSend(t *testing.T) {
	for _, size := range []int{0, 1, mib - 1, mib, mib + 1, 2 * mib, 9*mib + 17} {
		for _, tcp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d tcp=%v", size, tcp), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					e := &edge{t: t, on: func(int, *mediapb.HighwayReqHead) act { return act{wait: time.Second} }}
					file := testFile(size)
					var progress []uint64
					if err := e.send(t.Context(), file, Options{TCP: tcp}, func(n uint64) { progress = append(progress, n) }); err != nil {
						t.Fatal(err)
					}
					e.has(file)
					blocks := highway.Plan{Size: uint64(size), Block: mib}.Blocks()
					if e.frames != blocks || e.most > 4 || size > 9*mib && e.most != 4 {
						t.Errorf("got %d frames, %d at the same time, want %d frames", e.frames, e.most, blocks)
					}
					if e.dials > 4 || tcp != (e.tcp > 0) && size > 0 {
						t.Errorf("got %d connections, %d of them for frames alone", e.dials, e.tcp)
					}
					if !slices.IsSorted(progress) || len(progress) != blocks || blocks > 0 && progress[blocks-1] != uint64(size) {
						t.Errorf("got progress %v", progress)
					}
				})
			})
		}
	}
}

// TestFailures sends 3 MiB and a byte while something goes wrong.
func TestFailures(t *testing.T) {
	first := func(n int, bad act) func(int, *mediapb.HighwayReqHead) act {
		return func(i int, _ *mediapb.HighwayReqHead) act {
			if i <= n {
				return bad
			}
			return act{}
		}
	}
	always := func(bad act) func(int, *mediapb.HighwayReqHead) act {
		return func(int, *mediapb.HighwayReqHead) act { return bad }
	}
	for name, tt := range map[string]struct {
		on     func(int, *mediapb.HighwayReqHead) act
		refuse func(int) bool
		opts   Options
		fails  string
		final  bool
		stale  bool
		frames int // 0: not compared
		within time.Duration
	}{
		"resets":                        {on: first(2, act{reset: true}), frames: 6},
		"a wrong answer":                {on: first(2, act{code: 2}), frames: 6},
		"a status":                      {on: first(1, act{status: 502}), frames: 5},
		"silence":                       {on: first(1, act{hang: true}), within: 35 * time.Second},
		"closed after each answer":      {on: always(act{closeAfter: true}), opts: Options{Attempts: 1}, frames: 4},
		"the same for frames alone":     {on: always(act{closeAfter: true}), opts: Options{Attempts: 1, TCP: true}, frames: 4},
		"the first dial fails":          {refuse: func(n int) bool { return n <= 3 }, frames: 4},
		"no connection":                 {refuse: func(int) bool { return true }, fails: "block 1 of 4: connection refused", opts: Options{Parallel: 1}},
		"always silent":                 {on: always(act{hang: true}), fails: "of 4: the service did not answer in time", within: 100 * time.Second},
		"always reset":                  {on: always(act{reset: true}), opts: Options{Parallel: 1}, fails: "block 1 of 4: ", frames: 3},
		"the ticket is over":            {on: always(act{code: 1}), opts: Options{Parallel: 1}, fails: "block 1 of 4: refused with code 1/0", stale: true, frames: 3},
		"the result inside":             {on: always(act{ret: 7}), opts: Options{Parallel: 1}, fails: "block 1 of 4: refused with code 0/7", stale: true},
		"the picture is refused":        {on: always(act{code: 83, ret: 198}), opts: Options{Parallel: 1}, fails: "code 83/198: the service does not want this picture", final: true, frames: 1},
		"too large":                     {on: always(act{code: 102902}), opts: Options{Parallel: 1}, fails: "code 102902/0: the file is too large", final: true, frames: 1},
		"a text though the codes are 0": {on: always(act{text: "No Perm"}), opts: Options{Parallel: 1}, fails: "refused: No Perm", final: true, frames: 1},
		"a text without an end":         {on: always(act{text: strings.Repeat("不", 10<<10)}), opts: Options{Parallel: 1}, fails: "refused: " + strings.Repeat("不", 200) + "... (code", final: true, frames: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				e := &edge{t: t, on: tt.on, refuse: tt.refuse}
				file := testFile(3*mib + 1)
				err := e.send(t.Context(), file, tt.opts, nil)
				if tt.fails == "" {
					if err != nil {
						t.Fatal(err)
					}
					e.has(file)
				} else {
					contains(t, err, tt.fails)
					var block *BlockError
					if !errors.As(err, &block) || block.Final() != tt.final || block.Stale() != tt.stale {
						t.Errorf("got %#v, want final %v, stale %v", block, tt.final, tt.stale)
					}
				}
				if tt.frames != 0 && e.frames != tt.frames {
					t.Errorf("got %d frames, want %d", e.frames, tt.frames)
				}
				if took := time.Since(began); took > max(tt.within, 4*time.Second) {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// TestOtherWay sends frames alone at the last attempt, when HTTP does not work.
func TestOtherWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &edge{t: t}
		e.on = func(int, *mediapb.HighwayReqHead) act {
			if e.tcp == 0 {
				return act{status: 405}
			}
			return act{}
		}
		file := testFile(10)
		if err := e.send(t.Context(), file, Options{}, nil); err != nil {
			t.Fatal(err)
		}
		e.has(file)
		if e.dials != 3 || e.tcp != 1 {
			t.Errorf("got %d connections, %d of them for frames alone, want 3 and 1", e.dials, e.tcp)
		}
	})
}

// TestTicketIsReplaced follows a ticket that the service gave with an answer.
func TestTicketIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &edge{t: t, on: func(n int, _ *mediapb.HighwayReqHead) act {
			if n == 1 {
				return act{ticket: "another"}
			}
			return act{}
		}}
		if err := e.send(t.Context(), testFile(2*mib+1), Options{Parallel: 1}, nil); err != nil {
			t.Fatal(err)
		}
		if want := []string{"ticket", "another", "another"}; !slices.Equal(e.ticket, want) {
			t.Errorf("got %q, want %q", e.ticket, want)
		}
	})
}

// TestCancel cancels at each step of an upload.
func TestCancel(t *testing.T) {
	reason, file := errors.New("not wanted any more"), testFile(20*mib)
	for _, at := range []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond, 2500 * time.Millisecond} {
		for name, bad := range map[string]act{"slow": {wait: time.Second}, "silent": {hang: true}, "reset": {reset: true}} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				began := time.Now()
				time.AfterFunc(at, func() { cancel(reason) })
				e := &edge{t: t, on: func(int, *mediapb.HighwayReqHead) act { return bad }}
				err := e.send(ctx, file, Options{}, nil)
				if !errors.Is(err, reason) || time.Since(began) > at+time.Second {
					t.Errorf("%s, after %v: got %v at %v", name, at, err, time.Since(began))
				}
			})
		}
	}
}

// failing gives some bytes and then an error.
type failing struct {
	io.Reader
	err    error
	closed *bool
}

func (f failing) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if err == io.EOF && f.err != nil {
		err = f.err
	}
	return n, err
}

func (f failing) Close() error {
	*f.closed = true
	return nil
}

func TestSourceFails(t *testing.T) {
	broken := errors.New("disk broken")
	for name, tt := range map[string]struct {
		bytes int
		err   error
		open  error
		want  string
	}{
		"short":   {bytes: 2 * mib, want: "read the file: it has fewer than its 3145729 bytes"},
		"broken":  {bytes: 2*mib + 5, err: broken, want: "read the file: disk broken"},
		"no file": {open: broken, want: "read the file: disk broken"},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := &edge{t: t, on: func(int, *mediapb.HighwayReqHead) act { return act{hang: true} }}
			closed := false
			err := Send(t.Context(), Upload{Size: 3*mib + 1, Open: func(context.Context) (io.ReadCloser, error) {
				return failing{bytes.NewReader(testFile(tt.bytes)), tt.err, &closed}, tt.open
			}}, Session{Addrs: []string{"10.0.0.1:80"}, UIN: "10001"}, Options{Dial: e.dial})
			e.conns.Wait()
			contains(t, err, tt.want)
			var source *SourceError
			if !errors.As(err, &source) || closed != (tt.open == nil) {
				t.Errorf("%s: got %#v, closed %v", name, err, closed)
			}
		})
	}
	err := Send(t.Context(), Upload{Size: 1}, Session{}, Options{})
	contains(t, err, "block 1 of 1: the service named no address")
}

// TestHeadVectors writes the heads that LagrangeGo wrote, but for the sequence.
func TestHeadVectors(t *testing.T) {
	type vector struct {
		ID, Kind string
		Frame    vectors.Hex
	}
	checked := 0
	for _, v := range vectors.Read[vector](t, "highway.json") {
		if v.Kind != "request_frame" {
			continue
		}
		want := &mediapb.HighwayReqHead{}
		frames := highway.NewReader(bytes.NewReader(v.Frame))
		if _, err := frames.Next(want); err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(frames)
		if err != nil {
			t.Fatal(err)
		}
		seg := want.GetSeg()
		s := &sending{
			Upload: Upload{CommandID: want.GetBase().GetCommandId(), Size: seg.GetFileSize(), Ext: want.ExtendInfo},
			session: Session{
				UIN: want.GetBase().GetUin(), SubAppID: want.GetBase().GetAppId(), AppID: want.GetLoginSig().GetAppId(),
				LoginSig: want.GetLoginSig().GetLoginSig(),
			},
			ticket: seg.GetServiceTicket(),
		}
		s.seq.Store(want.GetBase().GetSeq() - 1)
		var got *mediapb.HighwayReqHead
		if seg == nil {
			got = s.echo()
		} else {
			copy(s.MD5[:], seg.GetFileMd5())
			b := &block{Block: highway.Block{Offset: seg.GetDataOffset(), Length: seg.GetDataLength()}, body: body}
			copy(b.md5[:], seg.GetBlockMd5())
			got = s.head(b)
		}
		again, err := highway.Append(nil, got, body)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again, v.Frame) {
			t.Errorf("%s: got %v\nwant %v", v.ID, got, want)
		}
		checked++
	}
	if checked == 0 {
		t.Error("no vector was checked")
	}
}

func FuzzAnswer(f *testing.F) {
	frame, err := highway.Append(nil, &mediapb.HighwayRespHead{ErrorCode: proto.Uint32(83)}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(frame)
	f.Fuzz(func(t *testing.T, in []byte) {
		answer, err := readAnswer(bytes.NewReader(in))
		if err == nil {
			_ = refusal(answer)
		}
	})
}
