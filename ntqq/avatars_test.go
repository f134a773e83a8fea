package ntqq

import (
	"bytes"
	"context"
	"crypto/md5"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/protobuf/proto"

	"libration/internal/highway"
	"libration/internal/pb/mediapb"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// highwayBlock is what came in one frame.
type highwayBlock struct {
	head *mediapb.HighwayReqHead
	body []byte
}

// takenBlocks are the blocks that a highway without a service behind it has taken.
type takenBlocks struct {
	mu  sync.Mutex
	all []highwayBlock
}

// option lets a client send its blocks here.
func (b *takenBlocks) option(o *Options) {
	service := o.Dial
	o.UploadTCP = true
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "127.0.0.1:99" {
			return service(ctx, network, address)
		}
		client, server := net.Pipe()
		go b.serve(server)
		return client, nil
	}
}

func (b *takenBlocks) serve(nc net.Conn) {
	defer nc.Close()
	for {
		frames, head := highway.NewReader(nc), &mediapb.HighwayReqHead{}
		if _, err := frames.Next(head); err != nil {
			return
		}
		body, err := io.ReadAll(frames)
		if err != nil {
			return
		}
		resp := &mediapb.HighwayRespHead{Base: head.Base, ErrorCode: proto.Uint32(0), AllowRetry: proto.Uint32(0)}
		if head.GetBase().GetCommand() == highway.CommandData {
			resp.Seg = &mediapb.HighwaySegHead{RetCode: proto.Uint32(0)}
			b.mu.Lock()
			b.all = append(b.all, highwayBlock{head, body})
			b.mu.Unlock()
		}
		frame, err := highway.Append(nil, resp, nil)
		if err != nil {
			return
		}
		if _, err := nc.Write(frame); err != nil {
			return
		}
	}
}

// checkOwnAvatar sets the picture of the account and compares the blocks. Nothing is reserved.
func (v *fileFlowVector) checkOwnAvatar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, taken := &mediaService{}, &takenBlocks{}
		c := s.client(t, taken.option)
		image := &message.ImageSegment{Medium: message.Medium{Source: media.Bytes(v.Args.File.Bytes)}}
		if err := c.Users().SetAvatar(t.Context(), image); err != nil {
			t.Fatal(err)
		}
		taken.mu.Lock()
		defer taken.mu.Unlock()
		if len(v.Requests) != 0 || s.reserved.Load() != 0 || len(v.Highway) != 1 || len(taken.all) != len(v.Highway[0].Blocks) {
			t.Fatalf("%d places reserved, %d blocks, want %+v", s.reserved.Load(), len(taken.all), v.Highway)
		}
		want := v.Highway[0]
		for i, b := range want.Blocks {
			got := taken.all[i]
			seg, sum := got.head.GetSeg(), md5.Sum(got.body)
			if got.head.GetBase().GetCommandId() != want.CommandID || !bytes.Equal(got.head.GetExtendInfo(), want.ExtendInfo) ||
				seg.GetFileSize() != want.FileSize || !bytes.Equal(seg.GetFileMd5(), want.FileMD5) ||
				seg.GetDataOffset() != b.Offset || uint64(seg.GetDataLength()) != b.Length ||
				!bytes.Equal(seg.GetBlockMd5(), b.MD5) || !bytes.Equal(sum[:], b.MD5) {
				t.Errorf("block %d: got %v, want %+v of %+v", i, got.head, b, want)
			}
		}
	})
}
