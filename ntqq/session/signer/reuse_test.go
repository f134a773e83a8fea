package signer

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"libration/internal/network"
)

// countedServer counts the connections to a signer.
func countedServer(t testing.TB, h http.HandlerFunc) (url string, opened *atomic.Int32) {
	t.Helper()
	opened = new(atomic.Int32)
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL, opened
}

// Many are signed at once, side by side, and their connections serve the next ones, whether
// the answers have a length or come in chunks.
func TestSignSideBySide(t *testing.T) {
	const many = 16
	var mu sync.Mutex
	var inside int
	all := sync.NewCond(&mu)
	url, opened := countedServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		inside++
		for round := (inside + many - 1) / many * many; inside < round; { // all are there
			all.Wait()
		}
		all.Broadcast()
		mu.Unlock()
		_, _ = io.WriteString(w, lagrangeSigned)
		if r.URL.Path == "/chunks" {
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, strings.Repeat(" ", 8<<10))
		}
	})
	for _, path := range []string{"/length", "/chunks"} {
		client := network.Network{}.HostClient()
		opened.Store(0)
		h := &HTTP{URLs: []string{url + path}, Client: client, Log: quiet}
		for range 3 {
			var signing sync.WaitGroup
			for range many {
				signing.Go(func() {
					if _, err := h.Sign(t.Context(), signRequest()); err != nil {
						t.Error(err)
					}
				})
			}
			signing.Wait()
		}
		if n := opened.Load(); n > many {
			t.Errorf("%s: got %d connections for %d at once", path, n, many)
		}
		client.CloseIdleConnections()
	}
}

// The whole of a request is one piece of memory, whatever its size.
func TestSignBody(t *testing.T) {
	r := signRequest()
	r.Payload = make([]byte, 1<<20)
	for _, style := range []Style{Lagrange, SecSign} {
		b, err := style.body(r)
		if err != nil {
			t.Fatal(err)
		}
		if most := 2*len(r.Payload) + 512; cap(b) > most {
			t.Errorf("%s: got %d bytes of memory, want at most %d", style, cap(b), most)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	for _, style := range []Style{Lagrange, SecSign} {
		for _, size := range []int{300, 64 << 10} {
			for _, conns := range []int{1, 16} {
				b.Run(fmt.Sprintf("%s-%d-%d", style, size, conns), func(b *testing.B) {
					url, opened := countedServer(b, func(w http.ResponseWriter, r *http.Request) {
						_, _ = io.Copy(io.Discard, r.Body)
						if style == Lagrange {
							_, _ = io.WriteString(w, lagrangeSigned)
						} else {
							_, _ = io.WriteString(w, secSigned)
						}
					})
					h := &HTTP{URLs: []string{url}, Style: style, Log: quiet}
					defer defaultClient.CloseIdleConnections()
					r := signRequest()
					r.Payload = make([]byte, size)
					b.ReportAllocs()
					b.ResetTimer()
					var left atomic.Int64
					left.Store(int64(b.N))
					var signing sync.WaitGroup
					for range conns {
						signing.Go(func() {
							for left.Add(-1) >= 0 {
								if _, err := h.Sign(context.Background(), r); err != nil {
									b.Error(err)
									return
								}
							}
						})
					}
					signing.Wait()
					b.ReportMetric(float64(opened.Load()), "connections")
				})
			}
		}
	}
}
