package app_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"libration/internal/app"
	"libration/internal/app/account"
	"libration/internal/config"
	"libration/sandbox"
)

// TestPackets sends a running service pushes that no client knows, and looks at
// what it kept: while it runs and afterwards.
func TestPackets(t *testing.T) {
	box, err := sandbox.New(sandbox.Options{AutoApprove: 10001})
	if err != nil {
		t.Fatal(err)
	}
	sim := serve(t, box)
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf("account: {uin: 10001}\ndata: %q\nadmin: {address: \"127.0.0.1:0\"}\nserver: {mode: sandbox, sandbox: {control: %q}}\n"+
		"onebot: {connections: [{type: http, address: \"127.0.0.1:0\"}, {type: websocket, address: \"127.0.0.1:0\"}]}\n", dir, sim.ControlURL())
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	list := func() string {
		t.Helper()
		var out bytes.Buffer
		if err := app.ListPackets(&out, path, ""); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	t.Setenv("LIBRATION_LANGUAGE", "zh")
	if got := list(); !strings.HasSuffix(got, " 中没有数据包\n") {
		t.Errorf("in Chinese: got %s, want that there are none", got)
	}
	t.Setenv("LIBRATION_LANGUAGE", "en")
	if got := list(); !strings.HasPrefix(got, "no packets in ") {
		t.Errorf("before: got %s, want that there are none", got)
	}

	a := newApp(t, c, nil)
	stop := background(t, a.Run)
	endpoints(t, a)
	box.UnknownPushes(10001)
	const last = "type 732, sub type 17" // the order is kept
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); !strings.Contains(list(), last); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not kept while the service runs: got\n%s", list())
		}
	}
	stop()

	lines := strings.Split(strings.TrimSpace(list()), "\n")
	wants := []string{
		"unknown.*type 732, sub type 99", "unknown.*type 999", "unknown.*trpc.test.Unknown.Push",
		"decode_error.*trpc.msg.olpush.OlPushService.MsgPush", "type 732, sub type 17",
	}
	if len(lines) != 1+len(wants) {
		t.Fatalf("got list\n%s\nwant a head and %d packets", strings.Join(lines, "\n"), len(wants))
	}
	for i, want := range wants {
		for part := range strings.SplitSeq(strconv.Itoa(i+1)+" .*"+want, ".*") {
			if !strings.Contains(lines[1+i], part) {
				t.Errorf("got line %q, want %q in it", lines[1+i], part)
			}
		}
	}

	// One is damaged meanwhile.
	if err := os.WriteFile(filepath.Join(account.PathsOf(c).Packets, "00000002.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := list(); !strings.Contains(got, "damaged: 00000002.json") || strings.Contains(got, "type 999") {
		t.Errorf("got list\n%s\nwant a note of the damaged one", got)
	}
	for number, wants := range map[uint64][]string{
		1: {"trpc.msg.olpush.OlPushService.MsgPush, type 732, sub type 99", "\n1 message, ", "    1 varint 732\n", "    2 varint 99\n"},
		4: {"reason", "decode_error", "error"},
		2: {"damaged", "packets list"},
		9: {"no such packet", "packets list"},
	} {
		var out bytes.Buffer
		if err := app.ShowPacket(&out, path, "", number); err != nil {
			fmt.Fprint(&out, err)
		}
		for _, want := range wants {
			if !strings.Contains(out.String(), want) {
				t.Errorf("packet %d: got\n%s\nwant %q in it", number, &out, want)
			}
		}
	}
}
