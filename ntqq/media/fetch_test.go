package media

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/proxytest"
	"libration/ntqq/media/transfer"
)

// internet is names and addresses that all lead to one server.
type internet struct {
	server *httptest.Server
	names  map[string][]string // of a host

	mu     sync.Mutex
	dialed []string
}

// newInternet serves handler at every address.
func newInternet(t *testing.T, handler http.HandlerFunc, names map[string][]string) *internet {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &internet{server: server, names: names}
}

func (n *internet) options() FilesOptions {
	return FilesOptions{
		lookup: func(_ context.Context, host string) ([]string, error) {
			if all := n.names[host]; all != nil {
				return all, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			n.mu.Lock()
			n.dialed = append(n.dialed, address)
			n.mu.Unlock()
			var d net.Dialer
			return d.DialContext(ctx, network, n.server.Listener.Addr().String())
		},
	}
}

func (n *internet) reached() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dialed
}

// leftovers are the unfinished files of the cache.
func leftovers(t *testing.T, f *Files) []string {
	t.Helper()
	all, err := os.ReadDir(f.o.Cache.Folder())
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, file := range all {
		if strings.HasSuffix(file.Name(), ".tmp") {
			left = append(left, file.Name())
		}
	}
	return left
}

var png = append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100)...)

func TestFetch(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	var header atomic.Pointer[http.Header]
	n := newInternet(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		header.Store(new(r.Header.Clone()))
		if strings.HasPrefix(r.URL.Path, "/random") {
			w.Header().Set("Cache-Control", "no-store")
		}
		w.Write(png)
	}, map[string][]string{"pics.example": {"203.0.113.1"}})
	f := newFiles(t, n.options())
	fetch := func(address string, o FetchOptions, times int32) *Cached {
		t.Helper()
		asked.Store(0)
		c, err := f.Fetch(t.Context(), address, o)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		if b, err := os.ReadFile(c.Path); err != nil || !bytes.Equal(b, png) || c.Size != uint64(len(png)) || c.MIME != "image/png" {
			t.Errorf("%s: got %+v, %d bytes, %v", address, c, len(b), err)
		}
		if info, err := os.Stat(c.Path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v, %v", address, info.Mode(), err)
		}
		if got := asked.Load(); got != times {
			t.Errorf("%s: asked %d times, want %d", address, got, times)
		}
		return c
	}
	one := fetch("http://pics.example/dir/图.png?token=1", FetchOptions{}, 1)
	if one.Name != "图.png" {
		t.Errorf("got the name %q", one.Name)
	}
	h := *header.Load()
	if h.Get("Referer") != "http://pics.example/" || !strings.HasPrefix(h.Get("User-Agent"), "Mozilla/5.0") || h.Get("Accept-Encoding") != "identity" {
		t.Errorf("got the header %v", h)
	}
	if again := fetch("http://pics.example/dir/图.png?token=1#part", FetchOptions{}, 0); again.Path != one.Path {
		t.Errorf("got %s, then %s", one.Path, again.Path)
	}
	fetch("http://pics.example/dir/图.png?token=1", FetchOptions{NoCache: true}, 1)
	fetch("http://pics.example/dir/图.png?token=1", FetchOptions{Header: http.Header{"referer": {"http://site.example/"}, "Accept-Encoding": {"gzip"}}}, 1)
	if h = *header.Load(); h.Get("Referer") != "http://site.example/" || h.Get("Accept-Encoding") != "identity" {
		t.Errorf("got the header %v", h)
	}
	if two := fetch("http://pics.example/dir/", FetchOptions{}, 1); two.Name != "" && !cachedName.MatchString(two.Name) {
		t.Errorf("got the name %q", two.Name)
	}
	for address, want := range map[string]string{"http://pics.example": "", "http://pics.example/..": "", "http://pics.example/a/..b": "..b"} {
		if got := nameOf(address, ""); got != want {
			t.Errorf("%s is called %q, want %q", address, got, want)
		}
	}
	fetch("http://pics.example/random", FetchOptions{}, 1)
	fetch("http://pics.example/random", FetchOptions{}, 1)
	if got := n.reached(); got[0] != "203.0.113.1:80" {
		t.Errorf("reached %v", got)
	}
}

func TestWhereNothingIsFetchedFrom(t *testing.T) {
	t.Parallel()
	names := map[string][]string{
		"public.example": {"203.0.113.1"}, "mixed.example": {"10.0.0.1", "203.0.113.1"}, "localhost": {"127.0.0.1", "::1"}, "private.example": {"192.168.1.1"},
		"metadata.example": {"169.254.169.254"}, "mapped.example": {"::ffff:10.0.0.1"}, "nat64.example": {"64:ff9b::a9fe:a9fe"}, "zero.example": {"0.0.0.0"},
		"2130706433": {"127.0.0.1"}, "0177.0.0.1": {"127.0.0.1"}, "0x7f.1": {"127.0.0.1"}, "127.1": {"127.0.0.1"},
	}
	n := newInternet(t, func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		w.Write(png)
	}, names)
	for _, c := range []struct {
		host    string
		private bool // allow_private lets it through
	}{
		{"127.0.0.1", true}, {"[::1]", true}, {"localhost", true}, {"private.example", true}, {"10.1.2.3:8080", true}, {"100.64.0.1", true}, {"[fd00::1]", true}, {"mapped.example", true}, {"[::ffff:127.0.0.1]", true},
		{"2130706433", true}, {"0177.0.0.1", true}, {"0x7f.1", true}, {"127.1", true},
		{"169.254.169.254", false}, {"metadata.example", false}, {"nat64.example", false}, {"zero.example", false}, {"0.0.0.0", false}, {"[::]", false}, {"224.0.0.1", false}, {"[fe80::1%25eth0]", false}, {"[fd00:ec2::254]", false},
	} {
		for _, address := range []string{"http://" + c.host + "/a", "http://public.example/a?to=" + url.QueryEscape("http://"+c.host+"/b")} {
			closed := n.options()
			_, err := newFiles(t, closed).Fetch(t.Context(), address, FetchOptions{})
			refused, ok := errors.AsType[*AddressError](err)
			if !ok || refused.Private != c.private || c.private && !strings.Contains(err.Error(), "set media.allow_private to true") {
				t.Errorf("%s: got %v", address, err)
			}
			if ok && strings.Count(err.Error(), refused.Address.String()) != 1 {
				t.Errorf("%s: the address is there more than once: %v", address, err)
			}
			open := n.options()
			open.AllowPrivate = true
			if _, err := newFiles(t, open).Fetch(t.Context(), address, FetchOptions{}); (err == nil) != c.private {
				t.Errorf("%s with allow_private: got %v", address, err)
			}
		}
	}
	f := newFiles(t, n.options())
	for _, address := range []string{"http://mixed.example/", "http://public.example/?to=" + url.QueryEscape("http://mixed.example/")} {
		if _, err := f.Fetch(t.Context(), address, FetchOptions{NoCache: true}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, to := range []string{"ftp://public.example/", "file:///etc/passwd", "http://public.example/?to=" + url.QueryEscape("http://public.example/?to=/")} {
		_, err := f.Fetch(t.Context(), "http://public.example/?to="+url.QueryEscape(to), FetchOptions{})
		if strings.HasPrefix(to, "http://") != (err == nil) {
			t.Errorf("to %s: got %v", to, err)
		}
	}
	for _, address := range n.reached() {
		if strings.HasPrefix(address, "169.254.") || strings.HasPrefix(address, "224.") {
			t.Errorf("reached %s", address)
		}
	}
}

// The addresses of the sandbox are reached though they are private, and nothing beside them.
func TestAllowedAddress(t *testing.T) {
	t.Parallel()
	n := newInternet(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(png) }, nil)
	o := n.options()
	o.Allow = func(host string, to netip.AddrPort) bool { return host == "127.0.0.1:7000" && to.Port() == 7000 }
	f := newFiles(t, o)
	if _, err := f.Fetch(t.Context(), "http://127.0.0.1:7000/download", FetchOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := f.Fetch(t.Context(), "http://127.0.0.1:7001/download", FetchOptions{}); err == nil {
		t.Error("another port was reached")
	}
}

func TestRedirectsEnd(t *testing.T) {
	t.Parallel()
	n := newInternet(t, func(w http.ResponseWriter, r *http.Request) {
		var left int
		fmt.Sscanf(r.URL.Path, "/%d", &left)
		if left > 0 {
			http.Redirect(w, r, fmt.Sprintf("/%d", left-1), http.StatusFound)
			return
		}
		w.Write(png)
	}, map[string][]string{"a.example": {"203.0.113.1"}})
	f := newFiles(t, n.options())
	if _, err := f.Fetch(t.Context(), "http://a.example/5", FetchOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := f.Fetch(t.Context(), "http://a.example/6", FetchOptions{}); err == nil || !strings.Contains(err.Error(), "more than 5 redirects") {
		t.Errorf("got %v", err)
	}
}

// Through a proxy, names are resolved here, and the proxy is asked for the address that was
// checked. One that does not resolve here is left to it with AllowPrivate only.
func TestProxy(t *testing.T) {
	t.Parallel()
	n := newInternet(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host+r.RequestURI) }, map[string][]string{
		"public.example": {"203.0.113.1"}, "private.example": {"10.0.0.1"}, "both.example": {"203.0.113.1", "169.254.169.254"},
	})
	here := n.server.Listener.Addr().String()
	for _, scheme := range []string{"socks5", "http"} {
		proxy := proxytest.Start(t, "me", "hunter2", map[string]string{
			"203.0.113.1:80": here, "203.0.113.9:80": here, "unknown.example:80": here, "127.1.:80": here,
		})
		fetch := func(address string, allowPrivate bool, fetching FetchOptions) (string, error) {
			o := n.options()
			direct := o.Dial
			o.Proxy, o.AllowPrivate = proxy.URL(scheme), allowPrivate
			o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if address == proxy.Address {
					var d net.Dialer
					return d.DialContext(ctx, network, address)
				}
				return direct(ctx, network, address)
			}
			c, err := newFiles(t, o).Fetch(t.Context(), address, fetching)
			if err != nil {
				return "", err
			}
			b, err := os.ReadFile(c.Path)
			return string(b), err
		}
		for _, tt := range []struct {
			address      string
			allowPrivate bool
			want, asked  string
		}{
			{"http://public.example/a", false, "public.example/a", "203.0.113.1:80"},
			{"http://both.example/a", false, "both.example/a", "203.0.113.1:80"},
			{"http://203.0.113.9/a", false, "203.0.113.9/a", "203.0.113.9:80"},
			{"http://unknown.example/a", true, "unknown.example/a", "unknown.example:80"},
		} {
			got, err := fetch(tt.address, tt.allowPrivate, FetchOptions{})
			asked := proxy.Asked()
			if err != nil || got != tt.want || len(asked) == 0 || asked[len(asked)-1] != tt.asked {
				t.Errorf("%s %s: got %q, %v, asked %q", scheme, tt.address, got, err, asked)
			}
		}
		before := len(proxy.Asked())
		for _, address := range []string{
			"http://private.example/a", "http://169.254.169.254/", "http://unknown.example/b", "http://10.0.0.1/",
			"http://2852039166/", "http://0xA9FEA9FE/", "http://0xa9.0xfe.0xa9.0xfe/", "http://169.254.43518/", "http://127.1./", "http://0x/",
		} {
			if got, err := fetch(address, false, FetchOptions{}); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s %s: got %q, %v", scheme, address, got, err)
			}
		}
		// What the proxy may read as an address is never left to it.
		for _, address := range []string{"http://169.254.169.254/", "http://2852039166.example.0xA9FEA9FE/", "http://127.1./"} {
			if got, err := fetch(address, true, FetchOptions{}); err == nil {
				t.Errorf("%s %s: got %q", scheme, address, got)
			}
		}
		// Private addresses are this machine's own network, not the proxy's.
		for address, o := range map[string]FetchOptions{"http://private.example/c": {}, "http://public.example/d": {NoProxy: true}} {
			if got, err := fetch(address, true, o); err != nil || got != strings.TrimPrefix(address, "http://") {
				t.Errorf("%s %s: got %q, %v", scheme, address, got, err)
			}
		}
		if asked := proxy.Asked()[before:]; len(asked) > 0 {
			t.Errorf("%s: the proxy was asked for %q", scheme, asked)
		}
		if all := n.reached(); !slices.Contains(all, "10.0.0.1:80") || !slices.Contains(all, "203.0.113.1:80") {
			t.Errorf("reached %q", all)
		}
	}
	for _, proxy := range []string{"socks5://127.0.0.1:1", "gopher://x"} {
		o := n.options()
		o.Proxy = proxy
		o.Dial = nil
		if _, err := newFiles(t, o).Fetch(t.Context(), "http://public.example/a", FetchOptions{}); err == nil || !strings.Contains(err.Error(), "prox") {
			t.Errorf("%s: got %v", proxy, err)
		}
	}
}

func TestAnswersThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	n := newInternet(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/missing":
			http.NotFound(w, r)
		case "/not-modified":
			w.WriteHeader(http.StatusNotModified)
		case "/announced":
			w.Header().Set("Content-Length", "3000000")
		case "/endless":
			io.Copy(w, zeros{})
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.CopyN(z, zeros{}, 10<<20)
			z.Close()
		case "/cut":
			w.Header().Set("Content-Length", "1000")
			w.Write(png)
		case "/large-head":
			w.Header().Set("X", strings.Repeat("x", 1<<20))
		}
	}, map[string][]string{"a.example": {"203.0.113.1"}})
	f := newFiles(t, n.options())
	for path, want := range map[string]string{
		"/missing": "HTTP 404", "/not-modified": "HTTP 304", "/announced": "larger than 2 MiB", "/endless": "larger than 2 MiB",
		"/bomb": "compresses (gzip)", "/cut": "unexpected EOF", "/large-head": "header",
	} {
		_, err := f.Fetch(t.Context(), "http://a.example"+path+"?token=secret", FetchOptions{MaxSize: 2 << 20})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
	if left := leftovers(t, f); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := f.Fetch(t.Context(), "http://nowhere.example/?token=secret", FetchOptions{}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// scripted is a server in memory: script gets each connection after its request was read.
func scripted(script func(net.Conn)) FilesOptions {
	return FilesOptions{
		lookup: func(context.Context, string) ([]string, error) { return []string{"203.0.113.1"}, nil },
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				if _, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
					script(server)
				}
			}()
			return client, nil
		},
	}
}

func TestSlowServers(t *testing.T) {
	t.Parallel()
	drip := func(pause time.Duration, times int) func(net.Conn) {
		return func(c net.Conn) {
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", times)
			for range times {
				time.Sleep(pause)
				c.Write([]byte("x"))
			}
		}
	}
	for name, c := range map[string]struct {
		script func(net.Conn)
		o      FetchOptions
		want   string
		after  time.Duration
	}{
		"no head":  {func(net.Conn) { time.Sleep(time.Hour) }, FetchOptions{}, "timeout awaiting response headers", headTimeout},
		"stalled":  {drip(time.Hour, 2), FetchOptions{}, "no bytes came for 20s", stallTimeout},
		"slow":     {drip(19*time.Second, 100), FetchOptions{}, "longer than 1m0s", time.Minute},
		"shorter":  {drip(time.Second, 100), FetchOptions{Timeout: 5 * time.Second}, "longer than 5s", 5 * time.Second},
		"patience": {drip(19*time.Second, 100), FetchOptions{Timeout: time.Hour}, "", 1900 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, begun := newFiles(t, scripted(c.script)), time.Now()
				_, err := f.Fetch(t.Context(), "http://a.example/", c.o)
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("got %v, want %q", err, c.want)
				}
				if took := time.Since(begun); took != c.after {
					t.Errorf("took %v, want %v", took, c.after)
				}
				if left := leftovers(t, f); len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
				time.Sleep(2 * time.Hour) // the scripts end
			})
		})
	}
}

// Several ask for one address: it is downloaded once, and ends with the last one who waits.
func TestDownloadedTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var connections, cut atomic.Int32
		o := scripted(func(c net.Conn) {
			connections.Add(1)
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
			time.Sleep(10 * time.Second)
			if _, err := c.Write([]byte("cd")); err != nil {
				cut.Add(1)
			}
		})
		f := newFiles(t, o)
		fetch := func(ctx context.Context, results chan<- error) {
			go func() {
				_, err := f.Fetch(ctx, "http://a.example/", FetchOptions{})
				results <- err
			}()
			synctest.Wait()
		}
		one, cancelOne := context.WithCancel(t.Context())
		two, cancelTwo := context.WithCancel(t.Context())
		first, second, third := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		fetch(one, first)
		fetch(two, second)
		cancelOne()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the first: %v", err)
		}
		synctest.Wait()
		if connections.Load() != 1 || cut.Load() != 0 {
			t.Errorf("%d connections, %d cut", connections.Load(), cut.Load())
		}
		cancelTwo()
		if err := <-second; !errors.Is(err, context.Canceled) {
			t.Errorf("the second: %v", err)
		}
		if left := leftovers(t, f); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		time.Sleep(time.Minute)
		if cut.Load() != 1 {
			t.Error("the download went on with nobody waiting")
		}
		fetch(t.Context(), third)
		fetch(t.Context(), first)
		if err := errors.Join(<-third, <-first); err != nil || connections.Load() != 2 {
			t.Errorf("got %v over %d connections", err, connections.Load())
		}
	})
}

func TestTransfers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all transfer.Registry
		o := scripted(func(c net.Conn) {
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
			time.Sleep(time.Second)
			c.Write([]byte("cd"))
		})
		o.Transfers = &all
		f := newFiles(t, o)
		fetched := make(chan error, 1)
		fetch := func(address string) transfer.Status {
			go func() {
				_, err := f.Fetch(t.Context(), address, FetchOptions{})
				fetched <- err
			}()
			synctest.Wait()
			list := all.List()
			return list[len(list)-1]
		}
		if s := fetch("http://a.example/dir/a.png?secret"); s.Direction != transfer.Download || s.Name != "a.png" || s.Done != 2 || s.Total != 4 {
			t.Errorf("got %+v", s)
		}
		if err := <-fetched; err != nil {
			t.Error(err)
		}
		if s := all.List()[0]; s.Done != 4 || s.Ended.IsZero() || s.Err != nil {
			t.Errorf("got %+v", s)
		}
		s := fetch("http://a.example/b?secret")
		if s.Name != "a.example" || !all.Cancel(s.ID) {
			t.Errorf("got %+v", s)
		}
		if err := <-fetched; !errors.Is(err, transfer.ErrCancelled) {
			t.Errorf("got %v", err)
		}
		if s := all.List()[1]; !errors.Is(s.Err, transfer.ErrCancelled) || len(leftovers(t, f)) > 0 {
			t.Errorf("got %+v, left %v", s, leftovers(t, f))
		}
		time.Sleep(time.Minute)
	})
}
