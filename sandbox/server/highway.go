package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/highway"
	"libration/internal/pb/mediapb"
)

// answerPatience is how long a client may take to read an answer.
const answerPatience = 30 * time.Second

// serveHighway takes the frames of a connection, one after the other, until it ends.
func (s *Server) serveHighway(ctx context.Context, c *conn) {
	frames := highway.NewReader(c.in)
	for {
		_ = c.nc.SetReadDeadline(time.Now().Add(incomingPatience))
		done, err := s.blocks.next(ctx, frames)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
				s.log.Debug("upload connection ended", "remote", c.remote, "err", err)
			}
			return
		}
		switch {
		case done.fault.reset:
			c.reset()
			return
		case done.fault.silent:
			_, _ = io.Copy(io.Discard, c.in) // until the client has enough
			return
		}
		_ = c.nc.SetWriteDeadline(time.Now().Add(answerPatience))
		if _, err := c.nc.Write(done.frame); err != nil || done.fault.closeAfter {
			return
		}
	}
}

// highwayPath is where frames are posted, one per request.
const highwayPath = "/cgi-bin/httpconn"

// highwayHandler takes a frame from each request. Refusals are frames, too.
func (s *Server) highwayHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "frames are posted", http.StatusMethodNotAllowed)
			return
		}
		out := http.NewResponseController(w)
		_ = out.SetReadDeadline(time.Now().Add(incomingPatience))
		done, err := s.blocks.next(r.Context(), highway.NewReader(bufio.NewReader(r.Body)))
		if err != nil {
			s.log.Debug("no upload frame", "remote", r.RemoteAddr, "err", err)
			http.Error(w, "the body is not a frame", http.StatusBadRequest)
			return
		}
		c := connOf(r.Context())
		switch {
		case done.fault.reset:
			c.reset()
			panic(http.ErrAbortHandler) // no answer
		case done.fault.silent:
			<-r.Context().Done() // the client has enough
			panic(http.ErrAbortHandler)
		}
		_ = out.SetWriteDeadline(time.Now().Add(answerPatience))
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.Itoa(len(done.frame)))
		_, _ = w.Write(done.frame)
		if done.fault.closeAfter {
			_ = out.Flush()
			c.close() // without a word in the answer
		}
	})
}

// answered is what becomes of one frame.
type answered struct {
	frame []byte
	fault blockFault
}

// next reads a frame, takes its block and makes its answer, when that is due. The error
// is that of a connection that cannot go on.
func (b *blocks) next(ctx context.Context, frames *highway.Reader) (done answered, err error) {
	req := &mediapb.HighwayReqHead{}
	size, err := frames.Next(req)
	var head *highway.HeadError
	if err != nil && !errors.As(err, &head) {
		return done, err
	}
	resp := &mediapb.HighwayRespHead{Base: req.GetBase(), ErrorCode: proto.Uint32(0), AllowRetry: proto.Uint32(0)}
	if req.GetBase().GetCommand() != highway.CommandEcho {
		refused := &blockError{code: codeUnknownUpload}
		if head == nil {
			if done.fault = b.strikes(req); done.fault.reset || done.fault.silent {
				if done.fault.reset { // in the middle of the block
					size /= 2
				}
				_, _ = io.CopyN(io.Discard, frames, int64(size))
				return done, nil
			}
			refused = b.take(req, size, frames, &done.fault)
		}
		answerBlock(resp, req.GetSeg(), refused)
		b.log.Debug("answered", "operation", "highway "+strconv.Itoa(int(req.GetBase().GetCommandId())), "code", int64(resp.GetErrorCode()))
	}
	if _, err := io.Copy(io.Discard, frames); err != nil { // what is left, and the end of the frame
		return done, err
	}
	if err := wait(ctx, done.fault.delay); err != nil {
		return done, err
	}
	done.frame, err = highway.Append(nil, resp, nil)
	return done, err
}

// answerBlock says which block was meant, and why it was refused. Its zeros are written:
// some clients cannot do without (docs/protocol/media.md 10.2).
func answerBlock(resp *mediapb.HighwayRespHead, seg *mediapb.HighwaySegHead, refused *blockError) {
	var ret uint32
	if refused != nil {
		ret, resp.ErrorCode = refused.ret, proto.Uint32(refused.code)
		if refused.text != "" {
			resp.ExtendInfo = encode(&mediapb.HighwayRefusal{Reason: proto.String(refused.text)})
		}
	}
	resp.Seg = &mediapb.HighwaySegHead{
		ServiceId: proto.Uint32(0), FileSize: seg.GetFileSize(), DataOffset: proto.Uint64(seg.GetDataOffset()),
		DataLength: seg.GetDataLength(), RetCode: proto.Uint32(ret), BlockMd5: seg.GetBlockMd5(), FileMd5: seg.GetFileMd5(),
	}
	resp.CacheCost, resp.HtCost = proto.Uint32(0), proto.Uint32(0)
	resp.Timestamp, resp.Range, resp.IsReset = proto.Uint64(0), proto.Uint64(0), proto.Uint32(0)
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
