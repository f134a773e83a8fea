package main

import (
	"bufio"
	"bytes"
	"context"
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
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// asProgram makes the test binary behave as the program, for commands that start
// themselves.
const asProgram = "LIBRATION_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultClient.CloseIdleConnections()
		os.Exit(code)
	}))
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
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			p := exec.CommandContext(t.Context(), self, "sandbox", "--sso", "127.0.0.1:0", "--control", "127.0.0.1:0")
			p.Env = append(os.Environ(), asProgram+"=1")
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
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// begin starts the program with output that nobody reads.
	begin := func(args ...string) *exec.Cmd {
		t.Helper()
		p := exec.CommandContext(t.Context(), self, args...)
		p.Env = append(os.Environ(), asProgram+"=1")
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

// TestCommands are runs of the program; $DIR is a folder of the run's own, $BUSY an
// address that is taken, $URL a OneBot service.
func TestCommands(t *testing.T) {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LIBRATION_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("LANG", "C")
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/get_login_info" {
			fmt.Fprint(w, `{"status":"ok","data":{"user_id":10001}}`)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"status":"failed","retcode":1404}`)
	}))
	defer service.Close()

	const valid = "account: {uin: 10001}\nserver: {mode: sandbox, sandbox: {control: \"http://127.0.0.1:1\"}}\n"
	for _, tt := range []struct {
		name   string
		file   string // the content of $DIR/config.yaml, "" for none
		args   string
		code   int
		stdout []string // parts; none: empty
		stderr []string // parts; none: empty
	}{
		{name: "help", args: "--help", stdout: []string{"demo", "sandbox", "config check", "bench"}},
		{name: "no arguments", args: "", stdout: []string{"Usage: libration"}},
		{name: "help of a command", args: "run --help", stdout: []string{"--config"}},
		{name: "version", args: "version", stdout: []string{"libration dev", "go1."}},
		{name: "--version", args: "--version", stdout: []string{"libration dev", "go1."}},
		{name: "unknown command", args: "fly", code: exitUsage, stderr: []string{"libration: ", "fly", "libration --help"}},
		{name: "unknown flag", args: "call --fly x", code: exitUsage, stderr: []string{"--fly", "libration call --help"}},

		{name: "config init", args: "config init $DIR/new.yaml", stdout: []string{"written: $DIR/new.yaml", "config check"}},
		{name: "config init in Chinese", args: "config init --lang zh $DIR/new.yaml", stdout: []string{"已写入"}},
		{name: "config init over a file", file: valid, args: "config init $DIR/config.yaml", code: exitFailed, stderr: []string{"not overwritten"}},
		{name: "config check", file: valid, args: "config check $DIR/config.yaml", stdout: []string{"config.yaml: ok"}},
		{name: "config check -c", file: valid, args: "config check -c $DIR/config.yaml", stdout: []string{"config.yaml: ok"}},
		{name: "config check of a missing app info", file: strings.Replace(valid, "10001", "10001, app_info: no.json", 1), args: "config check -c $DIR/config.yaml",
			code: exitFailed, stderr: []string{"config.yaml: account.app_info: ", "no.json"}},
		{name: "config check of a foreign keystore", file: strings.Replace(valid, "10001", "10001, keystore: config.yaml", 1), args: "config check $DIR/config.yaml",
			code: exitFailed, stderr: []string{"config.yaml: import of account.keystore", "not a JSON object"}},
		{name: "config check with problems", file: "log:\n  level: loud\nserver: {mode: moon}\n", args: "config check $DIR/config.yaml", code: exitFailed,
			stderr: []string{"config.yaml:2:10: log.level", "config.yaml:3:16: server.mode"}},
		{name: "config check in Chinese", file: valid + "language: zh\n", args: "config check $DIR/config.yaml", stdout: []string{"config.yaml: 没有问题"}},
		{name: "config check with a warning in Chinese", file: valid + "language: zh\nsigner: {urls: []}\nadmin: {address: \"127.0.0.1:1\"}\n", args: "config check $DIR/config.yaml",
			stdout: []string{"警告: admin.access_token: 未设置令牌：本机的任何程序都可以读取账号状态并让账号重新登录；"}},
		{name: "config check with problems in Chinese", file: "language: zh\nlog:\n  level: laud\n  format: warm\nserver: {mode: moon}\n", args: "config check $DIR/config.yaml", code: exitFailed,
			stderr: []string{"config.yaml:3:10: log.level \"laud\": 未知的值；可用的值: debug、info、warn 或 error", "config.yaml:5:16: server.mode"}},
		{name: "run with a bad config in Chinese", file: "language: zh\ndata: ''\n", args: "run -c $DIR/config.yaml", code: exitFailed, stderr: []string{"data: 不能为空；写一个文件夹"}},
		{name: "notices to nobody in Chinese", file: valid + "language: zh\n", args: "notices test -c $DIR/config.yaml", code: exitFailed, stderr: []string{"没有设置通知去处"}},
		{name: "config schema", args: "config schema", stdout: []string{`"$schema"`}},

		{name: "run without a config", args: "run -c $DIR/config.yaml", code: exitFailed, stderr: []string{"libration config init"}},
		{name: "run with a bad config", file: "log: [", args: "run -c $DIR/config.yaml", code: exitFailed, stderr: []string{"config.yaml:1"}},
		{name: "run with an unusable folder", file: valid + "data: config.yaml\n", args: "run -c $DIR/config.yaml", code: exitFailed,
			stderr: []string{"data folder", "data: in the config"}},

		{name: "doctor without a config", args: "doctor -c $DIR/config.yaml", code: exitFailed, stdout: []string{"PROBLEM", "libration config init"}, stderr: []string{"something is wrong"}},
		{name: "doctor", file: valid, args: "doctor -c $DIR/config.yaml", code: exitFailed, stdout: []string{"config.yaml can be used", "no sandbox answers"}, stderr: []string{"something is wrong"}},

		{name: "notices", file: valid + "notices: {targets: [{url: \"$URL/get_login_info\"}]}\n", args: "notices test -c $DIR/config.yaml", stdout: []string{"notices.targets[0] (http): ok"}},
		{name: "notices that fail", file: valid + "notices: {targets: [{url: \"$URL/hunter2\"}]}\n", args: "notices test -c $DIR/config.yaml", code: exitFailed,
			stdout: []string{"notices.targets[0] (http): failed: the answer is HTTP 404"}, stderr: []string{"not every target"}},
		{name: "notices to nobody", file: valid, args: "notices test -c $DIR/config.yaml", code: exitFailed, stderr: []string{"notices.targets"}},
		{name: "login with nobody there", file: valid + "admin: {address: \"127.0.0.1:1\"}\n", args: "login -c $DIR/config.yaml", code: exitFailed, stderr: []string{"libration run"}},
		{name: "login without a config", args: "login -c $DIR/config.yaml", code: exitFailed, stderr: []string{"libration config init"}},
		{name: "captcha with nobody there", file: valid + "admin: {address: \"127.0.0.1:1\"}\n", args: "login captcha t03 @abc -c $DIR/config.yaml", code: exitFailed, stderr: []string{"libration run"}},
		{name: "captcha without randstr", args: "login captcha t03", code: exitUsage, stderr: []string{"<randstr>", "libration login --help"}},

		{name: "packets", file: valid, args: "packets list -c $DIR/config.yaml", stdout: []string{"no packets in"}},
		{name: "packets without a config", args: "packets list -c $DIR/config.yaml", code: exitFailed, stderr: []string{"libration config init"}},
		{name: "packet that is not there", file: valid, args: "packets show 3 -c $DIR/config.yaml", code: exitFailed, stderr: []string{"packet 3: no such packet", "packets list"}},
		{name: "packet without a number", file: valid, args: "packets show x", code: exitUsage, stderr: []string{"<n>", "libration packets --help"}},

		{name: "call", args: "call get_login_info --url $URL", stdout: []string{`"user_id": 10001`}},
		{name: "call by configuration", file: valid + "onebot: {connections: [{type: http, address: \"$ADDRESS\"}]}\n", args: "call get_login_info -c $DIR/config.yaml", stdout: []string{`"user_id": 10001`}},
		{name: "call by a configuration without HTTP", file: valid, args: "call get_login_info -c $DIR/config.yaml", code: exitFailed, stderr: []string{"no connection of type http", "onebot.connections"}},
		{name: "call by two things", file: valid, args: "call get_login_info --url $URL -c $DIR/config.yaml", code: exitUsage, stderr: []string{"--config", "--url"}},
		{name: "events by a configuration without WebSocket", file: valid, args: "events -c $DIR/config.yaml", code: exitFailed, stderr: []string{"no connection of type websocket"}},
		{name: "call that fails", args: "call nothing --url $URL", code: exitFailed, stdout: []string{"1404"}, stderr: []string{"action failed"}},
		{name: "call with a bad parameter", args: "call nothing x --url $URL", code: exitFailed, stderr: []string{"key=value"}},
		{name: "call with nobody there", args: "call x --url http://127.0.0.1:1", code: exitFailed, stderr: []string{"nobody listens"}},
		{name: "events with nobody there", args: "events --url ws://127.0.0.1:1", code: exitFailed, stderr: []string{"nobody listens"}},

		{name: "sandbox keys", args: "sandbox --print-keys", stdout: []string{`"oicq_192"`}},
		{name: "sandbox faults", args: "sandbox --list-faults", stdout: []string{"refuse-exchange", "signer-slow", "key-exchange"}},
		{name: "sandbox with faults", args: "sandbox --fault mute:on=alive,count=2 --fault dead --print-keys", stdout: []string{`"oicq_192"`}},
		{name: "sandbox with an unknown fault", args: "sandbox --fault explode", code: exitFailed, stderr: []string{`no fault "explode", but: refuse-connection, dead, close`}},
		{name: "sandbox with a bad fault", args: "sandbox --fault mute:on=alive,count=x", code: exitFailed, stderr: []string{`count="x"`}},
		{name: "sandbox for others", args: "sandbox --sso 0.0.0.0:0", code: exitFailed, stderr: []string{"--allow-remote"}},
		{name: "sandbox port taken", args: "sandbox --sso 127.0.0.1:0 --control $BUSY", code: exitFailed, stderr: []string{"--control", "$BUSY", "in use"}},
		{name: "demo port taken", args: "demo --http $BUSY", code: exitFailed, stderr: []string{"--http", "$BUSY", "in use"}},
		{name: "bench of nothing", args: "bench --count 0", code: exitFailed, stderr: []string{"--count"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			fill := strings.NewReplacer("$DIR", dir, "$BUSY", busy.Addr().String(), "$URL", service.URL, "$ADDRESS", service.Listener.Addr().String()).Replace
			if tt.file != "" {
				if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(fill(tt.file)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			code, stdout, stderr := program(t, strings.Fields(fill(tt.args))...)
			if code != tt.code {
				t.Errorf("got exit code %d, want %d; stderr: %s", code, tt.code, stderr)
			}
			check(t, "stdout", stdout, tt.stdout, fill)
			check(t, "stderr", stderr, tt.stderr, fill)
		})
	}
}

func check(t *testing.T, name, got string, parts []string, fill func(string) string) {
	t.Helper()
	if len(parts) == 0 && got != "" {
		t.Errorf("got %s %q, want nothing", name, got)
	}
	for _, part := range parts {
		if !strings.Contains(got, fill(part)) {
			t.Errorf("got %s %q, want %q in it", name, got, fill(part))
		}
	}
}

func TestDemoOnce(t *testing.T) {
	code, stdout, stderr := program(t, "demo", "--once", "--http", "127.0.0.1:0", "--ws", "127.0.0.1:0", "--page", "127.0.0.1:0")
	if code != 0 || !strings.Contains(stdout, "group_recall") {
		t.Errorf("got exit code %d, stdout %s, stderr %s", code, stdout, stderr)
	}
}

// TestFirstRun is an owner's first one: what config init writes and prints works as it
// is, with the mode changed to a sandbox's.
func TestFirstRun(t *testing.T) {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LIBRATION_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("LANG", "C")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
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
	// The shell is what takes the words apart; it finds libration in its path.
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "libration")); err != nil {
		t.Skip(err)
	}
	shell := func(command string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), "sh", "-c", "exec "+command)
		c.Env = append(os.Environ(), asProgram+"=1", "PATH="+bin+":"+os.Getenv("PATH"))
		return c
	}
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

// TestBench starts the processes that the command starts.
func TestBench(t *testing.T) {
	t.Setenv(asProgram, "1")
	code, stdout, stderr := program(t, "bench", "--rate", "2000", "--count", "1000")
	if code != 0 || !strings.Contains(stdout, "no event was lost or reordered") {
		t.Errorf("got exit code %d, stdout %s, stderr %s", code, stdout, stderr)
	}
}
