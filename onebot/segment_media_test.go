package onebot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/gateway"
	"libration/gateway/inbox"
	"libration/internal/text"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// fakeFiles notes what it opens.
type fakeFiles struct {
	folder string
	asked  []string
	kept   *media.Cached // of all media
	cleans int
}

func (f *fakeFiles) Clean() (files int, bytes uint64) {
	f.cleans++
	return 2, 34
}

func (f *fakeFiles) Kept(string) *media.Cached { return f.kept }

// namedSource is what fakeFiles makes of a text.
type namedSource struct {
	Written string
	O       media.FetchOptions
}

func (s namedSource) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(s.Written)), nil
}

func (*fakeFiles) Resolve(_ context.Context, written string, o media.FetchOptions) (message.Source, error) {
	switch written {
	case "ftp://a":
		return nil, text.Errorf("no medium", "不是媒体")
	case "upload://gone":
		return nil, inbox.ErrNoFile
	}
	return namedSource{written, o}, nil
}

func (f *fakeFiles) Keep(r io.Reader) (*media.Cached, error) {
	return f.Once(context.Background(), "kept", func(_ context.Context, w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	})
}

func (f *fakeFiles) Once(ctx context.Context, key string, write func(ctx context.Context, w io.Writer) error) (*media.Cached, error) {
	f.asked = append(f.asked, key)
	if strings.HasPrefix(key, "medium ") { // the client's own tests download
		write = func(_ context.Context, w io.Writer) error {
			if strings.Contains(key, "05") {
				return errors.New("HTTP 404")
			}
			_, err := io.WriteString(w, "GIF89a "+key)
			return err
		}
	}
	c := &media.Cached{Path: filepath.Join(f.folder, "cached"), Name: "cached", MIME: "image/gif"}
	file, err := os.Create(c.Path)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(write(ctx, file), file.Close()); err != nil {
		return nil, err
	}
	info, err := os.Stat(c.Path)
	c.Size = uint64(info.Size())
	return c, err
}

// Fetch gives a file with the address in it.
func (f *fakeFiles) Fetch(_ context.Context, address string, o media.FetchOptions) (*media.Cached, error) {
	f.asked = append(f.asked, address)
	if strings.Contains(address, "gone") {
		return nil, errors.New("HTTP 404")
	}
	c := &media.Cached{Path: filepath.Join(f.folder, "cached"), Name: "a.gif", Size: uint64(len("GIF89a" + address)), MIME: "image/gif"}
	return c, os.WriteFile(c.Path, []byte("GIF89a"+address), 0o600)
}

// mediaDialect has files, and knows a picture, a voice and a video.
func mediaDialect(t testing.TB) (*testDialect, *fakeClient, *fakeFiles) {
	t.Helper()
	c := newFakeClient(t)
	files := &fakeFiles{folder: t.TempDir()}
	clock := &fakeClock{now: time.Unix(testTime+1, 0)}
	links := gateway.NewLinks(gateway.LinkOptions{Base: func() string { return "http://127.0.0.1:3000/me" }, Clock: clock})
	s := newDialect(Options{Client: c.Client, Clock: clock, Files: files, Links: links}, &fakeStore{messages: map[int32]*message.Message{}})
	s.Remember(message.Content{knownImage(), knownRecord(), knownVideo()})
	return s, c, files
}

func knownImage() *message.ImageSegment {
	return &message.ImageSegment{Medium: someMedium(1), Format: 1000, SubType: 1, Summary: "[x]", Flash: true}
}
func knownRecord() *message.RecordSegment { return &message.RecordSegment{Medium: someMedium(2)} }
func knownVideo() *message.VideoSegment {
	return &message.VideoSegment{Medium: someMedium(3), Cover: someMedium(4)}
}

// name is what bots call the medium someMedium(n).
func name(n byte) string { return strings.Repeat(fmt.Sprintf("%02X", n), 16) }

// TestMediaForms reads the forms of docs/protocol/onebot11.md d.3 and d.4.
func TestMediaForms(t *testing.T) {
	s, _, _ := mediaDialect(t)
	from := func(written string, o media.FetchOptions) message.Medium {
		return message.Medium{Source: namedSource{written, o}}
	}
	plain := func(written string) message.Medium { return from(written, media.FetchOptions{}) }
	image := func(m message.Medium) *message.ImageSegment { return &message.ImageSegment{Medium: m} }
	received := knownImage()
	received.Flash = false
	called := knownImage()
	called.Medium.Name, called.SubType, called.Summary, called.Flash = "b.jpg", 0, "[y]", true
	link := s.account.writer.links.URL(strings.ToLower(name(1)))
	for in, want := range map[string]message.Segment{
		`{"type":"image","data":{"file":"file:///a/b.png"}}`:                                                                       image(plain("file:///a/b.png")),
		`{"type":"image","data":{"file":"/a/b.png"}}`:                                                                              image(plain("/a/b.png")),
		`{"type":"image","data":{"file":"C:\\a\\b.png"}}`:                                                                          image(plain(`C:\a\b.png`)),
		`{"type":"image","data":{"file":"https://a/b?c=1&d=[2],3"}}`:                                                               image(plain("https://a/b?c=1&d=[2],3")),
		`{"type":"image","data":{"file":"base64://AAAA"}}`:                                                                         image(plain("base64://AAAA")),
		`{"type":"image","data":{"file":"data:image/png;base64,AAAA"}}`:                                                            image(plain("data:image/png;base64,AAAA")),
		`{"type":"image","data":{"url":"http://a/b"}}`:                                                                             image(plain("http://a/b")),
		`{"type":"image","data":{"file":"","url":"http://a/b"}}`:                                                                   image(plain("http://a/b")),
		`{"type":"image","data":{"file":"gone.jpg","url":"http://a/b"}}`:                                                           image(plain("http://a/b")),
		`{"type":"image","data":{"file":"` + name(9) + `.jpg","url":"http://a/b"}}`:                                                image(plain("http://a/b")),
		`{"type":"image","data":{"file":"http://a/b","url":"http://c"}}`:                                                           image(plain("http://a/b")),
		`{"type":"image","data":{"file":"` + name(9) + `.jpg","url":"` + link + `"}}`:                                              received,
		`{"type":"image","data":{"file":"` + link + `"}}`:                                                                          received,
		`{"type":"image","data":{"file":"` + name(1) + `.jpg","url":"http://dead"}}`:                                               received,
		`{"type":"image","data":{"file":"` + strings.ToLower(name(1)) + `.image"}}`:                                                received,
		`{"type":"image","data":{"file":"` + name(1) + `"}}`:                                                                       received,
		`{"type":"image","data":{"file":"` + name(1) + `.jpg","sub_type":0,"summary":"[y]","type":"flash","filename":"/x/b.jpg"}}`: called,
		// NoneBot sends all that may be there as null.
		`{"type":"image","data":{"file":"http://a","type":null,"cache":true,"proxy":true,"timeout":null,"id":null}}`:              image(plain("http://a")),
		`{"type":"image","data":{"file":"http://a","cache":0,"proxy":"false","timeout":"5"}}`:                                     image(from("http://a", media.FetchOptions{NoCache: true, NoProxy: true, Timeout: 5 * time.Second})),
		`{"type":"image","data":{"file":"http://a","subType":1,"summary":"s","type":"show","id":40000,"c":3}}`:                    &message.ImageSegment{Medium: plain("http://a"), SubType: 1, Summary: "s"},
		`{"type":"image","data":{"file":"http://a","name":"a\\b.png"}}`:                                                           &message.ImageSegment{Medium: message.Medium{Source: namedSource{Written: "http://a"}, Name: "b.png"}},
		`{"type":"record","data":{"file":"http://a","magic":null,"cache":1}}`:                                                     &message.RecordSegment{Medium: plain("http://a")},
		`{"type":"record","data":{"file":"` + name(2) + `.amr"}}`:                                                                 knownRecord(),
		`[{"type":"text","data":{"text":"\n"}},{"type":"record","data":{"file":"http://a"}},{"type":"text","data":{"text":" "}}]`: &message.RecordSegment{Medium: plain("http://a")},
		`{"type":"video","data":{"file":"http://a","cover":"http://b","c":2,"timeout":9}}`:                                        &message.VideoSegment{Medium: from("http://a", media.FetchOptions{Timeout: 9 * time.Second}), Cover: from("http://b", media.FetchOptions{Timeout: 9 * time.Second})},
		`{"type":"video","data":{"file":"http://a","thumb":"base64://AA"}}`:                                                       &message.VideoSegment{Medium: plain("http://a"), Cover: plain("base64://AA")},
		`{"type":"video","data":{"file":"` + name(3) + `.mp4","thumb":"` + name(1) + `.jpg"}}`:                                    &message.VideoSegment{Medium: someMedium(3), Cover: someMedium(1)},
	} {
		segments, err := parseSegments(json.RawMessage(in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.account.reader.content(t.Context(), message.Chat{Kind: message.Group, Group: groupCode}, segments)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		} else if diff := cmp.Diff(message.Content{want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

// TestKeptMedium: the service may have forgotten a medium that is in the cache.
func TestKeptMedium(t *testing.T) {
	s, _, files := mediaDialect(t)
	files.kept = &media.Cached{Path: "/a/b.jpg"}
	seg := segment{kind: "image", data: []field{{"file", name(1) + ".jpg"}}}
	got, err := readImage(t.Context(), s.account.reader, message.Chat{}, seg)
	if m := message.MediumOf(got); err != nil || m.Source != media.Path("/a/b.jpg") || m.SHA1 == nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBadMedia(t *testing.T) {
	s, _, _ := mediaDialect(t)
	for in, want := range map[string]string{
		`{"type":"image","data":{}}`:                                                                                          `BAD_PARAMS segment image: file is missing`,
		`{"type":"image","data":{"file":"ftp://a"}}`:                                                                          `BAD_PARAMS no medium`,
		`{"type":"image","data":{"file":"a.jpg"}}`:                                                                            `MEDIA_NOT_FOUND no picture, voice, video or file of this name is known: names are known as long as messages are kept; also give its url, or where its bytes are: "a.jpg"`,
		`{"type":"image","data":{"file":"a.jpg","url":"b.jpg"}}`:                                                              `MEDIA_NOT_FOUND no picture`,
		`{"type":"image","data":{"file":".."}}`:                                                                               `MEDIA_NOT_FOUND no picture`,
		`{"type":"image","data":{"file":"` + name(2) + `.amr"}}`:                                                              `BAD_PARAMS segment image: file "` + name(2) + `.amr" is the name of another kind of medium (record)`,
		`{"type":"record","data":{"file":"` + name(3) + `.mp4"}}`:                                                             `BAD_PARAMS segment record: file "` + name(3) + `.mp4" is the name of another kind of medium (video)`,
		`{"type":"image","data":{"file":"http://a","cache":"x"}}`:                                                             `BAD_PARAMS segment image: cache "x" must be true or false`,
		`{"type":"image","data":{"file":"http://a","timeout":3601}}`:                                                          `BAD_PARAMS segment image: timeout "3601" must be a whole number from 0 to 3600`,
		`{"type":"image","data":{"file":"http://a","sub_type":"x"}}`:                                                          `BAD_PARAMS segment image: sub_type "x" must be a whole number`,
		`{"type":"video","data":{"file":"http://a","cover":"b.jpg"}}`:                                                         `MEDIA_NOT_FOUND no picture`,
		`[{"type":"text","data":{"text":"x"}},{"type":"record","data":{"file":"http://a"}}]`:                                  `BAD_PARAMS segment record must be alone in its message: send the rest as a message of its own`,
		`[{"type":"video","data":{"file":"http://a"}},{"type":"video","data":{"file":"http://a"}}]`:                           `BAD_PARAMS segment video must be alone`,
		`[{"type":"node","data":{"content":[{"type":"record","data":{"file":"http://a"}},{"type":"face","data":{"id":1}}]}}]`: `BAD_PARAMS message[0].data.content: segment record must be alone`,
	} {
		r := call(t, s, "send_group_msg", `{"group_id":5,"message":`+in+`}`)
		if got := r.Msg + " " + r.Message; !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	bare, _, _ := newTestDialect(t)
	if r := call(t, bare, "send_group_msg", `{"group_id":5,"message":"[CQ:image,file=/a]"}`); r.Msg != noFiles.Code {
		t.Errorf("without files: %+v", r)
	}
}

// TestShownMedia: what clients of the services before look for is there.
func TestShownMedia(t *testing.T) {
	s, _, _ := mediaDialect(t)
	write := func(w *writer, part message.Segment) (array, code string) {
		segments := w.appendSegments(nil, message.Chat{Kind: message.Group, Group: groupCode}, message.Content{part})
		return string(appendSegmentsJSON(nil, segments)), string(appendCQ(nil, segments))
	}
	link := s.account.writer.links.URL(strings.ToLower(name(1)))
	array, code := write(s.account.writer, knownImage())
	if want := `[{"type":"image","data":{"file":"` + name(1) + `.jpg","url":"` + link + `","file_size":"5","filename":"a.mp4","sub_type":1,"subType":1,"summary":"[x]","type":"flash"}}]`; array != want {
		t.Errorf("got %s, want %s", array, want)
	}
	if want := `[CQ:image,file=` + name(1) + `.jpg,url=` + link + `,sub_type=1,summary=&#91;x&#93;,type=flash]`; code != want {
		t.Errorf("got %s, want %s", code, want)
	}
	bare, _, _ := newTestDialect(t)
	if array, _ := write(bare.account.writer, knownRecord()); array != `[{"type":"record","data":{"file":"`+name(2)+`.amr","url":"http://a","file_size":"5","filename":"a.mp4"}}]` {
		t.Errorf("without links: %s", array)
	}
	if array, _ := write(s.account.writer, &message.VideoSegment{Medium: message.Medium{URL: "http://a"}}); array != `[{"type":"video","data":{"file":"","url":"http://a"}}]` {
		t.Errorf("of which nothing is known: %s", array)
	}
}

// TestLinksOfDialect: a link gives the bytes, one whose medium is forgotten is gone.
func TestLinksOfDialect(t *testing.T) {
	s, _, files := mediaDialect(t)
	if s.Public(request("GET", "/get_status")) != nil {
		t.Error("an action is a link")
	}
	s.Remember(message.Content{&message.ImageSegment{Medium: someMedium(5)}})
	for n, want := range map[byte]int{1: 200, 3: 200, 5: 502, 9: 410} {
		path := strings.TrimPrefix(s.account.writer.links.URL(strings.ToLower(name(n))), "http://127.0.0.1:3000/me")
		w := recorded(s.Public(request("GET", path)), request("GET", path))
		if w.Code != want || want == 200 && w.Body.String() != "GIF89a medium "+strings.ToLower(name(n)) {
			t.Errorf("medium %d: got %d %q, want %d", n, w.Code, w.Body, want)
		}
	}
	if len(files.asked) != 3 {
		t.Errorf("asked for %q", files.asked)
	}
	if w := recorded(s.Public(request("GET", "/media/x")), request("GET", "/media/x")); w.Code != http.StatusNotFound {
		t.Errorf("forged: got %d", w.Code)
	}
	bare, _, _ := newTestDialect(t)
	if bare.Public(request("GET", "/media/x")) != nil {
		t.Error("there are links where none are configured")
	}
}

func request(method, path string) *http.Request { return httptest.NewRequest(method, path, nil) }

func recorded(h http.HandlerFunc, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h(w, r)
	return w
}
