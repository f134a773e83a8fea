package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/message"
	"libration/sandbox"
)

// benchUpload is how many bytes a picture of the benchmarks has.
const benchUpload = 24 << 20

// BenchmarkUpload sends pictures of 24 MiB to a sandbox over the loopback: hashed by the
// client, reserved, sent in blocks, hashed and kept on disk by the sandbox.
func BenchmarkUpload(b *testing.B) {
	for name, tcp := range map[string]bool{"http": false, "tcp": true} {
		b.Run(name, func(b *testing.B) {
			client := onSockets(b, func(o *ntqq.Options) { o.UploadTCP = tcp })
			picture := newPicture(benchUpload, 0)
			b.SetBytes(benchUpload)
			b.ReportAllocs()
			n := uint64(0)
			for b.Loop() {
				n++
				binary.LittleEndian.PutUint64(picture[benchUpload/2:], n) // another one
				seg := message.Image(media.Bytes(picture))
				if _, err := client.Media().Upload(b.Context(), message.Chat{Kind: message.Group, Group: group}, seg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCopy sends as many bytes over a connection, to be read, or to be kept in a
// file: what BenchmarkUpload compares with.
func BenchmarkCopy(b *testing.B) {
	for name, keep := range map[string]bool{"read": false, "kept": true} {
		b.Run(name, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			folder := b.TempDir()
			picture := newPicture(benchUpload, 0)
			b.SetBytes(benchUpload)
			b.ReportAllocs()
			for b.Loop() {
				done := make(chan error, 1)
				go func() { done <- take(l, keep, filepath.Join(folder, "file")) }()
				nc, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(nc, struct{ io.Reader }{bytes.NewReader(picture)}); err != nil {
					b.Fatal(err)
				}
				nc.Close()
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// take takes a connection to its end.
func take(l net.Listener, keep bool, path string) error {
	nc, err := l.Accept()
	if err != nil {
		return err
	}
	defer nc.Close()
	if !keep {
		_, err = io.Copy(io.Discard, nc)
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, nc)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// onSockets runs a sandbox and a client of it that is online, over the loopback.
func onSockets(tb testing.TB, change func(*ntqq.Options)) *ntqq.Client {
	tb.Helper()
	box, err := sandbox.New(sandbox.Options{AutoApprove: bot})
	if err != nil {
		tb.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	keys := box.PublicKeys()
	o := ntqq.Options{
		Servers: ntqq.Servers{
			Addresses: []string{l.Addr().String()}, OicqKey: keys.Oicq192, ExchangeKey: keys.NT, VerifyKey: keys.VerifyKey,
		},
		Log: testLog(),
	}
	change(&o)
	client, err := ntqq.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- box.Serve(ctx, l) }()
	go func() { ended <- client.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				tb.Error(err)
			}
		}
		if err := box.Close(); err != nil {
			tb.Error(err)
		}
	})
	if _, err := client.Wait(tb.Context(), ntqq.State.Online); err != nil {
		tb.Fatal(err)
	}
	return client
}
