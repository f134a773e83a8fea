package upload

import (
	"fmt"
	"io"
	"net"
	"net/http"

	"google.golang.org/protobuf/proto"

	"libration/internal/highway"
	"libration/internal/pb/mediapb"
)

// Values of heads (docs/protocol/media.md 3.3).
const (
	headVersion  = 1
	dataFlag     = 16
	loginSigType = 8
)

// httpHead is an HTTP request with one frame, as other clients send it.
const httpHead = "POST /cgi-bin/httpconn?htcmd=0x6FF0087&uin=%s HTTP/1.1\r\n" +
	"Host: %s\r\n" +
	"User-Agent: Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2)\r\n" +
	"Accept-Encoding: identity\r\n" +
	"Connection: %s\r\n" +
	"Content-Length: %d\r\n\r\n"

// exchange sends the block, whose frame begins with start, and reads the answer. keep says
// that the connection can be used again.
func (l *lane) exchange(start []byte) (answer *mediapb.HighwayRespHead, keep bool, err error) {
	body := l.block.body
	parts := net.Buffers{start, body, {highway.Last}}
	if !l.tcp {
		connection := "keep-alive"
		if l.block.last { // docs/protocol/media.md 3.5
			connection = "close"
		}
		parts = append(net.Buffers{fmt.Appendf(nil, httpHead,
			l.s.session.UIN, l.s.session.Addrs[l.at], connection, len(start)+len(body)+1)}, parts...)
	}
	if _, err := parts.WriteTo(l.nc); err != nil {
		return nil, false, err
	}
	if l.tcp {
		answer, err = readAnswer(l.in)
		return answer, true, err
	}
	resp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return nil, false, endless(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, false, fmt.Errorf("the service answered with HTTP status %d", resp.StatusCode)
	}
	if answer, err = readAnswer(resp.Body); err != nil {
		return nil, false, err
	}
	rest, err := io.Copy(io.Discard, resp.Body) // to the end, so that the connection can be used again
	return answer, err == nil && rest == 0 && !resp.Close, nil
}

// readAnswer reads a frame to its end.
func readAnswer(r io.Reader) (*mediapb.HighwayRespHead, error) {
	head := &mediapb.HighwayRespHead{}
	frames := highway.NewReader(r)
	if _, err := frames.Next(head); err != nil {
		return nil, endless(err)
	}
	_, err := io.Copy(io.Discard, frames)
	return head, err
}

// endless turns an end of the stream before an answer into an error that says so.
func endless(err error) error {
	if err == io.EOF { //nolint:errorlint // a wrapped one has said more
		return fmt.Errorf("the service closed the connection: %w", io.ErrUnexpectedEOF)
	}
	return err
}

func (s *sending) base(command string) *mediapb.HighwayBaseHead {
	return &mediapb.HighwayBaseHead{
		Version: headVersion, Uin: s.session.UIN, Command: command, Seq: proto.Uint32(s.seq.Add(1)),
		AppId: s.session.SubAppID, DataFlag: dataFlag,
	}
}

func (s *sending) echo() *mediapb.HighwayReqHead {
	return &mediapb.HighwayReqHead{Base: s.base(highway.CommandEcho)}
}

// head is the head of a block; its zeros are written.
func (s *sending) head(b *block) *mediapb.HighwayReqHead {
	base := s.base(highway.CommandData)
	base.RetryTimes, base.CommandId = proto.Uint32(0), proto.Uint32(s.CommandID)
	return &mediapb.HighwayReqHead{
		Base: base,
		Seg: &mediapb.HighwaySegHead{
			ServiceId: proto.Uint32(0), FileSize: s.Size, DataOffset: proto.Uint64(b.Offset), DataLength: b.Length,
			RetCode: proto.Uint32(0), ServiceTicket: s.currentTicket(), BlockMd5: b.md5[:], FileMd5: s.MD5[:],
			CacheAddr: proto.Uint32(0), CachePort: proto.Uint32(0),
		},
		ExtendInfo: s.Ext,
		LoginSig:   &mediapb.HighwayLoginSig{LoginSigType: loginSigType, LoginSig: s.session.LoginSig, AppId: s.session.AppID},
	}
}
