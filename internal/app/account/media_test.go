package account

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libration/gateway/transport"
	"libration/internal/config"
	"libration/ntqq"
	"libration/ntqq/media"
	"libration/onebot"
)

// listening is a service that listens somewhere.
type listening struct {
	transport.Service
	addr   net.Addr
	prefix string
}

func (l listening) Addr() net.Addr         { return l.addr }
func (l listening) Prefix() string         { return l.prefix }
func (l listening) Ready() <-chan struct{} { return nil }

func TestLinkBase(t *testing.T) {
	t.Parallel()
	at := func(address string) connection {
		return connection{service: listening{addr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))}}
	}
	shared := connection{service: listening{addr: at("127.0.0.1:5700").service.(listening).addr, prefix: "/main"}}
	bot := func(url string) connection { return connection{config: config.Connection{URL: url}} }
	for name, c := range map[string]struct {
		public string
		all    []connection
		want   string
	}{
		"nothing configured":       {"", []connection{at("127.0.0.1:5700")}, ""},
		"a public URL":             {"https://bot.example.com/qq/", []connection{bot("ws://nonebot:8080/"), at("0.0.0.0:5700")}, "https://bot.example.com/qq"},
		"public, several accounts": {"https://bot.example.com", []connection{shared}, "https://bot.example.com/main"},
		"public, without listener": {"https://bot.example.com", []connection{bot("ws://nonebot:8080/")}, ""},
	} {
		a := &Account{cfg: &config.Config{Media: config.Media{PublicURL: c.public}}}
		if got := a.linkBase(&parts{connections: c.all}); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// An address of a medium works after a restart; one of before the key was lost does not.
func TestLinkKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "10001")
	p := &parts{connections: []connection{{service: listening{addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}}}}}
	c := config.Default()
	c.Media.PublicURL = "https://bot.example.com"
	a, err := New(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const id = "00112233445566778899aabbccddeeff"
	link := ""
	for start, want := range []string{"", id, "", id} {
		f, err := openFolder(path)
		if err != nil {
			t.Fatal(err)
		}
		links, err := a.mediaLinks(f, p)
		if err != nil {
			t.Fatal(err)
		}
		if got := links.Medium(link); got != want {
			t.Errorf("start %d: got %q, want %q", start, got, want)
		}
		link = links.URL(id)
		if info, err := os.Stat(f.file(linkKeyName)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("start %d: got %v, %v", start, info, err)
		}
		if start == 1 { // damaged
			err = os.WriteFile(f.file(linkKeyName), []byte("short"), 0o600)
		}
		f.close()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestSandboxAddresses(t *testing.T) {
	t.Parallel()
	var s sandboxAddresses
	if s.has("127.0.0.1:5788", netip.MustParseAddrPort("127.0.0.1:5788")) {
		t.Error("there is no sandbox yet")
	}
	s.found(ntqq.Servers{Addresses: []string{"localhost:5788", "sandbox:5789"}, Media: "192.0.2.7:80"}, &config.Server{Sandbox: config.SandboxServer{Control: "http://127.0.0.1:5787/"}})
	for _, c := range []struct {
		host, to string
		want     bool
	}{
		{"localhost:5788", "127.0.0.1:5788", true}, {"127.0.0.1:5788", "127.0.0.1:5788", true}, {"127.0.0.1:5787", "127.0.0.1:5787", true},
		{"sandbox:5789", "172.18.0.2:5789", true}, {"192.0.2.7:80", "192.0.2.7:80", true},
		{"127.0.0.1:5789", "127.0.0.1:5789", false}, {"127.0.0.1:80", "127.0.0.1:80", false}, {"10.0.0.1:5788", "10.0.0.1:5788", false}, {"sandbox:80", "172.18.0.2:80", false},
	} {
		if got := s.has(c.host, netip.MustParseAddrPort(c.to)); got != c.want {
			t.Errorf("%s at %s: got %t, want %t", c.host, c.to, got, c.want)
		}
	}
}

func TestMediaFiles(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	write := func(name string) string {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c := config.Default()
	c.Data, c.File, c.Log.File.Path = filepath.Join(top, "data"), write("config.yaml"), write("log")
	c.Account.Keystore, c.Account.Device = write("imported/keystore.json"), write("imported/device.json")
	secret := []string{write("data/10002/keystore.json"), write("data/default/links.key"), c.File, c.Log.File.Path, write("log.1"), c.Account.Keystore, c.Account.Device}
	a, err := New(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := openFolder(PathsOf(c).Folder)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	_, files, _, err := a.media(f)
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string) error {
		s, err := files.Resolve(t.Context(), path, media.FetchOptions{})
		if err != nil {
			return err
		}
		r, err := s.Open(t.Context())
		if err != nil {
			return err
		}
		return r.Close()
	}
	for _, path := range secret {
		if err := read(path); err == nil {
			t.Errorf("%s is readable", path)
		}
	}
	for _, path := range []string{write("picture.png"), write("data/default/media/cached.png")} {
		if err := read(path); err != nil {
			t.Error(err)
		}
	}
	var _ onebot.Files = files
}

func TestMediaWarnings(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Media.FFmpeg = "off"
	if got := MediaWarnings(c); len(got) > 0 {
		t.Errorf("got %v", got)
	}
	c.Media.PublicURL = "https://bot.example.com"
	c.OneBot.Connections = []config.Connection{{Type: config.Webhook}}
	if got := MediaWarnings(c); len(got) != 1 || got[0].Key != "media.public_url" {
		t.Errorf("without a connection that listens: got %v", got)
	}
	for _, kind := range []config.ConnectionType{config.HTTP, config.WebSocket} {
		c.OneBot.Connections[0].Type = kind
		if got := MediaWarnings(c); len(got) > 0 {
			t.Errorf("with %s: got %v", kind, got)
		}
	}
	c.Media.Files.Allow = []string{folder, file, filepath.Join(folder, "none")}
	var said []string
	for _, w := range MediaWarnings(c) {
		said = append(said, w.Text().EN)
	}
	all := strings.Join(said, "\n")
	if len(said) != 2 || !strings.Contains(all, `media.files.allow[1] "`+file+`": not a folder`) || !strings.Contains(all, "media.files.allow[2]") {
		t.Errorf("got %s", all)
	}
}
