package inbound

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestConnections(t *testing.T) {
	for files, want := range map[uint64]int{0: 1024, 1 << 40: 1024, 1072: 1024, 1071: 1023, 64: 16, 50: 4, 1: 4} {
		if got := Connections(files); got != want {
			t.Errorf("with %d files: got %d connections, want %d", files, got, want)
		}
	}
	t.Logf("this process may have %d files open", OpenFiles())
}

// pipes is a listener of connections in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, io.EOF
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestPool: the connection that has been idle for longest makes room, one that is
// busy or fresh does not.
func TestPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		pool := NewPool(2, slog.New(slog.NewTextHandler(&log, nil)))
		in := make(pipes)
		ln := pool.Listener(in)
		accepted := make(chan net.Conn, 10)
		var accepting sync.WaitGroup
		accepting.Go(func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				accepted <- c
			}
		})
		// dial returns what the caller reads until the end, and both ends; the second is
		// nil when the connection is refused.
		dial := func() (answer chan string, server net.Conn) {
			ours, theirs := net.Pipe()
			answer = make(chan string, 1)
			go func() {
				b, _ := io.ReadAll(ours)
				answer <- string(b)
			}()
			in <- theirs
			synctest.Wait()
			select {
			case server = <-accepted:
			default:
			}
			return answer, server
		}
		firstAnswer, first := dial()
		secondAnswer, second := dial()
		if answer, c := dial(); c != nil || !strings.HasPrefix(<-answer, "HTTP/1.1 503 ") {
			t.Error("two fresh ones: a third was let in, or not told")
		}
		time.Sleep(freshFor)
		pool.ConnState(first, http.StateActive)
		third, c := dial()
		if c == nil || <-secondAnswer != "" {
			t.Fatal("an idle one did not make room")
		}
		if err := second.Close(); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("closed by both: %v", err)
		}
		pool.ConnState(c, http.StateHijacked)
		time.Sleep(time.Hour)
		if answer, c := dial(); c != nil || <-answer == "" {
			t.Error("busy ones made room")
		}
		pool.ConnState(first, http.StateIdle)
		if _, c := dial(); c != nil {
			t.Error("one that has just answered made room")
		}
		time.Sleep(freshFor)
		_, last := dial()
		if last == nil || <-firstAnswer != "" {
			t.Error("one that has become idle did not make room")
		}
		if got := pool.Stats(); got != (Stats{Open: 2, Most: 2, Refused: 3, Evicted: 2}) {
			t.Errorf("got %+v", got)
		}
		if n := strings.Count(log.String(), "connections refused"); n != 2 || !strings.Contains(log.String(), "refused=1 ") {
			t.Errorf("%d log lines, want one a minute:\n%s", n, &log)
		}
		_, _ = last.Close(), c.Close()
		<-third
		if got := pool.Stats().Open; got != 0 {
			t.Errorf("%d are open after all were closed", got)
		}
		close(in)
		accepting.Wait()
	})
}
