//go:build endurance && linux

package e2e

import (
	"bytes"
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
	"strings"
	"testing"
	"time"

	"libration/internal/admin"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/scenario"
	"libration/sandbox/world"
)

// A hundred accounts with ten groups of twenty members each, in one process: how much
// memory and how many goroutines that takes, and how long until all are online.
func TestHundredAccounts(t *testing.T) {
	const most = 1 << 30
	program := buildProgram(t)
	one := startMany(t, program, 1)
	hundred := startMany(t, program, 100)
	t.Logf("1 account: %v", one)
	t.Logf("100 accounts: %v", hundred)
	t.Logf("each further account: %.1f MiB, %.1f goroutines",
		float64(hundred.peak-one.peak)/99/(1<<20), float64(hundred.goroutines-one.goroutines)/99)
	if hundred.peak > most {
		t.Errorf("100 accounts take %d MiB", hundred.peak>>20)
	}
}

// cost is what the program took.
type cost struct {
	online           time.Duration // since the process began
	peak, goroutines int
}

func (c cost) String() string {
	return fmt.Sprintf("all online after %v, peak %d MiB, %d goroutines", c.online.Round(time.Millisecond), c.peak>>20, c.goroutines)
}

// startMany runs the program with n accounts until each of them has told its bot a
// message of each of its groups.
func startMany(t *testing.T, program string, n int) (c cost) {
	const groups, members, firstAccount, firstGroup = 10, 20, 40001, 500000
	people := scenario.Scenario{Users: []scenario.User{{UIN: alice, Nickname: "Alice"}}}
	for i := range members {
		people.Users = append(people.Users, scenario.User{UIN: message.UIN(10100 + i), Nickname: fmt.Sprint("member ", i)})
	}
	var accounts strings.Builder
	for i := range n {
		uin := message.UIN(firstAccount + i)
		people.Users = append(people.Users, scenario.User{UIN: uin, Nickname: fmt.Sprint("bot ", i), Password: "secret"})
		fmt.Fprintf(&accounts, "  - {name: bot%d, uin: %d, password: secret, access_token: token-of-bot-%04d}\n", i, uin, i)
		for g := range groups {
			in := scenario.Group{Code: message.GroupCode(firstGroup + i*groups + g), Name: "group", Owner: alice, Members: scenario.Members{List: []scenario.Member{{UIN: uin}}}}
			for m := range members - 2 {
				in.Members.List = append(in.Members.List, scenario.Member{UIN: message.UIN(10100 + m)})
			}
			people.Groups = append(people.Groups, in)
		}
	}
	peopled, err := people.Build(1)
	if err != nil {
		t.Fatal(err)
	}
	box, err := sandbox.New(sandbox.Options{World: peopled})
	if err != nil {
		t.Fatal(err)
	}
	sso, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	run(t, func(ctx context.Context) error { return box.Serve(ctx, sso) })
	control := httptest.NewServer(box.Handler())
	defer control.Close()
	told := make(chan struct{}, n*groups)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); bytes.Contains(body, []byte(`"raw_message":"hello"`)) {
			told <- struct{}{}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer hook.Close()

	folder := t.TempDir()
	admins := freeAddress(t)
	config := filepath.Join(folder, "config.yaml")
	text := fmt.Sprintf(`
language: en
data: ./data
log: {level: warn, format: json, file: {path: ""}}
server: {mode: sandbox, sandbox: {control: %q}}
admin: {address: %q}
accounts:
%s
onebot:
  connections:
    - {type: http, address: %q, access_token: the-shared-token}
    - {type: websocket, address: %q, access_token: the-shared-token}
    - {type: webhook, url: %q}
`, control.URL, admins, accounts.String(), freeAddress(t), freeAddress(t), hook.URL)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	process := exec.Command(program, "run", "-c", config)
	var stderr logRecord
	process.Stdout, process.Stderr = io.Discard, &stderr
	began := time.Now()
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = process.Process.Kill()
		_ = process.Wait()
		if t.Failed() {
			t.Logf("log:\n%.5000s", stderr.String())
		}
	}()
	for !allReady(admins, n) {
		if time.Since(began) > processPatience {
			t.Fatal("not all accounts are online")
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.online = time.Since(began)
	for i := range n * groups {
		_, err := box.World().Messages().Send(world.Send{From: alice, Group: message.GroupCode(firstGroup + i), Parts: world.Text("hello")}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range n * groups {
		select {
		case <-told:
		case <-time.After(processPatience):
			t.Fatalf("%d of %d messages reached the bots", i, n*groups)
		}
	}
	c.peak = peakOf(t, process)
	c.goroutines = int(metric(metricsOf(t, admins), "go_goroutines"))
	return c
}

func allReady(address string, n int) bool {
	resp, err := http.Get("http://" + address + "/readyz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var s admin.Together
	return json.NewDecoder(resp.Body).Decode(&s) == nil && s.Ready && (n == 1 || len(s.Accounts) == n)
}

// metricsOf are the program's metrics.
func metricsOf(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
