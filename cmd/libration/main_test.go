package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	ossignal "os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// TestMain makes the test binary behave as the program when it is called libration: so it
// is found in the PATH.
func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"libration": main})
}

// leakChecked are tests after which nothing may run on.
type leakChecked struct{ m *testing.M }

// Run implements testscript.TestingM.
func (l leakChecked) Run() int {
	code := l.m.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// TestScripts plays the scripts of testdata/script. $BUSY is an address that is taken,
// $URL a OneBot service, $ADDRESS where it listens. Besides the usual commands there are
//
//	exits CODE PROGRAM [ARGUMENT]...   as exec, but for programs that fail
//	expand FILE...                     puts in what variables stand for
//	free NAME...                       sets variables to addresses that are free
//	until PROGRAM [ARGUMENT]...        as exec, again and again until it ends with 0
func TestScripts(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { busy.Close() })
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/get_login_info" {
			fmt.Fprint(w, `{"status":"ok","data":{"user_id":10001}}`)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"status":"failed","retcode":1404}`)
	}))
	t.Cleanup(service.Close)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			for name, value := range map[string]string{
				"BUSY": busy.Addr().String(), "URL": service.URL, "ADDRESS": service.Listener.Addr().String(), "LANG": "C",
			} {
				e.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				err := ts.Exec(args[1], args[2:]...)
				code := 0
				if exit, ok := errors.AsType[*exec.ExitError](err); ok {
					code = exit.ExitCode()
				} else {
					ts.Check(err)
				}
				if strconv.Itoa(code) != args[0] {
					ts.Fatalf("got exit code %d, want %s", code, args[0])
				}
			},
			"free": func(ts *testscript.TestScript, _ bool, args []string) {
				for i, address := range freePorts(t, len(args)) {
					ts.Setenv(args[i], address)
				}
			},
			"until": func(ts *testscript.TestScript, _ bool, args []string) {
				var err error
				for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
					if err = ts.Exec(args[0], args[1:]...); err == nil {
						return
					}
				}
				ts.Fatalf("%v", err)
			},
			"expand": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, file := range args {
					text := os.Expand(ts.ReadFile(file), ts.Getenv)
					ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o600))
				}
			},
		},
	})
}

// program runs the program in a process of its own would: it returns the exit code
// and what was written.
func program(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

// TestSignals: each of them stops the program in order.
func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals can be sent there")
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			if ossignal.Ignored(signal) {
				t.Skip("it was ignored before: nohup")
			}
			p := exec.CommandContext(t.Context(), "libration", "sandbox", "--sso", "127.0.0.1:0", "--control", "127.0.0.1:0")
			out, err := p.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(out).ReadString('\n'); err != nil { // it is up
				t.Error(err)
			}
			if err := p.Process.Signal(signal); err != nil {
				t.Error(err)
			}
			if err := p.Wait(); err != nil {
				t.Errorf("ended with %v, want code 0", err)
			}
		})
	}
}

// TestOutputClosed: `libration run 2>&1 | head -1` goes on, and so does the sandbox;
// `libration events | head` ends.
func TestOutputClosed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signal is sent there")
	}
	// begin starts the program with output that nobody reads.
	begin := func(args ...string) *exec.Cmd {
		t.Helper()
		p := exec.CommandContext(t.Context(), "libration", args...)
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer write.Close()
		p.Stdout, p.Stderr = write, write
		read.Close()
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	free := func() string {
		t.Helper()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	healthy := func(address string) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			answer, err := http.Get("http://" + address + "/healthz")
			if err == nil {
				answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					return
				}
			}
			if time.Now().After(end) {
				t.Fatalf("%s: %v", address, err)
			}
		}
	}
	dir, control, admin := t.TempDir(), free(), free()
	box := begin("sandbox", "--sso", "127.0.0.1:0", "--control", control, "--log-level", "debug")
	healthy(control)
	config := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf("data: %q\nserver: {mode: sandbox, sandbox: {control: \"http://%s\"}}\nadmin: {address: %q}\nlog: {level: debug, file: {path: %q}}\n",
		filepath.Join(dir, "data"), control, admin, filepath.Join(dir, "x.log"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	service := begin("run", "-c", config)
	healthy(admin)
	if err := service.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := service.Wait(); err != nil {
		t.Errorf("run ended with %v, want code 0", err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "x.log")); err != nil || !bytes.Contains(b, []byte("stopping")) {
		t.Errorf("the log file has %s, %v, want all lines", b, err)
	}
	healthy(control)
	if err := box.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := box.Wait(); err != nil {
		t.Errorf("sandbox ended with %v, want code 0", err)
	}
	if err := begin("version").Wait(); err == nil || !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("version ended with %v, want with its reader", err)
	}
}

// TestInterrupted: what Ctrl-C leaves undone says so.
func TestInterrupted(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	code := run(ctx, []string{"login", "-c", config}, io.Discard, &stderr)
	if got := stderr.String(); code != exitInterrupted || got != "libration: interrupted\n" {
		t.Errorf("got %q, exit code %d", got, code)
	}
}

// TestFirstRun is an owner's first one: what config init writes and prints works as it
// is, with the mode changed to a sandbox's.
func TestFirstRun(t *testing.T) {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LIBRATION_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("LANG", "C")
	dir := filepath.Join(t.TempDir(), "it's a folder")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "config.yaml")
	code, printed, stderr := program(t, "config", "init", path)
	if code != 0 {
		t.Fatal(stderr)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tokens := regexp.MustCompile(`access_token: "(\w{16,})"`).FindAllSubmatch(written, -1)
	if len(tokens) != 3 {
		t.Fatalf("got %d tokens:\n%s", len(tokens), written)
	}
	// Where the ports are free on any machine, and the account is one of a sandbox.
	ports := freePorts(t, 4)
	edited := strings.NewReplacer("127.0.0.1:6700", ports[0], "127.0.0.1:5700", ports[1], "127.0.0.1:5780", ports[2],
		"mode: real ", "mode: sandbox ", `control: "" `, `control: "http://`+ports[3]+`" `, "uin: 0 ", "uin: 10001 ").Replace(string(written))
	if err := os.WriteFile(path, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	var commands []string // as printed
	for line := range strings.Lines(printed) {
		if _, command, ok := strings.Cut(line, ": libration "); ok {
			commands = append(commands, strings.Split("libration "+strings.TrimSpace(command), " && ")...)
		}
	}
	if len(commands) != 3 {
		t.Fatalf("got commands %q", commands)
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	// The shell is what takes the words apart.
	shell := func(command string) *exec.Cmd { return exec.CommandContext(t.Context(), "sh", "-c", "exec "+command) }
	if out, err := shell(commands[0]).CombinedOutput(); err != nil || !strings.Contains(string(out), "ok") || strings.Contains(string(out), "token") {
		t.Errorf("%s: %v\n%s", commands[0], err, out)
	}
	for _, c := range []*exec.Cmd{shell("libration sandbox --sso 127.0.0.1:0 --auto-approve 10001 --control " + ports[3]), shell(commands[1])} {
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = c.Process.Signal(syscall.SIGTERM)
			if err := c.Wait(); err != nil {
				t.Errorf("ended with %v", err)
			}
			for _, token := range tokens {
				if strings.Contains(out.String(), string(token[1])) {
					t.Error("a token is in the output")
				}
			}
		}()
	}
	var out []byte
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if out, err = shell(commands[2]).CombinedOutput(); err == nil || time.Now().After(end) {
			break
		}
	}
	if err != nil || !strings.Contains(string(out), `"online": true`) {
		t.Errorf("%s: %v\n%s", commands[2], err, out)
	}
	// Without its token nothing answers.
	if code, _, stderr := program(t, "call", "get_status", "--url", "http://"+ports[1]); code == 0 || !strings.Contains(stderr, "-c, or set LIBRATION_TOKEN") {
		t.Errorf("without a token: code %d, %s", code, stderr)
	}
}

// TestDemoRemedy: what the demo says to do about a kick works when it is pasted.
func TestDemoRemedy(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	ports := freePorts(t, 4)
	demo := exec.CommandContext(t.Context(), "libration", "demo", "--http", ports[0], "--ws", ports[1], "--page", ports[2], "--admin", ports[3])
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	logged, err := demo.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = demo.Process.Signal(syscall.SIGTERM)
		if err := demo.Wait(); err != nil {
			t.Errorf("ended with %v", err)
		}
	}()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil { // it is up
		t.Fatal(err)
	}
	answer, err := http.Post("http://"+ports[2]+"/api/clients/10001/kick", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	command := ""
	for lines := bufio.NewScanner(logged); command == "" && lines.Scan(); {
		if _, do, ok := strings.Cut(lines.Text(), "log in again with: "); ok {
			command = strings.TrimSuffix(do, `"`)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, logged) }()
	if want := "libration login --admin " + ports[3]; command != want {
		t.Fatalf("got the command %q, want %q", command, want)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput(); err != nil || !strings.Contains(string(out), "10001: online") {
		t.Errorf("%s: %v\n%s", command, err, out)
	}
}

// freePorts returns addresses on loopback that nobody listens on.
func freePorts(t *testing.T, n int) (addresses []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses
}

// A service has the null device as its input: nobody types there.
func TestNullDeviceIsNoTerminal(t *testing.T) {
	t.Parallel()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if isTerminal(f) {
		t.Error("the null device is taken for a terminal")
	}
}
