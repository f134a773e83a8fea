package ntqq

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/internal/vectors"
	"libration/ntqq/event"
	"libration/ntqq/media"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
)

// mediaService answers requests about media, and downloads.
type mediaService struct {
	keys     func() (*mediapb.RichMediaResp, error)
	url      func() (*mediapb.RichMediaResp, error)
	reserve  func(*mediapb.UploadReq) (*mediapb.RichMediaResp, error)
	download atomic.Pointer[http.HandlerFunc]
	also     func(*rpc.Mux[struct{}]) // adds handlers; may be nil

	askedKeys, askedURL, reserved, sessions atomic.Int32
}

// mediaNames are the addresses of hosts.
var mediaNames = map[string][]string{
	"media.example": {"203.0.113.7"}, "private.example": {"10.0.0.7"}, "metadata.example": {"169.254.169.254"},
}

// client is a client of the service. It must be called inside a bubble.
func (s *mediaService) client(t *testing.T, change ...func(*Options)) *Client {
	t.Helper()
	var mux rpc.Mux[struct{}]
	rpc.Handle(&mux, rpc.MediaKeys, func(struct{}, *mediapb.RichMediaReq) (*mediapb.RichMediaResp, error) {
		s.askedKeys.Add(1)
		return s.keys()
	})
	for _, op := range []*rpc.MediaOp{rpc.GroupImageURL, rpc.PrivateImageURL, rpc.GroupRecordURL, rpc.PrivateRecordURL} {
		rpc.Handle(&mux, op, func(struct{}, *mediapb.RichMediaReq) (*mediapb.RichMediaResp, error) {
			s.askedURL.Add(1)
			return s.url()
		})
	}
	rpc.Handle(&mux, rpc.UploadGroupImage, func(_ struct{}, req *mediapb.RichMediaReq) (*mediapb.RichMediaResp, error) {
		s.reserved.Add(1)
		return s.reserve(req.GetUpload())
	})
	rpc.Handle(&mux, rpc.HighwaySession, func(struct{}, *mediapb.HighwaySessionReq) (*mediapb.HighwaySessionResp, error) {
		s.sessions.Add(1)
		return &mediapb.HighwaySessionResp{Body: &mediapb.HighwaySessionRespBody{
			SigSession: []byte("ticket"),
			Servers:    []*mediapb.HighwayServers{{ServiceType: 1, Addrs: []*mediapb.HighwayAddr{{Ip: 0x0100007F, Port: 99}}}},
		}}, nil
	})
	if s.also != nil {
		s.also(&mux)
	}
	service := sessiontest.New(t)
	service.Answer = func(command string, payload []byte) ([]byte, error) { return mux.Serve(struct{}{}, command, payload) }
	web := newPipeListener()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*s.download.Load())(w, r) })}
	go func() { _ = server.Serve(web) }()
	t.Cleanup(func() { _ = server.Close() })
	o := Options{
		Lookup: func(_ context.Context, host string) ([]string, error) { return mediaNames[host], nil },
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			switch address {
			case "203.0.113.7:80":
				return web.dial()
			case "127.0.0.1:99":
				return nil, errors.New("the highway is down")
			}
			return service.Dial(ctx, network, address)
		},
	}
	for _, f := range change {
		f(&o)
	}
	c := start(t, service, o)
	if _, err := c.Wait(t.Context(), State.Online); err != nil {
		t.Fatal(err)
	}
	return c
}

// pipeListener is a listener without sockets.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) dial() (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func fileID(t *testing.T, app uint64) string {
	t.Helper()
	b, err := pb.Marshal(&mediapb.FileUuidBody{AppId: app, Ttl: 7})
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func keysAnswer(ttl uint64) func() (*mediapb.RichMediaResp, error) {
	return func() (*mediapb.RichMediaResp, error) {
		return &mediapb.RichMediaResp{DownloadRkey: &mediapb.DownloadRkeyResp{Rkeys: []*mediapb.RkeyInfo{
			{Rkey: "&rkey=p", Ttl: ttl, Type: proto.Uint32(10)}, {Rkey: "&rkey=g", Ttl: ttl, Type: proto.Uint32(20)},
		}}}, nil
	}
}

func urlAnswer(path string) func() (*mediapb.RichMediaResp, error) {
	return func() (*mediapb.RichMediaResp, error) {
		return &mediapb.RichMediaResp{Download: &mediapb.DownloadResp{
			Info: &mediapb.DownloadInfo{Domain: "media.example", UrlPath: path, HttpsPort: 80}, RkeyParam: "?rkey=x",
		}}, nil
	}
}

// TestVectorsMediaURLs puts addresses together as the vectors have them.
func TestVectorsMediaURLs(t *testing.T) {
	for _, v := range vectors.Of[struct {
		ID        string
		Body      vectors.Hex
		URLByPort string `json:"url_by_port"`
	}](t, "media.json") {
		resp, err := rpc.GroupVideoURL.DecodeResponse(v.Body) // they have one form
		if err != nil {
			t.Fatal(err)
		}
		if got, err := urlOf(resp.GetDownload()); err != nil || got != v.URLByPort {
			t.Errorf("%s: got %q, %v, want %q", v.ID, got, err, v.URLByPort)
		}
	}
}

func TestMediaURLForms(t *testing.T) {
	for want, info := range map[string]*mediapb.DownloadInfo{
		"https://h/p?k":        {Domain: "h", UrlPath: "/p", HttpsPort: 443},
		"https://h/p2?k":       {Domain: "h", UrlPath: "/p2"},
		"http://h/p?k":         {Domain: "h", UrlPath: "/p", HttpsPort: 80},
		"http://h:8080/p?k":    {Domain: "h", UrlPath: "/p", HttpsPort: 8080},
		"http://h:1/p?k":       {Domain: "h:1", UrlPath: "/p", HttpsPort: 8080},
		"an address without a": {UrlPath: "/p"},
		"one in the path":      {Domain: "h", UrlPath: "@evil/p"},
		"one in the domain":    {Domain: "h@evil", UrlPath: "/p"},
		"no path at all":       {Domain: "h", UrlPath: "evil/p"},
	} {
		got, err := urlOf(&mediapb.DownloadResp{Info: info, RkeyParam: "?k"})
		if strings.HasPrefix(want, "http") && (err != nil || got != want) || !strings.HasPrefix(want, "http") && err == nil {
			t.Errorf("%v: got %q, %v, want %s", info, got, err, want)
		}
	}
}

// TestRkeys: keys are asked for once by all who want them, and again shortly before they
// expire; a failure is not repeated for each picture.
func TestRkeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mediaService{keys: keysAnswer(3600)}
		c := s.client(t)
		picture := &message.ImageSegment{Medium: message.Medium{ID: fileID(t, 1407)}}
		want := "http://service:1/download?appid=1407&fileid=" + picture.ID + "&rkey=g"
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if got, err := c.Media().URL(t.Context(), picture); err != nil || got != want {
					t.Errorf("got %q, %v, want %q", got, err, want)
				}
			})
		}
		all.Wait()
		if n := s.askedKeys.Load(); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
		time.Sleep(50 * time.Minute)
		_, _ = c.Media().URL(t.Context(), picture)
		if n := s.askedKeys.Load(); n != 1 {
			t.Errorf("asked %d times after 50 minutes, want once", n)
		}
		time.Sleep(9 * time.Minute)
		_, _ = c.Media().URL(t.Context(), picture)
		if n := s.askedKeys.Load(); n != 2 {
			t.Errorf("asked %d times after 59 minutes, want twice", n)
		}

		s.keys = func() (*mediapb.RichMediaResp, error) { return nil, &rpc.Refused{Code: 1, Message: "no"} }
		s.url = urlAnswer("/x")
		time.Sleep(time.Hour)
		for range 3 {
			if got, err := c.Media().URL(t.Context(), picture); err != nil || got != "http://media.example/x?rkey=x" {
				t.Errorf("without keys: got %q, %v", got, err)
			}
		}
		if n := s.askedKeys.Load(); n != 3 {
			t.Errorf("asked %d times while there are none, want 3", n)
		}
	})
}

// TestKeysThatAreDead: a service whose keys have expired when they come, or whose clock is
// wrong, is not asked for each picture.
func TestKeysThatAreDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mediaService{keys: keysAnswer(0)}
		c := s.client(t)
		picture := &message.ImageSegment{Medium: message.Medium{ID: fileID(t, 1407)}}
		for i := range int32(3) {
			for range 20 {
				if got, err := c.Media().URL(t.Context(), picture); err != nil || got == "" {
					t.Errorf("got %q, %v", got, err)
				}
			}
			if n := s.askedKeys.Load(); n != i+1 {
				t.Errorf("asked %d times, want %d", n, i+1)
			}
			time.Sleep(keyPause)
		}
	})
}

// TestKeysStayWithTheService: the key of pictures goes to no host that a message names.
func TestKeysStayWithTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mediaService{keys: keysAnswer(3600)}
		c := s.client(t)
		id := fileID(t, 1406)
		info, err := pb.Marshal(&mediapb.MsgInfo{Body: []*mediapb.MsgInfoBody{{
			Index:   &mediapb.IndexNode{FileUuid: id},
			Picture: &mediapb.PictureInfo{Domain: "evil.example", UrlPath: "@evil.example/"},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Media().URL(t.Context(), &message.ImageSegment{Medium: message.Medium{ID: id, Info: info, URL: "http://evil.example/"}})
		if err != nil || !strings.HasPrefix(got, "http://service:1/") {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// TestMediaServer: only at the real service pictures are at its hosts.
func TestMediaServer(t *testing.T) {
	key := append([]byte{4}, bytes.Repeat([]byte{1}, 64)...)
	for name, c := range map[string]struct {
		servers Servers
		at      string // "": the real service
	}{
		"real":            {},
		"with a key":      {Servers{Addresses: []string{"h:1", "h:2"}, VerifyKey: key[:32]}, "http://h:1"},
		"by name":         {Servers{Hosts: []string{"h"}, Port: 2, VerifyKey: key[:32]}, "http://h:2"},
		"media elsewhere": {Servers{Addresses: []string{"h:1"}, Media: "192.0.2.7:80"}, "http://192.0.2.7:80"},
		"media at IPv6":   {Servers{Addresses: []string{"h:1"}, Media: "[::1]:80"}, "http://[::1]:80"},
	} {
		client, err := New(Options{Servers: c.servers}) // it does not run
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		client.rkeys.put([]Rkey{{Type: rkeyGroup, Key: "&rkey=g", Created: client.now().Unix(), TTL: 3600}}, nil)
		sum := bytes.Repeat([]byte{0xAB}, 16)
		id := fileID(t, imageKind.app.group)
		byMD5, newer := "/gchatpic_new/0/0-0-ABABABABABABABABABABABABABABABAB/0", "/download?appid=1407&fileid="+id+"&rkey=g"
		content := message.Content{
			&message.ImageSegment{Medium: message.Medium{ID: id}},
			&message.ImageSegment{Medium: message.Medium{MD5: sum}},
			&message.ImageSegment{Medium: message.Medium{MD5: sum, URL: "https://gchat.qpic.cn" + byMD5}, Flash: true},
			&message.ImageSegment{Medium: message.Medium{MD5: sum, URL: "https://multimedia.nt.qq.com.cn/x?rkey=y"}},
			&message.ImageSegment{Medium: message.Medium{MD5: sum, URL: "https://other.example" + byMD5}},
		}
		want := []string{"https://multimedia.nt.qq.com.cn" + newer, "http://gchat.qpic.cn" + byMD5, "https://gchat.qpic.cn" + byMD5, "https://multimedia.nt.qq.com.cn/x?rkey=y", "https://other.example" + byMD5}
		if c.at != "" {
			want = []string{c.at + newer, c.at + byMD5, c.at + byMD5, c.at + "/x?rkey=y", want[4]}
		}
		if err := client.Media().Complete(t.Context(), content); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i, seg := range content {
			if m := message.MediumOf(seg); m.URL != want[i] {
				t.Errorf("%s: picture %d is at %s, want %s", name, i, m.URL, want[i])
			}
		}
	}
	for _, bad := range []string{"h", "http://h:1", "u@h:1", "h:1/x"} {
		if _, err := New(Options{Servers: Servers{Media: bad}}); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

// stalling gives two bytes and no more.
func stalling(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "12")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// TestDownload: what is wrong with a download is noticed; a dead address is asked for
// again once.
func TestDownload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mediaService{keys: keysAnswer(3600), url: urlAnswer("/x")}
		c := s.client(t)
		sum := md5.Sum([]byte("1234"))
		voice := &message.RecordSegment{Medium: message.Medium{ID: fileID(t, 1403), Size: 4, MD5: sum[:]}}
		var status *StatusError
		for name, v := range map[string]struct {
			answer http.HandlerFunc
			want   func(error, string) bool
			asked  int32
		}{
			"right":    {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "1234") }, func(err error, got string) bool { return err == nil && got == "1234" }, 1},
			"short":    {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "123") }, func(err error, _ string) bool { return errors.Is(err, ErrIncomplete) }, 1},
			"long":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "12345") }, func(err error, _ string) bool { return errors.Is(err, ErrIncomplete) }, 1},
			"gone":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, func(err error, _ string) bool { return errors.As(err, &status) && status.Status == 403 }, 2},
			"broken":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, func(err error, _ string) bool { return errors.As(err, &status) && status.Status == 502 }, 1},
			"silent":   {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(err error, _ string) bool { return errors.Is(err, ErrTimeout) }, 1},
			"partial":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(206) }, func(err error, _ string) bool { return errors.As(err, &status) }, 2},
			"other":    {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "4321") }, func(err error, _ string) bool { return errors.Is(err, ErrOtherMedium) }, 1},
			"stalling": {stalling, func(err error, got string) bool { return errors.Is(err, ErrTimeout) && got == "12" }, 1},
		} {
			s.download.Store(&v.answer)
			before := s.askedURL.Load()
			var got bytes.Buffer
			err := c.Media().Download(t.Context(), voice, &got)
			if asked := s.askedURL.Load() - before; !v.want(err, got.String()) || asked != v.asked {
				t.Errorf("%s: got %q, %v, asked %d times, want %d", name, got.String(), err, asked, v.asked)
			}
			list := c.Transfers().List()
			if last := list[len(list)-1]; last.Direction != transfer.Download || last.Ended.IsZero() || (last.Err == nil) != (err == nil) {
				t.Errorf("%s: listed as %+v", name, last)
			}
		}
	})
}

// TestDribblingDownload: bytes that keep coming, and never end, do not keep a download for
// good.
func TestDribblingDownload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mediaService{url: urlAnswer("/x")}
		dribble := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte{'1'})
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(stallTimeout - time.Second):
				case <-r.Context().Done():
				}
			}
		})
		s.download.Store(&dribble)
		c := s.client(t)
		began := time.Now()
		err := c.Media().Download(t.Context(), &message.RecordSegment{Medium: message.Medium{ID: fileID(t, 1403)}}, io.Discard)
		if took := time.Since(began); !errors.Is(err, ErrTimeout) || took != downloadTimeout {
			t.Errorf("got %v after %v", err, took)
		}
	})
}

// TestDownloadsStayOutside: neither an address nor a redirect leads into the network of the
// client. Paths of the old form are written by senders, and lead to redirects, too.
func TestDownloadsStayOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		web := newPipeListener()
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			if to := r.URL.Query().Get("to"); to != "" {
				http.Redirect(w, r, to, http.StatusFound)
			}
			_, _ = io.WriteString(w, "1234")
		})}
		go func() { _ = server.Serve(web) }()
		t.Cleanup(func() { _ = server.Close() })
		outside := Options{
			Lookup: func(_ context.Context, host string) ([]string, error) { return mediaNames[host], nil },
			Dial:   func(context.Context, string, string) (net.Conn, error) { return web.dial() },
		}
		private, sandbox := outside, outside
		private.PrivateMedia = true
		sandbox.Servers = Servers{Addresses: []string{"127.0.0.1:1"}, Media: "127.0.0.1:1"}
		redirect := func(to string) string { return "http://media.example/?to=" + url.QueryEscape(to) }
		for name, v := range map[string]struct {
			options Options
			private bool
		}{"outside": {outside, false}, "private": {private, true}, "sandbox": {sandbox, true}} {
			c, err := New(v.options) // it does not run
			if err != nil {
				t.Fatal(err)
			}
			for address, v := range map[string]struct {
				most  int // requests
				wants bool
			}{
				"http://media.example/":               {1, true},
				"http://private.example/":             {1, v.private},
				"http://127.0.0.1:80/":                {1, v.private},
				"http://169.254.169.254/?s3cr3t":      {0, false},
				"http://metadata.example/":            {0, false},
				"http://[::ffff:a9fe:a9fe]/":          {0, false},
				"file:///etc/passwd":                  {0, false},
				redirect("http://media.example/"):     {2, true},
				redirect("http://private.example/"):   {2, v.private},
				redirect("http://metadata.example/"):  {1, false},
				redirect("file:///etc/passwd?s3cr3t"): {1, false},
			} {
				asked = 0
				var got bytes.Buffer
				err := c.Media().Download(t.Context(), &message.ImageSegment{Medium: message.Medium{URL: address, Size: 4}}, &got)
				if (err == nil && got.String() == "1234") != v.wants || asked > v.most {
					t.Errorf("%s, %s: got %q, %v after %d requests", name, address, got.String(), err, asked)
				}
				if err != nil && strings.Contains(err.Error(), "s3cr3t") {
					t.Errorf("%s: the error has a query: %v", name, err)
				}
			}
		}
	})
}

// TestSilentServiceAboutMedia: it delays one event, and those that follow are delivered
// without an address.
func TestSilentServiceAboutMedia(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &mediaService{url: func() (*mediapb.RichMediaResp, error) {
			<-ctx.Done()
			return nil, errors.New("no answer")
		}}
		c := s.client(t)
		defer cancel()
		for i := range 5 {
			m := &message.Message{Content: message.Content{&message.RecordSegment{Medium: message.Medium{ID: fileID(t, 1402)}}}}
			began := time.Now()
			lookUpNow(t, c, &event.Message{Message: m})
			if took := time.Since(began); i == 0 && took > resolveTimeout || i > 0 && took > 0 {
				t.Errorf("event %d waited %v", i, took)
			}
		}
		if n := s.askedURL.Load(); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
	})
}

// TestServiceThatRefusesAndIsSilent: a refusal for the first medium of a message does not
// hide that there was no answer for another one.
func TestServiceThatRefusesAndIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &mediaService{}
		s.url = func() (*mediapb.RichMediaResp, error) {
			if s.askedURL.Load()%2 == 0 {
				<-ctx.Done()
			}
			return nil, &rpc.Refused{Code: 1, Message: "no"}
		}
		c := s.client(t)
		defer cancel()
		began := time.Now()
		for range 5 {
			voice := &message.RecordSegment{Medium: message.Medium{ID: fileID(t, 1402)}}
			lookUpNow(t, c, &event.Message{Message: &message.Message{Content: message.Content{voice, voice}}})
		}
		if took := time.Since(began); took > resolveTimeout {
			t.Errorf("five events waited %v", took)
		}
	})
}

// TestSilentServiceAboutHistory: for the media of a whole history it is waited once.
func TestSilentServiceAboutHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &mediaService{url: func() (*mediapb.RichMediaResp, error) {
			<-ctx.Done()
			return nil, errors.New("no answer")
		}}
		c := s.client(t)
		defer cancel()
		content := message.Content{}
		for range 100 {
			content = append(content, &message.RecordSegment{Medium: message.Medium{ID: fileID(t, 1402)}})
		}
		err := c.Media().Complete(t.Context(), content)
		if n := s.askedURL.Load(); !errors.Is(err, ErrTimeout) || n != 1 {
			t.Errorf("got %v, asked %d times, want once", err, n)
		}
	})
}

// TestFloodOfVoices: while many packets wait, no event waits for addresses.
func TestFloodOfVoices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mediaService{keys: keysAnswer(3600), url: urlAnswer("/x")}
		hold := make(chan struct{})
		c := s.client(t, func(o *Options) { o.Handler = func(event.Event) { <-hold } })
		for range 1 + crowd + 1 { // the first one is being handled
			c.receive(t.Context(), "nobody.knows.this", []byte{1})
			synctest.Wait()
		}
		m := &message.Message{Content: message.Content{
			&message.ImageSegment{Medium: message.Medium{ID: fileID(t, 1407)}}, &message.RecordSegment{Medium: message.Medium{ID: fileID(t, 1403)}},
		}}
		lookUpNow(t, c, &event.Message{Message: m})
		if m.Content[0].(*message.ImageSegment).URL == "" || m.Content[1].(*message.RecordSegment).URL != "" || s.askedURL.Load() != 0 {
			t.Errorf("got %+v, %+v, asked %d times", m.Content[0], m.Content[1], s.askedURL.Load())
		}
		close(hold)
	})
}

// TestEventOfManyMedia: pictures are located without a question each, the others up
// to a limit.
func TestEventOfManyMedia(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mediaService{keys: keysAnswer(3600), url: urlAnswer("/x")}
		c := s.client(t)
		m := &message.Message{}
		for range 50 {
			m.Content = append(m.Content,
				&message.ImageSegment{Medium: message.Medium{ID: fileID(t, 1407)}}, &message.RecordSegment{Medium: message.Medium{ID: fileID(t, 1403)}})
		}
		first := m.Content[0].(*message.ImageSegment)
		lookUpNow(t, c, &event.Message{Message: m})
		located := 0
		for _, seg := range m.Content {
			if medium := message.MediumOf(seg); medium.URL != "" {
				located++
			}
		}
		if located != 50+eventAddresses || s.askedURL.Load() != eventAddresses || s.askedKeys.Load() != 1 || first.URL != "" {
			t.Errorf("%d media have an address, asked %d times, the first segment is %+v", located, s.askedURL.Load(), first)
		}
	})
}

// onePixel is a PNG.
const onePixel = "89504e470d0a1a0a0000000d4948445200000001000000010806000000" +
	"1f15c4890000000d49444154789c63fcff9fa11e000782027f3dc848ef0000000049454e44ae426082"

func pixel(t *testing.T) []byte {
	t.Helper()
	b, err := hex.DecodeString(onePixel)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// placed is the answer to a reservation of one file.
func placed(req *mediapb.UploadReq, ukey string, exists bool) *mediapb.RichMediaResp {
	up := &mediapb.UploadResp{MsgInfo: &mediapb.MsgInfo{Body: []*mediapb.MsgInfoBody{{
		Index: &mediapb.IndexNode{FileUuid: "uuid", Info: req.GetUploadInfo()[0].GetFileInfo()}, FileExist: exists,
	}}}}
	if ukey != "" {
		up.Ukey = proto.String(ukey)
	}
	return &mediapb.RichMediaResp{Upload: up}
}

var imageChat = message.Chat{Kind: message.Group, Group: 5}

// TestUploadOfNothing: a service that says that it has a file which does not exist is asked
// once more, without the hope of a fast upload.
func TestUploadOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fast []bool
		s := &mediaService{reserve: func(req *mediapb.UploadReq) (*mediapb.RichMediaResp, error) {
			fast = append(fast, req.GetTryFastUpload())
			return placed(req, "", false), nil
		}}
		c := s.client(t)
		seg := &message.ImageSegment{Medium: message.Medium{Source: media.Bytes(pixel(t))}}
		ready, err := c.Media().Upload(t.Context(), imageChat, seg)
		if err != nil || len(ready.(*message.ImageSegment).Info) == 0 || seg.Info != nil {
			t.Errorf("got %+v, %v", ready, err)
		}
		if len(fast) != 2 || !fast[0] || fast[1] {
			t.Errorf("fast uploads were asked for: %v", fast)
		}
	})
}

// opened is a source that counts how often it is opened.
type opened struct {
	message.Source
	times int
}

func (o *opened) Open(ctx context.Context) (io.ReadCloser, error) {
	o.times++
	return o.Source.Open(ctx)
}

// TestUploadOfReceived: of a medium that was received the source is read when the service
// does not have it any more, and only then. The service is not asked for its address.
func TestUploadOfReceived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mediaService{}
		c := s.client(t)
		for _, has := range []bool{true, false} {
			s.reserve = func(req *mediapb.UploadReq) (*mediapb.RichMediaResp, error) {
				if has {
					return placed(req, "", true), nil
				}
				return placed(req, "ukey", false), nil
			}
			content := pixel(t)
			source := &opened{Source: media.Bytes(content)}
			sums, sha := md5.Sum(content), sha1.Sum(content)
			_, err := c.Media().Upload(t.Context(), imageChat, &message.ImageSegment{Medium: message.Medium{
				Source: source, Name: "a.png", Size: uint64(len(content)), MD5: sums[:], SHA1: sha[:], ID: fileID(t, 1407),
			}})
			failed, ok := errors.AsType[*media.StepError](err)
			if has != (err == nil) || !has && (!ok || failed.Step != media.StepBlock) || (source.times > 0) == has || s.askedURL.Load() != 0 {
				t.Errorf("the service has it: %t: %v, opened %d times, %d questions for an address", has, err, source.times, s.askedURL.Load())
			}
		}
	})
}

// TestUploadErrors: they name the step, and what the service said.
func TestUploadErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mediaService{}
		c := s.client(t)
		upload := func(m message.Medium) (media.Step, error) {
			t.Helper()
			_, err := c.Media().Upload(t.Context(), imageChat, &message.ImageSegment{Medium: m})
			failed, ok := errors.AsType[*media.StepError](err)
			if !ok {
				t.Fatalf("got %v, want a step", err)
			}
			return failed.Step, err
		}
		picture := message.Medium{Source: media.Bytes(pixel(t))}
		s.reserve = func(*mediapb.UploadReq) (*mediapb.RichMediaResp, error) {
			return nil, &rpc.Refused{Code: 170019003, Message: "verify identify fail"}
		}
		var refused *ServerError
		step, err := upload(picture)
		if step != media.StepReserve || !errors.As(err, &refused) || refused.Code != 170019003 || !errors.Is(err, ErrMediaRefused) || s.reserved.Load() != 1 {
			t.Errorf("refused: %v at %s, asked %d times", err, step, s.reserved.Load())
		}
		s.reserve = func(req *mediapb.UploadReq) (*mediapb.RichMediaResp, error) {
			resp := placed(req, "ukey", true)
			resp.Upload.MsgInfo.Body[0].Index.Info = &mediapb.FileInfo{FileMd5: "00"}
			return resp, nil
		}
		if step, err := upload(picture); step != media.StepReserve || !errors.Is(err, errOtherFile) {
			t.Errorf("another file: %v at %s", err, step)
		}
		s.reserve = func(*mediapb.UploadReq) (*mediapb.RichMediaResp, error) { return &mediapb.RichMediaResp{}, nil }
		if step, err := upload(picture); step != media.StepReserve || !errors.Is(err, errNoInfo) {
			t.Errorf("nothing: %v at %s", err, step)
		}
		// The highway is down: each time there is a new session and a new place, but not for
		// ever.
		s.reserve = func(req *mediapb.UploadReq) (*mediapb.RichMediaResp, error) { return placed(req, "ukey", true), nil }
		s.reserved.Store(0)
		s.sessions.Store(0)
		if step, err := upload(picture); step != media.StepBlock || !strings.Contains(err.Error(), "the highway is down") ||
			s.reserved.Load() != reservations || s.sessions.Load() != reservations {
			t.Errorf("no highway: %v at %s, %d places, %d sessions", err, step, s.reserved.Load(), s.sessions.Load())
		}
		if step, err := upload(message.Medium{}); step != media.StepFetch || !errors.Is(err, errNoSource) {
			t.Errorf("no source: %v at %s", err, step)
		}
		if step, err := upload(message.Medium{Source: media.Bytes([]byte("text"))}); step != media.StepConvert {
			t.Errorf("no picture: %v at %s", err, step)
		}
		for _, s := range c.Transfers().List() {
			if s.Err == nil || s.Ended.IsZero() {
				t.Errorf("listed as %+v", s)
			}
		}
	})
}

// TestReceivedIsFetched: the bytes of a medium that was received are fetched from its
// address when the service wants them.
func TestReceivedIsFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := pixel(t)
		sum, sha := md5.Sum(b), sha1.Sum(b)
		s := &mediaService{
			url:     urlAnswer("/x"),
			keys:    func() (*mediapb.RichMediaResp, error) { return nil, errors.New("none") },
			reserve: func(req *mediapb.UploadReq) (*mediapb.RichMediaResp, error) { return placed(req, "ukey", true), nil },
		}
		whole := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) })
		s.download.Store(&whole)
		c := s.client(t)
		_, err := c.Media().Upload(t.Context(), imageChat, &message.ImageSegment{Medium: message.Medium{
			Name: "x.png", Size: uint64(len(b)), MD5: sum[:], SHA1: sha[:], ID: fileID(t, 1407),
		}})
		if failed, ok := errors.AsType[*media.StepError](err); !ok || failed.Step != media.StepBlock || s.askedURL.Load() != 1 {
			t.Errorf("got %v, asked for the address %d times, want the upload to fail at its first block", err, s.askedURL.Load())
		}
	})
}

// TestUploadsAreBounded: who waits for a place leaves with its context.
func TestUploadsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := (&mediaService{}).client(t)
		for range maxUploads {
			c.uploads <- struct{}{}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := c.Media().Upload(ctx, imageChat, &message.ImageSegment{Medium: message.Medium{Source: media.Bytes(pixel(t))}})
		if list := c.Transfers().List(); !errors.Is(err, context.DeadlineExceeded) || len(list) != 1 || list[0].Step != stepWait {
			t.Errorf("got %v, %+v", err, list)
		}
	})
}

// TestDescriptionStaysAsItCame: fields that are not understood, too.
func TestDescriptionStaysAsItCame(t *testing.T) {
	f := &uploadFile{md5: make([]byte, 16)}
	body, err := pb.Marshal(&mediapb.MsgInfo{Body: []*mediapb.MsgInfoBody{{
		Index: &mediapb.IndexNode{FileUuid: "uuid", Info: &mediapb.FileInfo{FileMd5: strings.Repeat("00", 16)}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	info := protowire.AppendBytes(protowire.AppendTag(nil, 777, protowire.BytesType), []byte("new"))
	info = append(info, body...)
	wrap := func(num protowire.Number, b []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), b)
	}
	answer := wrap(4, wrap(2, wrap(6, info)))
	r, err := readReservation(rpc.UploadGroupImage, answer, []*uploadFile{f})
	if err != nil || !bytes.Equal(r.info, info) {
		t.Errorf("got %x, %v, want %x", r.info, err, info)
	}
	for i := range answer { // cut anywhere
		_ = subfield(answer[:i], infoPath...)
	}
}
