package doctor

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"go.uber.org/goleak"

	"libration/internal/app"
	"libration/internal/app/simulator"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/place"
	"libration/internal/proxytest"
	"libration/internal/store"
	"libration/internal/text"
	"libration/internal/tlsfiles/tlsfilestest"
	"libration/ntqq"
	"libration/sandbox"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES"} {
		os.Unsetenv(name)
	}
	os.Setenv("LANG", "C")
	goleak.VerifyTestMain(m)
}

const limit = 20 * time.Second

func startSandbox(t *testing.T, o sandbox.Options) *simulator.Simulator {
	t.Helper()
	box, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	sim, err := simulator.Listen(t.Context(), box, simulator.Options{SSO: "127.0.0.1:0", Control: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	background(t, sim.Run)
	return sim
}

func background(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
}

// freeAddress is one on which nobody listens, and which no outgoing connection is
// given either: those have ports above 32767.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+nextPort.Add(1)%12_000))
		if err != nil {
			continue
		}
		l.Close()
		return l.Addr().String()
	}
	t.Fatal("no free port")
	return ""
}

// nextPort counts, so that no port is given twice.
var nextPort = func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(rand.Uint32N(12_000))
	return &n
}()

// listen takes a port until the end of the test.
func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func web(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

// setup is an installation on paper. The paths are its files.
type setup struct {
	t                               *testing.T
	dir, folder, keystore, db, log  string
	control, http, admin            string
	data                            string // parts of the configuration
	signer, server, onebot, account string
	head                            string // its first lines
	options                         Options
}

// seal seals the keystore by a key, and has the environment give another one.
func (s *setup) seal(given string) {
	saved, err := ntqq.FileKeystore(s.keystore).Load()
	if err == nil {
		err = ntqq.SealedKeystore{Path: s.keystore, Key: ntqq.SealKey{1}}.Save(saved)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Setenv("LIBRATION_KEYSTORE_KEY", given)
}

func newSetup(t *testing.T, control string) *setup {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "data", "10001")
	s := &setup{
		t: t, dir: dir, data: "data", folder: folder, keystore: filepath.Join(folder, "keystore.json"), db: filepath.Join(folder, "messages.db"),
		log: filepath.Join(dir, "libration.log"), control: control, http: freeAddress(t), admin: freeAddress(t),
		signer: fmt.Sprintf("{urls: [%q]}", control+"/sign"), account: "{uin: 10001}",
		server: fmt.Sprintf("{mode: sandbox, sandbox: {control: %q}}", control),
	}
	s.onebot = fmt.Sprintf("{connections: [{type: http, address: %q}]}", s.http)
	s.options.Config = filepath.Join(dir, "config.yaml")
	s.options.lookup = func(context.Context, string) ([]string, error) {
		t.Error("a name was looked up")
		return nil, errors.New("no look-ups in tests")
	}
	ks := &ntqq.Keystore{UIN: 10001, Device: ntqq.NewDevice()}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := ntqq.FileKeystore(s.keystore).Save(ks); err != nil {
		t.Fatal(err)
	}
	messages, err := store.Open(t.Context(), store.Options{Path: s.db})
	if err != nil {
		t.Fatal(err)
	}
	if err := messages.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *setup) text() string {
	return s.head + fmt.Sprintf("data: %s\nlog: {file: {path: libration.log}}\naccount: %s\nserver: %s\nsigner: %s\nonebot: %s\nadmin: {address: %q}\nmedia: {ffmpeg: off}\n",
		s.data, s.account, s.server, s.signer, s.onebot, s.admin)
}

// line is a line of the log file, a while ago.
func line(msg, more string, ago time.Duration) string {
	return fmt.Sprintf(`{"time":%q,"level":"WARN","msg":%q%s}`+"\n", time.Now().Add(-ago).Format(time.RFC3339Nano), msg, more)
}

// TestDoctorBrokenSetUps breaks a sound installation in one way each: the diagnosis
// must be the right one, and the only one. The set-ups with a problem are the table
// of docs/reliability.md and its Chinese twin; -update writes it.
func TestDoctorBrokenSetUps(t *testing.T) {
	var table []string
	notRunning(t, &table)
	running(t, &table)
	if !t.Failed() && !strings.Contains(flag.Lookup("test.run").Value.String(), "/") { // all of them ran
		compareTable(t, "reliability.md", "| set-up | diagnosis | what it says to do |", table, "en")
		compareTable(t, "reliability.zh-CN.md", "| 安装情况 | 诊断 | 给出的建议 |", table, "zh")
	}
}

// notRunning are the set-ups in which libration does not run.
func notRunning(t *testing.T, table *[]string) {
	sim := startSandbox(t, sandbox.Options{})
	for _, tt := range []struct {
		name  string
		spoil func(s *setup)
		want  string // codes of Problem, "" for none
		also  string // a code of another level
	}{
		{"sound", func(*setup) {}, "", "not-running"},

		{"no configuration", func(s *setup) { s.options.Config += ".missing" }, "config-missing", ""},
		{"configuration is a folder", func(s *setup) {
			s.options.Config += ".missing"
			if err := os.Mkdir(s.options.Config, 0o700); err != nil {
				s.t.Fatal(err)
			}
		}, "config-unreadable", ""},
		{"misspelt key", func(s *setup) { s.head = "lnguage: zh\n" }, "config-invalid", ""},
		{"not YAML", func(s *setup) { s.head = "log: [\n" }, "config-invalid", ""},
		{"admin open to others without a token", func(s *setup) { s.admin = "0.0.0.0:5780" }, "config-invalid", ""},
		{"bots from elsewhere without a token", func(s *setup) { s.onebot = `{connections: [{type: http, address: "0.0.0.0:5700"}]}` }, "config-invalid", ""},
		{"two connections on one port", func(s *setup) {
			s.onebot = `{connections: [{type: http, address: "127.0.0.1:5700"}, {type: websocket, address: "127.0.0.1:5700"}]}`
		}, "config-invalid", ""},
		{"certificate missing", func(s *setup) {
			s.onebot = `{connections: [{type: http, address: "127.0.0.1:0", access_token: t, tls: {certificate: no.pem, key: no.key}}]}`
		}, "tls-unusable", ""},
		{"certificate out of date", func(s *setup) {
			files := tlsfilestest.NewAuthority(s.t).Issue(s.t, s.dir, "old", time.Now().Add(-90*24*time.Hour), time.Now().Add(-time.Hour))
			s.onebot = fmt.Sprintf(`{connections: [{type: http, address: "127.0.0.1:0", access_token: t, tls: {certificate: %q, key: %q}}]}`, files.Certificate, files.Key)
		}, "tls-not-valid", ""},
		{"folder of a socket missing", func(s *setup) {
			s.onebot = `{connections: [{type: http, address: "unix:none/bot.sock"}]}`
		}, "socket-folder", ""},
		{"a file in place of a socket", func(s *setup) {
			write(s.t, filepath.Join(s.dir, "bot.sock"), "", 0o600)
			s.onebot = `{connections: [{type: http, address: "unix:bot.sock"}]}`
		}, "no-socket", ""},
		{"path of a socket too long", func(s *setup) {
			s.onebot = fmt.Sprintf("{connections: [{type: http, address: %q}]}", "unix:"+strings.Repeat("x", network.MaxUnixPath()))
		}, "socket-long", ""},
		{"target of notices misspelt", func(s *setup) { s.head = "notices: {targets: [{url: \"nfty://ntfy.sh/x\"}]}\n" }, "config-invalid", ""},
		{"misspelt proxy", func(s *setup) { s.head = "proxy: socks4://me:hunter2@127.0.0.1:1080\n" }, "config-invalid", ""},
		{"proxy that works", func(s *setup) {
			s.head = "proxy: " + proxytest.Start(s.t, "me", "hunter2", nil).URL("socks5") + "\n"
		}, "", "proxy"},
		{"nobody at the proxy", func(s *setup) { s.head = "proxy: http://me:hunter2@" + freeAddress(s.t) + "\n" }, "proxy-unreachable", ""},
		{"proxy that refuses the password", func(s *setup) {
			s.account = "{uin: 10001, proxy: \"http://me:hunter2@" + proxytest.Start(s.t, "me", "right", nil).Address + "\"}"
		}, "proxy-refuses", ""},
		{"app info missing", func(s *setup) { s.account = "{uin: 10001, app_info: no.json}" }, "file-missing", ""},
		{"app info broken", func(s *setup) {
			write(s.t, filepath.Join(s.dir, "app.json"), "{", 0o600)
			s.account = "{uin: 10001, app_info: app.json}"
		}, "app-info-invalid", ""},
		{"event filter broken", func(s *setup) {
			write(s.t, filepath.Join(s.dir, "filter.json"), `{"user_id": {".inn": [1]}}`, 0o600)
			s.onebot = fmt.Sprintf("{connections: [{type: websocket, address: %q, filter: filter.json}]}", s.http)
		}, "filter-invalid", ""},
		{"import missing", func(s *setup) { s.account = "{uin: 10001, keystore: old.json}" }, "file-missing", ""},

		{"import of another layout", func(s *setup) {
			if err := os.Remove(s.keystore); err != nil {
				s.t.Fatal(err)
			}
			write(s.t, filepath.Join(s.dir, "old.json"), `{"WLoginSigs":{}}`, 0o600)
			s.account = "{uin: 10001, keystore: old.json}"
		}, "import-invalid", ""},

		{"data is a file", func(s *setup) {
			if err := os.RemoveAll(filepath.Join(s.dir, "data")); err != nil {
				s.t.Fatal(err)
			}
			write(s.t, filepath.Join(s.dir, "data"), "", 0o600)
		}, "data-not-a-folder", ""},
		{"data folder not writable", func(s *setup) {
			// Nobody can make files there, not even root, as whom the tests may run.
			if runtime.GOOS != "linux" {
				s.t.Skip("there is no /proc")
			}
			s.data = "/proc"
		}, "data-not-writable", ""},
		{"nothing there yet", func(s *setup) {
			if err := os.RemoveAll(filepath.Join(s.dir, "data")); err != nil {
				s.t.Fatal(err)
			}
		}, "", "data-new"},
		{"disk full", func(s *setup) { s.options.free = func(string) (uint64, bool) { return 1 << 20, true } }, "disk-full", ""},
		{"disk nearly full", func(s *setup) { s.options.free = func(string) (uint64, bool) { return 100 << 20, true } }, "", "disk-nearly-full"},
		{"lock is a folder", func(s *setup) { write(s.t, filepath.Join(s.folder, "lock", "x"), "", 0o600) }, "lock-unreadable", ""},

		{"data folder copied", func(s *setup) {
			original := filepath.Join(s.dir, "original")
			if err := errors.Join(place.Settle(s.folder, time.Now()), os.Rename(s.folder, original), os.CopyFS(s.folder, os.DirFS(original))); err != nil {
				s.t.Fatal(err)
			}
			was, err := os.ReadFile(filepath.Join(original, place.Name))
			if err != nil {
				s.t.Fatal(err)
			}
			write(s.t, filepath.Join(s.folder, place.Name), strings.ReplaceAll(string(was), s.folder, original), 0o600)
			if err := errors.Join(os.Chmod(s.folder, 0o700), os.Chmod(s.keystore, 0o600)); err != nil {
				s.t.Fatal(err)
			}
		}, "data-copied", ""},
		{"keystore is a folder", func(s *setup) {
			if err := errors.Join(os.Remove(s.keystore), os.Mkdir(s.keystore, 0o700)); err != nil {
				s.t.Fatal(err)
			}
		}, "keystore-damaged", ""},
		{"keystore damaged", func(s *setup) { write(s.t, s.keystore, "{", 0o600) }, "keystore-damaged", ""},
		{"keystore readable by all", func(s *setup) {
			if runtime.GOOS == "windows" {
				s.t.Skip("no modes here")
			}
			if err := os.Chmod(s.keystore, 0o644); err != nil {
				s.t.Fatal(err)
			}
		}, "keystore-open-to-others", ""},
		{"keystore of another account", func(s *setup) {
			if err := ntqq.FileKeystore(s.keystore).Save(&ntqq.Keystore{UIN: 5, Device: ntqq.NewDevice()}); err != nil {
				s.t.Fatal(err)
			}
		}, "keystore-other-account", ""},
		{"keystore sealed, no key", func(s *setup) { s.seal("") }, "keystore-sealed", ""},
		{"keystore sealed by another key", func(s *setup) { s.seal(strings.Repeat("0b", 32)) }, "keystore-key", ""},
		{"keystore in the folder of before", func(s *setup) {
			if err := os.Rename(s.folder, filepath.Join(s.dir, "data", "default")); err != nil {
				s.t.Fatal(err)
			}
		}, "", "keystore-elsewhere"},

		{"database is something else", func(s *setup) { write(s.t, s.db, strings.Repeat("not a database. ", 512), 0o600) }, "database-damaged", ""},
		{"database was repaired", func(s *setup) { write(s.t, s.db+".damaged-20260102T030405.000Z", "x", 0o600) }, "", "database-set-aside"},
		{"database cut off", func(s *setup) {
			if err := os.Truncate(s.db, 6000); err != nil {
				s.t.Fatal(err)
			}
		}, "database-damaged", ""},

		{"port taken", func(s *setup) {
			s.onebot = fmt.Sprintf("{connections: [{type: http, address: %q}]}", listen(s.t).Addr())
		}, "port-taken", ""},
		{"admin port taken", func(s *setup) { s.admin = listen(s.t).Addr().String() }, "port-taken", ""},
		{"address of another machine", func(s *setup) {
			s.onebot = `{connections: [{type: http, address: "192.0.2.1:5700", access_token: x}]}`
		}, "address-not-here", ""},
		{"no bot", func(s *setup) {
			s.onebot = fmt.Sprintf("{connections: [{type: reverse-websocket, url: %q}]}", "ws://"+freeAddress(s.t)+"/ws")
		}, "bot-unreachable", ""},
		{"a bot", func(s *setup) {
			s.onebot = fmt.Sprintf("{connections: [{type: reverse-websocket, url: \"ws://%s/ws\"}]}", listen(s.t).Addr())
		}, "", "bot"},
		{"no bot for a webhook", func(s *setup) {
			s.onebot = fmt.Sprintf("{connections: [{type: webhook, url: %q}]}", "http://"+freeAddress(s.t)+"/post")
		}, "bot-unreachable", ""},

		{"clock of 1970", func(s *setup) { s.options.now = func() time.Time { return time.Unix(1000, 0) } }, "clock-wrong", ""},
		{"clock set back", func(s *setup) { s.options.now = func() time.Time { return time.Now().Add(-time.Hour) } }, "clock-behind", ""},
		{"clock ahead", func(s *setup) { s.options.now = func() time.Time { return time.Now().Add(time.Hour) } }, "clock-differs", ""},

		{"keys of another sandbox", func(s *setup) {
			s.server = fmt.Sprintf("{mode: sandbox, sandbox: {control: %q}, keys: {verify: %q}}", s.control, strings.Repeat("00", 32))
		}, "sandbox-other-keys", ""},
		{"no sandbox", func(s *setup) {
			s.server = fmt.Sprintf("{mode: sandbox, sandbox: {control: %q}}", "http://"+freeAddress(s.t))
		}, "sandbox-not-running", ""},
		{"no sandbox but a web server", func(s *setup) {
			s.server = fmt.Sprintf("{mode: sandbox, sandbox: {control: %q}}", web(s.t, http.NotFound))
		}, "not-a-sandbox", ""},

		{"no signer", func(s *setup) { s.signer = fmt.Sprintf("{urls: [%q]}", "http://"+freeAddress(s.t)) }, "signer-unreachable", ""},
		{"signer refuses", func(s *setup) {
			s.signer = fmt.Sprintf("{urls: [%q], token: a}", web(s.t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
		}, "signer-refuses", ""},
		{"signer elsewhere", func(s *setup) { s.signer = fmt.Sprintf("{urls: [%q]}", web(s.t, http.NotFound)) }, "signer-wrong-path", ""},
		{"signer broken", func(s *setup) {
			s.signer = fmt.Sprintf("{urls: [%q]}", web(s.t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
		}, "signer-broken", ""},
		{"signer that breaks off", func(s *setup) {
			s.signer = fmt.Sprintf("{urls: [%q]}", web(s.t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					panic(http.ErrAbortHandler)
				}
			}))
		}, "signer-broken", ""},
		{"signer for another version", func(s *setup) {
			s.signer = fmt.Sprintf("{urls: [%q]}", web(s.t, func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, `{"platform":"Linux","version":"1.0-1","value":{"sign":"00","token":"","extra":""}}`)
			}))
		}, "signer-no-signature", ""},
		{"signer that answers garbage", func(s *setup) {
			s.signer = fmt.Sprintf("{urls: [%q]}", web(s.t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))
		}, "not-a-signer", ""},
		{"signer far away", func(s *setup) { s.signer = "{urls: [\"https://signer.example/sign\"]}" }, "", "not-checked"},

		{"real service", func(s *setup) { s.server = "{mode: real}" }, "", "not-checked"},
		{"real service without DNS", func(s *setup) {
			s.server, s.signer, s.options.Online = "{mode: real}", "{urls: []}", true
			s.options.lookup = func(context.Context, string) ([]string, error) { return nil, errors.New("server misbehaving") }
		}, "dns-fails", "config-warning"},
		{"server down", func(s *setup) { s.server = fmt.Sprintf("{mode: real, addresses: [%q]}", freeAddress(s.t)) }, "server-unreachable", ""},

		{"log of an expired session", func(s *setup) {
			write(s.t, s.log, line("session no longer accepted: logging in again", `,"err":"x"`, time.Hour), 0o600)
		}, "log-session-expired", ""},
		{"log of a code that nobody scanned", func(s *setup) {
			write(s.t, s.log, line("scan the QR code with the QQ app", "", time.Hour), 0o600)
		}, "log-code", ""},
		{"log of a bot that refuses the token", func(s *setup) {
			write(s.t, s.log, line("not connected to the bot", `,"reason":"the bot refused the access token (HTTP status 401)"`, time.Hour), 0o600)
		}, "log-bot", ""},
		{"log of a kick", func(s *setup) {
			write(s.t, s.log, line("online", "", 3*time.Hour)+line("kicked offline: waiting for a person", `,"err":"x"`, time.Hour), 0o600)
		}, "log-kicked", ""},
		{"log of a kick that is over", func(s *setup) {
			write(s.t, s.log, line("kicked offline: waiting", "", 2*time.Hour)+line("online", "", time.Hour), 0o600)
		}, "", "log-kicked-over"},
		{"log of a kick long ago", func(s *setup) { write(s.t, s.log, line("kicked offline: waiting", "", 48*time.Hour), 0o600) }, "", "log"},
		{"log of a failing signer", func(s *setup) {
			write(s.t, s.log, line("signer failed", `,"err":"x"`, time.Hour)+line("online", "", time.Minute), 0o600)
		}, "log-signer", ""},
		{"log of a signer that works again", func(s *setup) {
			write(s.t, s.log, line("signer failed: it is left alone for a while", `,"err":"x"`, time.Hour)+line("signer works again", "", time.Minute), 0o600)
		}, "", "log-signer-over"},
		{"log of a failing disk", func(s *setup) {
			write(s.t, s.log, line("messages are kept in memory only: writing failed", "", time.Hour), 0o600)
		}, "log-store", ""},
		{"log of a failing service", func(s *setup) {
			write(s.t, s.log, line("service failed; it starts again", `,"service":"a"`, time.Hour)+line("service is running", `,"service":"b"`, time.Minute), 0o600)
		}, "log-service", ""},
		{"log of a panic", func(s *setup) { write(s.t, s.log, line("action panicked", "", time.Hour), 0o600) }, "", "log-panic"},
		{"log of rubbish", func(s *setup) { write(s.t, s.log, "{\nnull\n[]\n\"x\"\n"+strings.Repeat("x", 400<<10), 0o600) }, "", "log"},
		{"log is a folder", func(s *setup) { write(s.t, filepath.Join(s.log, "x"), "", 0o600) }, "log-unreadable", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSetup(t, sim.ControlURL())
			tt.spoil(s)
			write(t, strings.TrimSuffix(s.options.Config, ".missing"), s.text(), 0o600)
			for _, language := range []string{"en", "zh"} {
				t.Setenv("LIBRATION_LANGUAGE", language)
				t.Setenv("LANG", language)
				note(table, tt.name, diagnose(t, s.options, tt.want, tt.also), language)
			}
		})
	}
}

// itsFile is the configuration that the commands of remedies name.
var itsFile = regexp.MustCompile(" (-c )?/[^ `;]*/config\\.yaml(\\.missing)?")

// inFolder is the keystore, with its folder.
var inFolder = regexp.MustCompile(` /[^ ;]*/keystore\.json`)

// note adds a row to the table of set-ups with problems.
func note(table *[]string, name string, problems []Finding, language string) {
	if len(problems) == 0 {
		return
	}
	var codes, remedies []string
	for _, f := range problems {
		if !slices.Contains(codes, "`"+f.Code+"`") {
			codes, remedies = append(codes, "`"+f.Code+"`"), append(remedies, itsFile.ReplaceAllString(inFolder.ReplaceAllString(f.Remedy, " keystore.json"), ""))
		}
	}
	between, and := ", ", "; "
	if language == "zh" {
		name, between, and = nameInChinese(name), "、", "；"
	}
	*table = append(*table, language+fmt.Sprintf("| %s | %s | %s |", name, strings.Join(codes, between), strings.Join(remedies, and)))
}

// diagnose examines and compares the problems; texts must be whole.
func diagnose(t *testing.T, o Options, want, also string) (wrong []Finding) {
	t.Helper()
	all, language := Examine(t.Context(), o)
	var problems, codes []string
	for _, f := range all {
		codes = append(codes, f.Code)
		if f.Level == Problem {
			wrong = append(wrong, f)
		}
		if f.Level == Problem && !slices.Contains(problems, f.Code) {
			problems = append(problems, f.Code)
		}
		if f.Level == Problem && f.Remedy == "" || strings.Contains(f.What, "%!") || f.What == "" {
			t.Errorf("finding %+v is not whole", f)
		}
	}
	var report bytes.Buffer
	o.Out = &report
	if got := strings.Join(problems, " "); got != want || also != "" && !slices.Contains(codes, also) {
		print(&report, language, all)
		t.Errorf("got problems %q among %q, want %q and %q\n%s", got, codes, want, also, report.String())
	}
	if err := Run(t.Context(), o); errors.Is(err, ErrUnwell) != (want != "") {
		t.Errorf("Run: got %v with problems %q", err, want)
	}
	if language == text.Chinese && strings.Contains(report.String(), "PROBLEM") {
		t.Error("English in a Chinese report")
	}
	for _, f := range wrong {
		if chinese := language == text.Chinese; strings.ContainsFunc(f.Remedy, isHan) != chinese || strings.ContainsFunc(f.What, isHan) != chinese {
			t.Errorf("%s is not in the language %s: %s -> %s", f.Code, language, f.What, f.Remedy)
		}
	}
	return wrong
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

// TestKeystoreOfAnotherUser is not in the table: for root there is no such thing.
func TestKeystoreOfAnotherUser(t *testing.T) {
	if os.Geteuid() <= 0 {
		t.Skip("this user may read everything, or the system has no modes")
	}
	s := newSetup(t, startSandbox(t, sandbox.Options{}).ControlURL())
	if err := os.Chmod(s.keystore, 0); err != nil {
		t.Fatal(err)
	}
	write(t, s.options.Config, s.text(), 0o600)
	diagnose(t, s.options, "keystore-unreadable", "")
}

// running are the set-ups in which libration runs.
func running(t *testing.T, table *[]string) {
	approving := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	for _, tt := range []struct {
		name  string
		spoil func(s *setup)
		play  func(t *testing.T, s *setup, a *app.App) // once it runs; nil: wait until it is online
		want  string
		also  string
	}{
		{"sound, running", nil, nil, "", "port-ours"},
		{"kicked", nil, func(t *testing.T, s *setup, a *app.App) {
			online(t, a)
			approving.Sandbox.Kick(10001, "title", "tips")
		}, "account-kicked", "port-ours"},
		{"port taken, running", func(s *setup) {
			s.onebot = fmt.Sprintf("{connections: [{type: http, address: %q}]}", listen(s.t).Addr())
		}, nil, "service-failed port-taken", "online"},
		{"bot that refuses the token, running", func(s *setup) {
			bot := web(s.t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
			s.onebot = fmt.Sprintf("{connections: [{type: reverse-websocket, url: %q, access_token: x}]}", "ws"+strings.TrimPrefix(bot, "http"))
		}, nil, "service-failed", "online"},
		{"code that waits to be scanned", func(s *setup) { s.control = startSandbox(s.t, sandbox.Options{}).ControlURL() },
			func(*testing.T, *setup, *app.App) {}, "account-needs-scan", "running"},
		{"code scanned by another account", func(s *setup) {
			s.control = startSandbox(s.t, sandbox.Options{AutoApprove: 20001}).ControlURL()
		}, func(*testing.T, *setup, *app.App) {}, "account-needs-login", "running"},
		{"socket removed while it runs", func(s *setup) {
			folder, err := os.MkdirTemp("", "s") // that of the test may be too long
			if err != nil {
				s.t.Fatal(err)
			}
			s.t.Cleanup(func() { os.RemoveAll(folder) })
			s.onebot = fmt.Sprintf("{connections: [{type: http, address: %q}]}", "unix:"+filepath.Join(folder, "b"))
		}, func(t *testing.T, s *setup, a *app.App) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			if _, err := a.Wait(ctx, func(s app.Status) bool { return s.Ready() }); err != nil {
				t.Fatal("not ready")
			}
			c, err := config.Load(s.options.Config)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(strings.TrimPrefix(c.OneBot.Connections[0].Address, "unix:")); err != nil {
				t.Fatal(err)
			}
		}, "socket-gone", ""},
		{"second libration on one data folder", nil, func(t *testing.T, s *setup, a *app.App) {
			online(t, a)
			s.admin, s.http = freeAddress(t), freeAddress(t) // of the second one, with a configuration of its own
			s.onebot = fmt.Sprintf("{connections: [{type: http, address: %q}]}", s.http)
			s.options.Config = filepath.Join(s.dir, "second.yaml")
		}, "admin-silent", "running"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSetup(t, approving.ControlURL())
			s.signer = "{urls: []}"
			if err := os.Remove(s.keystore); err != nil {
				t.Fatal(err)
			}
			if tt.spoil != nil {
				tt.spoil(s)
			}
			s.server = fmt.Sprintf("{mode: sandbox, sandbox: {control: %q}}", s.control)
			write(t, s.options.Config, s.text(), 0o600)
			c, err := config.Load(s.options.Config)
			if err != nil {
				t.Fatal(err)
			}
			log, err := os.Create(s.log)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { log.Close() }) // after the program
			a, err := app.New(c, app.Options{Log: slog.New(slog.NewJSONHandler(log, nil)), Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			background(t, a.Run)
			if tt.play == nil {
				online(t, a)
			} else {
				tt.play(t, s, a)
			}
			write(t, s.options.Config, s.text(), 0o600)
			settled(t, s.options, tt.want)
			for _, language := range []string{"en", "zh"} {
				t.Setenv("LIBRATION_LANGUAGE", language)
				note(table, tt.name, diagnose(t, s.options, tt.want, tt.also), language)
			}
		})
	}
}

// online waits until the account is.
func online(t *testing.T, a *app.App) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := a.Wait(ctx, func(s app.Status) bool { return s.Account.Online() }); err != nil {
		t.Fatal("not online")
	}
}

// settled waits until the services and the account are where they will stay.
func settled(t *testing.T, o Options, want string) {
	t.Helper()
	deadline := time.After(limit)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		all, _ := Examine(t.Context(), o)
		var problems []string
		for _, f := range all {
			if f.Level == Problem {
				problems = append(problems, f.Code)
			}
		}
		if strings.Join(problems, " ") == want {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("got problems %q, want %q", problems, want)
		}
	}
}
