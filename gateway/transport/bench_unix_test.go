//go:build unix

package transport

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkLoginInfo compares get_login_info over HTTP with a bare handler of net/http
// that reads the body and writes the same one. The callers are another process, so that
// cpu-ns/op, user and system together, is what the server needs alone.
func BenchmarkLoginInfo(b *testing.B) {
	for _, conns := range []int{1, 16} {
		b.Run(fmt.Sprintf("bare-%d", conns), func(b *testing.B) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			answer := []byte(`{"status":"ok","retcode":0,"data":{"user_id":10001,"nickname":"user <10001>"},"message":"","wording":""}`)
			s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, err := io.ReadAll(r.Body); err != nil {
					return
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(answer)
			})}
			go s.Serve(ln)
			defer s.Close()
			benchmarkCallers(b, ln.Addr().String(), conns)
		})
		b.Run(fmt.Sprintf("onebot-%d", conns), func(b *testing.B) {
			_, h, _ := startHTTP(b, HTTPOptions{AccessToken: token}, slog.New(slog.DiscardHandler))
			benchmarkCallers(b, h.Addr().String(), conns)
		})
	}
}

const callersEnv = "LIBRATION_BENCH_CALLERS"

// benchmarkCallers has another process send b.N requests over some connections.
func benchmarkCallers(b *testing.B, addr string, conns int) {
	run := func(n int) time.Duration {
		c := exec.CommandContext(context.Background(), os.Args[0], "-test.run=^TestBenchCallers$")
		c.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d", callersEnv, addr, conns, n))
		c.Stderr = os.Stderr
		out, err := c.Output()
		if err != nil {
			b.Fatal(err)
		}
		first, _, _ := strings.Cut(string(out), "\n")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			b.Fatalf("%s", out)
		}
		return time.Duration(ns)
	}
	run(100)
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime()
	took := run(b.N)
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(took)/float64(b.N), "ns/op")
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestBenchCallers is the other process of the benchmarks.
func TestBenchCallers(t *testing.T) {
	var addr string
	var conns, n int
	if _, err := fmt.Sscanf(os.Getenv(callersEnv), "%s %d %d", &addr, &conns, &n); err != nil {
		t.Skip("for benchmarks")
	}
	request := []byte("POST /get_login_info HTTP/1.1\r\nHost: " + addr + "\r\nAuthorization: Bearer " + token +
		"\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ready.Add(1)
		done.Go(func() {
			r := bufio.NewReader(c)
			ready.Done()
			<-begin
			for range (n + i) / conns {
				if _, err := c.Write(request); err != nil {
					t.Error(err)
					return
				}
				if err := skipAnswer(r); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	ready.Wait()
	began := time.Now()
	close(begin)
	done.Wait()
	fmt.Println(time.Since(began).Nanoseconds())
}

// skipAnswer reads an answer with a length, with as little work as possible.
func skipAnswer(r *bufio.Reader) error {
	length := -1
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && string(line) != "HTTP/1.1 200 OK\r\n" {
			return fmt.Errorf("%q", line)
		}
		if len(line) == 2 {
			_, err := r.Discard(length)
			return err
		}
		const name = "content-length: "
		if len(line) > len(name) && strings.EqualFold(string(line[:len(name)]), name) {
			if length, err = strconv.Atoi(strings.TrimSpace(string(line[len(name):]))); err != nil {
				return err
			}
		}
	}
}
