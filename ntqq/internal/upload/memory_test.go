package upload

import (
	"bufio"
	"context"
	"crypto/md5"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/highway"
	"libration/internal/pb/mediapb"
)

// zeros is a file of zeros that is nowhere.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// discard answers each block of a connection and keeps nothing.
func discard(nc net.Conn) {
	defer nc.Close()
	r := bufio.NewReader(nc)
	frames := highway.NewReader(r)
	for {
		head := &mediapb.HighwayReqHead{}
		if _, err := frames.Next(head); err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, frames); err != nil {
			return
		}
		answer, err := highway.Append(nil, &mediapb.HighwayRespHead{ErrorCode: proto.Uint32(0)}, nil)
		if err != nil {
			return
		}
		if _, err := nc.Write(answer); err != nil {
			return
		}
	}
}

// TestMemory sends 100 MiB: four blocks are in memory, and little else.
func TestMemory(t *testing.T) {
	const size = 100 << 20
	var conns sync.WaitGroup
	defer conns.Wait()
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := uint64(0)
	err := Send(t.Context(), Upload{
		CommandID: 1005, Size: size, MD5: md5.Sum(nil), Ext: make([]byte, 20*size/highway.BlockSize),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(io.LimitReader(zeros{}, size)), nil },
		Progress: func(uint64) {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		},
	}, Session{Addrs: []string{"10.0.0.1:80"}, UIN: "10001"}, Options{
		TCP: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			conns.Go(func() { discard(server) })
			return client, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	took := int64(most - before.HeapAlloc)
	t.Logf("took %d bytes at most", took)
	if took > 8<<20 {
		t.Errorf("took %d bytes, want at most 8 MiB", took)
	}
}
