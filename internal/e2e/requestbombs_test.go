//go:build endurance && linux

package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"libration/sandbox"
)

// built is the program as a process of its own, with its world in this one.
type built struct {
	t                    *testing.T
	box                  *sandbox.Sandbox
	process              *exec.Cmd
	stderr               logRecord
	http, webSocket, own string // addresses
}

const bombToken = "the-token-of-the-bombs-bot"

// startBuilt builds the program; files bounds its open files, 0 does not.
func startBuilt(t *testing.T, files int) *built { return startBuiltWith(t, files, "") }

// startBuiltWith has more connections, as lines of the configuration.
func startBuiltWith(t *testing.T, files int, more string) *built {
	t.Helper()
	folder := t.TempDir()
	program := buildProgram(t)
	p := &built{t: t}
	for _, address := range []*string{&p.http, &p.webSocket, &p.own} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		*address = ln.Addr().String()
	}
	var err error
	if p.box, err = sandbox.New(sandbox.Options{AutoApprove: bot}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.box.Close() })
	sso, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	run(t, func(ctx context.Context) error { return p.box.Serve(ctx, sso) })
	control := httptest.NewServer(p.box.Handler())
	t.Cleanup(control.Close)
	config := filepath.Join(folder, "config.yaml")
	text := fmt.Sprintf(`
data: ./data
log: {format: json, file: {path: ""}}
server: {mode: sandbox, sandbox: {control: %q}}
admin: {address: %q, access_token: %q}
onebot:
  connections:
    - {type: http, address: %q, access_token: %q, start: at-once}
    - {type: websocket, address: %q, access_token: %q, start: at-once}
`, control.URL, p.own, bombToken, p.http, bombToken, p.webSocket, bombToken) + strings.TrimLeft(more, "\n")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	limit := ""
	if files > 0 {
		limit = fmt.Sprintf("ulimit -n %d && ", files)
	}
	p.process = exec.Command("sh", "-c", limit+`exec "$0" run -c "$1"`, program, config)
	p.process.Stdout, p.process.Stderr = io.Discard, &p.stderr
	t.Cleanup(func() {
		if p.process.Process != nil {
			_ = p.process.Process.Kill()
			_ = p.process.Wait()
		}
		if t.Failed() {
			t.Logf("the program's log:\n%.4000s", p.stderr.String())
		}
	})
	return p
}

// start starts the process and waits until its account is online.
func (p *built) start() *built {
	p.t.Helper()
	if err := p.process.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.wait("online", func() bool {
		status, body := p.get("http://" + p.own + "/readyz")
		return status == 200 && strings.Contains(body, `"online": true`)
	})
	return p
}

func (p *built) wait(what string, ok func() bool) {
	p.t.Helper()
	for end := time.Now().Add(processPatience); !ok(); {
		if time.Now().After(end) {
			p.t.Fatalf("still waiting for: %s", what)
		}
		pause(p.t.Context(), 20*time.Millisecond)
	}
}

func (p *built) get(url string) (int, string) {
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.do(r)
}

func (p *built) do(r *http.Request) (int, string) {
	r.Header.Set("Authorization", "Bearer "+bombToken)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: processPatience}
	resp, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, string(b)
}

func (p *built) post(action, kind string, body []byte) (int, string) {
	r, err := http.NewRequest("POST", "http://"+p.http+"/"+action, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	return p.do(r)
}

// peak is the most memory that was resident, in kB, since the last call.
func (p *built) peak() int {
	proc := fmt.Sprintf("/proc/%d/", p.process.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		p.t.Fatalf("the program is gone: %v", err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	_ = os.WriteFile(proc+"clear_refs", []byte("5"), 0) // else the peak is that of all so far
	return kb
}

// bombed runs something, and fails when the program takes more than 512 MiB meanwhile or
// does not answer get_status.
func (p *built) bombed(name string, run func() any) (got any) {
	p.t.Helper()
	ended, latency := make(chan struct{}), make(chan time.Duration)
	go func() {
		var most time.Duration
		for {
			began := time.Now()
			if status, body := p.get("http://" + p.http + "/get_status"); status != 200 {
				p.t.Errorf("%s: get_status: %d %s", name, status, body)
			}
			most = max(most, time.Since(began))
			select {
			case <-ended:
				latency <- most
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	began := time.Now()
	got = run()
	took := time.Since(began)
	close(ended)
	slowest, peak := <-latency, p.peak()
	p.t.Logf("%-32s %3d MiB, get_status %7v, %6v, %v", name, peak>>10, slowest.Round(time.Millisecond), took.Round(10*time.Millisecond), got)
	if peak<<10 > mostResident {
		p.t.Errorf("%s: %d MiB were resident", name, peak>>10)
	}
	return got
}

// frame is a WebSocket message of a client, with a mask of zeros.
func frame(payload []byte) []byte {
	head := []byte{0x81, 0x80 | 127}
	head = binary.BigEndian.AppendUint64(head, uint64(len(payload)))
	return append(append(head, 0, 0, 0, 0), payload...)
}

// webSocketOf opens a connection by hand.
func (p *built) webSocketOf() net.Conn {
	p.t.Helper()
	c, err := net.Dial("tcp", p.webSocket)
	if err != nil {
		p.t.Fatal(err)
	}
	fmt.Fprintf(c, "GET /api HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", bombToken)
	head := make([]byte, 12)
	if _, err := io.ReadFull(c, head); err != nil || string(head) != "HTTP/1.1 101" {
		p.t.Fatalf("got %q, %v", head, err)
	}
	return c
}

// TestRequestBombs: nothing that a bot can send makes the program take more than 512 MiB,
// and get_status is answered meanwhile.
func TestRequestBombs(t *testing.T) {
	p := startBuilt(t, 0).start()
	const size = 60 << 20
	fill := func(head, piece, tail string) []byte {
		b := []byte(head)
		return append(append(b, bytes.Repeat([]byte(piece), (size-len(head)-len(tail))/len(piece))...), tail...)
	}
	const json, form = "application/json", "application/x-www-form-urlencoded"
	// many posts a body n times at once and returns the statuses.
	many := func(n int, action, kind string, body []byte) map[int]int {
		var mu sync.Mutex
		statuses := map[int]int{}
		var posting sync.WaitGroup
		for range n {
			posting.Go(func() {
				status, _ := p.post(action, kind, body)
				mu.Lock()
				defer mu.Unlock()
				statuses[status]++
			})
		}
		posting.Wait()
		return statuses
	}
	// insist is many by clients that try again while the service has no room (503, or the
	// connection closed meanwhile): how long there is none depends on the machine.
	insist := func(n int, action, kind string, body []byte) map[int]int {
		statuses := map[int]int{}
		for end := time.Now().Add(processPatience); statuses[200] < n && time.Now().Before(end); {
			for status, got := range many(n-statuses[200], action, kind, body) {
				if status != 0 && status != http.StatusServiceUnavailable {
					statuses[status] += got
				}
			}
		}
		return statuses
	}
	// frames sends a message n times on one connection and counts the answers.
	frames := func(n int, payload []byte) int {
		c := p.webSocketOf()
		defer c.Close()
		var answers atomic.Int32
		var reading sync.WaitGroup
		reading.Go(func() {
			b := make([]byte, 64<<10)
			for {
				got, err := c.Read(b)
				answers.Add(int32(bytes.Count(b[:got], []byte(`{"status":`))))
				if err != nil || int(answers.Load()) == n {
					return
				}
			}
		})
		message := frame(payload)
		for range n {
			if _, err := c.Write(message); err != nil {
				break
			}
		}
		_ = c.SetReadDeadline(time.Now().Add(processPatience))
		reading.Wait()
		return int(answers.Load())
	}
	picture := `{"group_id":730000001,"message":[{"type":"image","data":{"file":"base64://` + strings.Repeat("Ab+/", 10<<20) + `"}}]}`
	text := func(piece string) []byte { return fill(`{"group_id":730000001,"message":"`, piece, `"}`) }
	p.peak()
	for _, bomb := range []struct {
		name string
		run  func() any
		want any // nil: whatever
	}{
		{"4 bodies of many parameters", func() any { return many(4, "send_group_msg", json, fill(`{"a":1`, `,"":0`, `}`)) }, nil},
		{"4 forms of many parameters", func() any { return many(4, "send_group_msg", form, fill("a=1", "&a", "")) }, nil},
		{"4 bodies of deep nesting", func() any { return many(4, "send_group_msg", json, fill("", "[", "")) }, nil},
		{"4 lists of empty lists", func() any { return many(4, "send_group_msg", json, fill(`{"message":[[]`, ",[]", "]}")) }, nil},
		{"a query of 60 MiB", func() any {
			status, _ := p.get("http://" + p.http + "/send_group_msg?" + string(fill("a", "&a", "")))
			return status == 431 || status == 0 // the rest of it was not taken
		}, true},
		{"4 texts of escapes", func() any { return many(4, "send_group_msg", json, text(`\u4f60`)) }, nil},
		{"4 texts of CQ escapes", func() any { return many(4, "send_group_msg", json, text("&amp;")) }, nil},
		{"4 texts of CQ codes", func() any { return many(4, "send_group_msg", json, text("[CQ:at]")) }, nil},
		{"4 texts that are no UTF-8", func() any { return many(4, "send_group_msg", json, text("\xff")) }, nil},
		{"64 messages of many parameters", func() any { return frames(64, fill(`{"a":1`, `,"":0`, `}`)) }, 64},
		{"8 messages of one text", func() any { return frames(8, text("x")) }, 8},
		{"30 texts rate limited", func() any { return many(30, "send_group_msg_rate_limited", json, text("x")) }, nil},
		{"200 messages of most values", func() any {
			return frames(200, []byte(`{"action":"send_group_msg","params":{"group_id":730000001,"message":[`+strings.Repeat(`{"type":"face","data":{"id":14}},`, 2000)+`{"type":"x"}]}}`))
		}, 200},
		{"4 pictures by HTTP", func() any { return insist(4, "send_group_msg", json, []byte(picture)) }, "map[200:4]"},
		{"4 pictures in forms", func() any {
			return insist(4, "send_group_msg", form, []byte("group_id=730000001&message=[CQ:image,file=base64://"+strings.Repeat("Ab%2B/", 9<<20)+"]"))
		}, "map[200:4]"},
		{"4 pictures by WebSocket", func() any { return frames(4, []byte(`{"action":"send_group_msg","params":`+picture+`}`)) }, 4},
	} {
		got := p.bombed(bomb.name, bomb.run)
		if bomb.want != nil && fmt.Sprint(got) != fmt.Sprint(bomb.want) {
			t.Errorf("%s: got %v, want %v", bomb.name, got, bomb.want)
		}
	}
}

// TestFewFiles: with 64 files and 200 idle clients on each listener the session
// connects again, and the owner's service answers.
func TestFewFiles(t *testing.T) {
	p := startBuilt(t, 64).start()
	for range 200 {
		for _, address := range []string{p.http, p.webSocket, p.own} {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
	}
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of 64 files are open", len(entries))
	_, before := p.get("http://" + p.own + "/metrics")
	p.box.DropConnections()
	p.wait("the session", func() bool {
		status, now := p.get("http://" + p.own + "/metrics")
		return status == 200 && metric(now, "libration_online_total") > metric(before, "libration_online_total")
	})
	p.wait("a bot", func() bool {
		status, _ := p.get("http://" + p.http + "/get_status")
		return status == 200
	})
	if !strings.Contains(p.stderr.String(), "may open few files") {
		t.Error("no log line about the few files")
	}
}

// metric reads one figure without labels.
func metric(text, name string) float64 {
	_, rest, _ := strings.Cut(text, "\n"+name+" ")
	line, _, _ := strings.Cut(rest, "\n")
	n, _ := strconv.ParseFloat(line, 64)
	return n
}
