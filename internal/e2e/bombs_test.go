//go:build endurance && linux

package e2e

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/json"
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
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// mostResident is what the program may take, whatever the server sends.
const mostResident = 512 << 20

// bombed is the program, a process of its own, and its hostile server.
type bombed struct {
	t       *testing.T
	hostile *hostile
	box     *sandbox.Sandbox
	process *exec.Cmd
	stderr  logRecord

	mu   sync.Mutex
	said map[string]bool // short texts that the bot was told
}

func startBombed(t *testing.T, program string) *bombed {
	t.Helper()
	b := &bombed{t: t, said: map[string]bool{}}
	var err error
	if b.box, err = sandbox.New(sandbox.Options{Seed: 6, AutoApprove: bot}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.box.Close() })
	sso, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.hostile = &hostile{Listener: sso, answers: map[string][]byte{}, asked: map[string]int{}}
	run(t, func(ctx context.Context) error { return b.box.Serve(ctx, b.hostile) })
	control, hook := httptest.NewServer(b.box.Handler()), httptest.NewServer(b)
	t.Cleanup(control.Close)
	t.Cleanup(hook.Close)
	folder := t.TempDir()
	config := filepath.Join(folder, "config.yaml")
	text := fmt.Sprintf(`
language: en
data: ./data
log: {level: info, format: json, file: {path: ""}}
server: {mode: sandbox, sandbox: {control: %q}}
admin: {address: ""}
onebot:
  connections:
    - {type: webhook, url: %q, reconnect: 100ms}
`, control.URL, hook.URL+"/hook")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b.process = exec.Command(program, "run", "-c", config)
	b.process.Stdout, b.process.Stderr = io.Discard, &b.stderr
	if err := b.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = b.process.Process.Kill()
		_ = b.process.Wait()
		if t.Failed() {
			lines := strings.Split(b.stderr.String(), "\n")
			for i := range lines {
				lines[i] = lines[i][:min(len(lines[i]), 500)]
			}
			t.Logf("the end of the log:\n%s", strings.Join(lines[max(0, len(lines)-40):], "\n"))
		}
	})
	b.hears("before")
	k, err := ntqq.FileKeystore(filepath.Join(folder, "data", "default", "keystore.json")).Load()
	if err != nil {
		t.Fatal(err)
	}
	b.hostile.mu.Lock()
	b.hostile.key = crypto.Key(k.D2Key)
	b.hostile.mu.Unlock()
	return b
}

// ServeHTTP is the bot.
func (b *bombed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var e struct {
		Text string `json:"raw_message"`
	}
	if json.NewDecoder(r.Body).Decode(&e) == nil && len(e.Text) < 100 {
		b.mu.Lock()
		b.said[e.Text] = true
		b.mu.Unlock()
	}
	w.WriteHeader(http.StatusNoContent)
}

// say is a message of a person.
func (b *bombed) say(text string) {
	b.box.World().Messages().Send(world.Send{From: alice, To: bot, Parts: world.Text(text)}, nil)
}

// hears fails unless a message of a person reaches the bot.
func (b *bombed) hears(text string) {
	b.t.Helper()
	for i := range int(processPatience / time.Second) {
		again := fmt.Sprint(text, " ", i)
		b.say(again)
		for range 20 {
			time.Sleep(50 * time.Millisecond)
			b.mu.Lock()
			heard := b.said[again]
			b.mu.Unlock()
			if heard {
				return
			}
		}
	}
	b.t.Fatalf("%q does not reach the bot", text)
}

// peakOf is how much memory a program has had at most, in bytes.
func peakOf(t *testing.T, process *exec.Cmd) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process.Process.Pid))
	if err != nil {
		t.Fatalf("the program has ended: %v", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return kb << 10
		}
	}
	t.Fatalf("no peak in %s", status)
	return 0
}

// push sends frames of one body n times.
func (b *bombed) push(n int, compression uint32, body []byte) {
	b.t.Helper()
	if compression == wire.CompressionZlib {
		body = zipped(body)
	}
	frame := pushFrame(b.hostile.key, rpc.PushMessage, compression, body)
	began := time.Now()
	for range n {
		if !b.hostile.push(frame) {
			break
		}
	}
	b.t.Logf("%d of %d bytes in %v", n, len(frame), time.Since(began).Round(time.Millisecond))
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w, _ := zlib.NewWriterLevel(&out, zlib.BestCompression)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func field(num protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), value)
}

// textElem is an element with a text of n bytes.
func textElem(n int) []byte { return field(2, field(1, field(1, bytes.Repeat([]byte("x"), n)))) }

// common is a message of a group that the account is not in.
func common(sequence uint64, elems []byte) []byte {
	head, err := pb.Marshal(&messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{
			FromUin: uint64(alice), FromUid: proto.String("u_x"), Group: &messagepb.RoutingGroup{GroupCode: 999},
		},
		ContentHead: &messagepb.ContentHead{
			Type: 82, Random: proto.Uint64(sequence), Sequence: proto.Uint64(sequence), Time: proto.Uint64(uint64(time.Now().Unix())),
		},
	})
	if err != nil {
		panic(err)
	}
	return append(head, field(3, field(1, elems))...)
}

func pushed(sequence uint64, elems []byte) []byte { return field(1, common(sequence, elems)) }

// newest has the server say which message of the group is the newest.
func (b *bombed) newest(sequence uint64) {
	b.t.Helper()
	info, err := pb.Marshal(&oidbpb.GroupInfoResp{Groups: []*oidbpb.GroupInfoRespEntry{{
		GroupCode: uint64(group), Result: proto.Uint32(0), Info: &oidbpb.GroupInfo{LatestSeq: proto.Uint32(uint32(sequence))},
	}}})
	if err != nil {
		b.t.Fatal(err)
	}
	answer, err := pb.Marshal(&oidbpb.OidbEnvelope{Body: info})
	if err != nil {
		b.t.Fatal(err)
	}
	b.hostile.answer(rpc.GroupInfo.Name, answer)
}

// block has the program wait for an answer while it handles a push.
func (b *bombed) block() {
	b.t.Helper()
	b.hostile.answer(rpc.GroupMembers.Name, nil)
	b.mention()
	b.until("the members are asked for", func() bool { return b.hostile.count(rpc.GroupMembers.Name) > 0 })
}

// mention sends a message for which the program asks for the group's members.
func (b *bombed) mention() {
	b.box.World().Messages().Send(world.Send{From: alice, Group: group, Parts: world.Parts(&message.AtSegment{UID: "u_nobody", Display: "@nobody"})}, nil)
}

func (b *bombed) until(what string, ok func() bool) {
	b.t.Helper()
	for range int(processPatience / (50 * time.Millisecond)) {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("in vain: %s", what)
}
