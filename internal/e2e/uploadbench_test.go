package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/media"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

// benchUpload is how many bytes a picture of the benchmarks has.
const benchUpload = 24 << 20

// BenchmarkUpload sends pictures of 24 MiB to a sandbox over the loopback: hashed by the
// client, reserved, sent in blocks, hashed and kept on disk by the sandbox.
func BenchmarkUpload(b *testing.B) {
	for name, tcp := range map[string]bool{"http": false, "tcp": true} {
		b.Run(name, func(b *testing.B) {
			_, client := onSockets(b, func(o *ntqq.Options) { o.UploadTCP = tcp })
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

// BenchmarkFile does so with files of a group, which are deleted again.
func BenchmarkFile(b *testing.B) {
	_, client := onSockets(b, func(*ntqq.Options) {})
	content := newPicture(benchUpload, 0)
	b.SetBytes(benchUpload)
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		n++
		binary.LittleEndian.PutUint64(content[benchUpload/2:], n) // another one
		f, err := client.Files().Upload(b.Context(), message.Chat{Kind: message.Group, Group: group}, ntqq.FileUpload{Source: media.Bytes(content), Name: "a.bin"})
		if err != nil {
			b.Fatal(err)
		}
		if err := client.Files().Delete(b.Context(), group, ntqq.GroupFileRef{ID: f.ID, BusID: f.BusID}); err != nil {
			b.Fatal(err)
		}
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

// BenchmarkEvents receives messages, alone and while four pictures are uploaded at 16 MiB
// a second together.
func BenchmarkEvents(b *testing.B) {
	for name, uploads := range map[string]int{"alone": 0, "four-uploads": 4} {
		b.Run(name, func(b *testing.B) {
			came := make(chan struct{}, 1<<16)
			box, client := onSockets(b, func(o *ntqq.Options) {
				o.Handler = func(e event.Event) {
					if _, ok := e.(*event.Message); ok {
						came <- struct{}{}
					}
				}
			})
			if _, err := box.Faults().Add(fault.Fault{Name: fault.UploadSlow, Delay: time.Second}); err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			var running sync.WaitGroup
			for i := range uploads {
				running.Go(func() {
					picture := newPicture(benchUpload, byte(i))
					for n := uint64(0); ctx.Err() == nil; n++ {
						binary.LittleEndian.PutUint64(picture[benchUpload/2:], n)
						seg := message.Image(media.Bytes(picture))
						if _, err := client.Media().Upload(ctx, message.Chat{Kind: message.Group, Group: group}, seg); err != nil && ctx.Err() == nil {
							b.Error(err)
						}
					}
				})
			}
			const batch = 200
			n := 0
			for b.Loop() {
				for range batch {
					if _, err := box.World().Messages().Send(world.Send{From: alice, Group: group, Parts: world.Text("x")}, nil); err != nil {
						b.Fatal(err)
					}
				}
				for range batch {
					<-came
				}
				n += batch
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
			cancel()
			running.Wait()
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
func onSockets(tb testing.TB, change func(*ntqq.Options)) (*sandbox.Sandbox, *ntqq.Client) {
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
		Log: testLog(tb),
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
	return box, client
}
