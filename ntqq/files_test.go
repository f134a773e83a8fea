package ntqq

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"libration/internal/pb/mediapb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
)

// listing answers questions for pages of a folder.
func listing(t *testing.T, page func(start uint32) *oidbpb.GroupFileListResp) *Client {
	t.Helper()
	s := &mediaService{also: func(mux *rpc.Mux[struct{}]) {
		rpc.Handle(mux, rpc.GroupFiles, func(_ struct{}, req *oidbpb.GroupFileViewReq) (*oidbpb.GroupFileViewResp, error) {
			return &oidbpb.GroupFileViewResp{List: page(req.GetList().GetStartIndex())}, nil
		})
	}}
	return s.client(t)
}

func fileItem(n uint32) *oidbpb.GroupFileItem {
	return &oidbpb.GroupFileItem{Type: entryFile, File: &oidbpb.GroupFile{FileId: fmt.Sprintf("/%d", n), FileName: "../x", FileSize: math.MaxUint64}}
}

// TestFileList: pages are put together, whatever the service says about where they end.
func TestFileList(t *testing.T) {
	full := func(start uint32) (items []*oidbpb.GroupFileItem) {
		for i := range uint32(filePage) {
			items = append(items, fileItem(start+i))
		}
		return items
	}
	for name, c := range map[string]struct {
		page  func(start uint32) *oidbpb.GroupFileListResp
		limit int
		want  int
		asked int
		more  bool
	}{
		"empty": {func(uint32) *oidbpb.GroupFileListResp { return &oidbpb.GroupFileListResp{} }, 100, 0, 1, false},
		"pages": {func(start uint32) *oidbpb.GroupFileListResp {
			return &oidbpb.GroupFileListResp{Items: full(start), IsEnd: start == 2*filePage}
		}, 100, 60, 3, false},
		"the same page for ever": {func(uint32) *oidbpb.GroupFileListResp {
			return &oidbpb.GroupFileListResp{Items: full(0)}
		}, 100, 20, 2, false},
		"no end": {func(start uint32) *oidbpb.GroupFileListResp {
			return &oidbpb.GroupFileListResp{Items: full(start)}
		}, math.MaxInt, filePage * maxFilePages, maxFilePages, true},
		"a limit": {func(start uint32) *oidbpb.GroupFileListResp {
			return &oidbpb.GroupFileListResp{Items: full(start)}
		}, 30, 30, 2, true},
		"a limit that is a page": {func(start uint32) *oidbpb.GroupFileListResp {
			return &oidbpb.GroupFileListResp{Items: full(start), IsEnd: true}
		}, 20, 20, 1, false},
		"entries of no kind": {func(uint32) *oidbpb.GroupFileListResp {
			return &oidbpb.GroupFileListResp{Items: []*oidbpb.GroupFileItem{{}, {Type: 9, File: &oidbpb.GroupFile{FileId: "/9"}}, fileItem(1)}, IsEnd: true}
		}, 100, 1, 1, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			client := listing(t, func(start uint32) *oidbpb.GroupFileListResp {
				asked++
				return c.page(start)
			})
			files, _, more, err := client.Files().ListUpTo(t.Context(), 7, "", c.limit)
			if err != nil || len(files) != c.want || more != c.more || asked != c.asked {
				t.Errorf("%s: got %d files, more %t, %v, asked %d times; want %d, %t, %d", name, len(files), more, err, asked, c.want, c.more, c.asked)
			}
		})
	}
}

// TestFindFile looks into folders, and says what is missing.
func TestFindFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &mediaService{also: func(mux *rpc.Mux[struct{}]) {
			rpc.Handle(mux, rpc.GroupFiles, func(_ struct{}, req *oidbpb.GroupFileViewReq) (*oidbpb.GroupFileViewResp, error) {
				items := []*oidbpb.GroupFileItem{{Type: entryFolder, Folder: &oidbpb.GroupFolder{FolderId: "/d"}}}
				if req.GetList().GetFolderId() == "/d" {
					items = []*oidbpb.GroupFileItem{fileItem(5)}
				}
				return &oidbpb.GroupFileViewResp{List: &oidbpb.GroupFileListResp{Items: items, IsEnd: true}}, nil
			})
		}}
		files := s.client(t).Files()
		if f, err := files.Find(t.Context(), 7, "/5"); err != nil || f.Folder != "/d" || f.Ref().Folder != "/d" {
			t.Errorf("got %+v, %v", f, err)
		}
		if _, err := files.Find(t.Context(), 7, "/6"); !errors.Is(err, ErrNoFile) || !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v, want ErrNoFile", err)
		}
	})
}

// TestKeepRefusals: the result of that answer stands in one of two places.
func TestKeepRefusals(t *testing.T) {
	bare := &oidbpb.GroupFileTransResp{}
	bare.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 3))
	fine := &oidbpb.GroupFileTransResp{}
	fine.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 0))
	for name, c := range map[string]struct {
		resp *oidbpb.GroupFileTransResp
		code int64
	}{
		"in the part": {&oidbpb.GroupFileTransResp{Keep: &oidbpb.GroupFileKeepResp{RetCode: -3, ClientWording: "no"}}, -3},
		"bare":        {bare, 3},
		"done, bare":  {fine, 0},
		"done":        {&oidbpb.GroupFileTransResp{Keep: &oidbpb.GroupFileKeepResp{}}, 0},
		"empty":       {&oidbpb.GroupFileTransResp{}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &mediaService{also: func(mux *rpc.Mux[struct{}]) {
				rpc.Handle(mux, rpc.KeepGroupFile, func(struct{}, *oidbpb.GroupFileTransReq) (*oidbpb.GroupFileTransResp, error) { return c.resp, nil })
				rpc.Handle(mux, rpc.GroupList, func(struct{}, *oidbpb.GroupListReq) (*oidbpb.GroupListResp, error) {
					return &oidbpb.GroupListResp{Groups: []*oidbpb.GroupListEntry{{GroupCode: 7}}}, nil
				})
			}}
			err := s.client(t).Files().Keep(t.Context(), 7, GroupFileRef{ID: "/1"})
			refused, _ := errors.AsType[*ServerError](err)
			if (err != nil) != (c.code != 0) || refused != nil && refused.Code != c.code {
				t.Errorf("%s: got %v, want the code %d", name, err, c.code)
			}
		})
	}
}

// TestForwardFile: to whom a file goes is said by number, and comes back as it is there.
func TestForwardFile(t *testing.T) {
	for name, c := range map[string]struct {
		to   message.Chat
		bus  uint32 // that it is asked for
		code uint64
		want error
	}{
		"group":    {message.Chat{Kind: message.Group, Group: 8}, message.BusPermanent, 8, nil},
		"by uin":   {message.Chat{Kind: message.Friend, Peer: 6}, friendFile, 6, nil},
		"by uid":   {message.Chat{Kind: message.Friend, PeerUID: "u_5"}, friendFile, 5, nil},
		"stranger": {message.Chat{Kind: message.Friend, PeerUID: "u_6"}, 0, 0, ErrNoFriend},
		"nobody":   {message.Chat{Kind: message.Friend}, 0, 0, ErrNoFriend},
		"temp":     {message.Chat{Kind: message.Temp, Group: 8, Peer: 6}, 0, 0, ErrTempContent},
	} {
		synctest.Test(t, func(t *testing.T) {
			var asked *oidbpb.GroupFileCopyToReq
			s := &mediaService{also: func(mux *rpc.Mux[struct{}]) {
				rpc.Handle(mux, rpc.FriendList, func(struct{}, *oidbpb.FriendListReq) (*oidbpb.FriendListResp, error) {
					return &oidbpb.FriendListResp{Friends: []*oidbpb.Friend{{Uin: 5, Uid: "u_5"}}}, nil
				})
				rpc.Handle(mux, rpc.CopyGroupFile, func(_ struct{}, req *oidbpb.GroupFileTransReq) (*oidbpb.GroupFileTransResp, error) {
					asked = req.GetCopyTo()
					return &oidbpb.GroupFileTransResp{CopyTo: &oidbpb.GroupFileCopyToResp{SaveFilePath: "/2", FileName: "x"}}, nil
				})
			}}
			got, err := s.client(t).Files().Forward(t.Context(), 7, "/1", 0, c.to)
			if !errors.Is(err, c.want) || asked.GetDstBusId() != c.bus || asked.GetDstUin() != c.code {
				t.Errorf("%s: got %v, asked for %v", name, err, asked)
			}
			if err == nil && (got.ID != "/2" || got.FileName != "x" || (got.BusID == message.BusPermanent) != (c.to.Kind == message.Group) || asked.GetSrcBusId() != message.BusPermanent) {
				t.Errorf("%s: got %+v, asked for %v", name, got, asked)
			}
		})
	}
}

// TestFileAddresses: only the host that the service names decides where an address leads.
func TestFileAddresses(t *testing.T) {
	for name, c := range map[string]struct {
		resp    *oidbpb.GroupFileDownloadResp
		sandbox bool
		want    string // "": an error
	}{
		"by name":          {&oidbpb.GroupFileDownloadResp{DownloadDns: "f.example", DownloadIp: "1.2.3.4", DownloadUrl: []byte{0xAB}, SaveFileName: "a b&c"}, false, "https://f.example/ftn_handler/ab/?fname=a%20b%26c"},
		"by address":       {&oidbpb.GroupFileDownloadResp{DownloadIp: "1.2.3.4", DownloadUrl: []byte{0xAB}}, false, "https://1.2.3.4/ftn_handler/ab/?fname="},
		"preview port":     {&oidbpb.GroupFileDownloadResp{DownloadDns: "f.example:81", DownloadUrl: []byte{1}, PreviewPort: 81}, false, "https://f.example:81/ftn_handler/01/?fname="},
		"sandbox":          {&oidbpb.GroupFileDownloadResp{DownloadDns: "f.example:81", DownloadUrl: []byte{1}, PreviewPort: 81}, true, "http://f.example:81/ftn_handler/01/?fname="},
		"sandbox with TLS": {&oidbpb.GroupFileDownloadResp{DownloadDns: "f.example:81", DownloadUrl: []byte{1}, PreviewPort: 81, PreviewPortHttps: 82}, true, "https://f.example:81/ftn_handler/01/?fname="},
		"no host":          {&oidbpb.GroupFileDownloadResp{DownloadUrl: []byte{1}}, false, ""},
		"no path":          {&oidbpb.GroupFileDownloadResp{DownloadDns: "f.example"}, false, ""},
		"another host":     {&oidbpb.GroupFileDownloadResp{DownloadDns: "f.example@evil.example", DownloadUrl: []byte{1}}, false, ""},
		"another path":     {&oidbpb.GroupFileDownloadResp{DownloadDns: "evil.example/x?", DownloadUrl: []byte{1}}, false, ""},
		"too long":         {&oidbpb.GroupFileDownloadResp{DownloadDns: "f.example", DownloadUrl: []byte{1}, SaveFileName: strings.Repeat("文", 1000)}, false, ""},
		"nothing":          {nil, false, ""},
	} {
		got, err := groupFileURL(c.resp, c.sandbox)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		resp *mediapb.OfflineDownloadResult
		want string
	}{
		"with a query":    {&mediapb.OfflineDownloadResult{Server: "f.example", Port: 81, Url: "/x?fname=y"}, "http://f.example:81/x?fname=y&isthumb=0"},
		"without":         {&mediapb.OfflineDownloadResult{Server: "f.example", Url: "/x"}, "http://f.example/x?fname=&isthumb=0"},
		"IPv6":            {&mediapb.OfflineDownloadResult{Server: "::1", Port: 81, Url: "/x?"}, "http://[::1]:81/x?&isthumb=0"},
		"no path":         {&mediapb.OfflineDownloadResult{Server: "f.example"}, ""},
		"path to a host":  {&mediapb.OfflineDownloadResult{Server: "f.example", Url: "@evil.example/x"}, ""},
		"path to a host2": {&mediapb.OfflineDownloadResult{Server: "f.example", Port: 1, Url: ".evil.example/x"}, ""},
		"too long":        {&mediapb.OfflineDownloadResult{Server: "f.example", Url: "/" + strings.Repeat("x", 8<<10)}, ""},
		"nothing":         {nil, ""},
	} {
		got, err := privateFileURL(c.resp)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("private, %s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
}

// fileService serves one file of a group and of a private chat.
func fileService(t *testing.T, asked *int) (*mediaService, *Client) {
	t.Helper()
	s := &mediaService{also: func(mux *rpc.Mux[struct{}]) {
		rpc.Handle(mux, rpc.GroupFileURL, func(struct{}, *oidbpb.GroupFileReq) (*oidbpb.GroupFileResp, error) {
			*asked++
			return &oidbpb.GroupFileResp{Download: &oidbpb.GroupFileDownloadResp{DownloadDns: "media.example:80", DownloadUrl: []byte{1}, PreviewPort: 80}}, nil
		})
		rpc.Handle(mux, rpc.PrivateFileURL, func(struct{}, *mediapb.OfflineFileReq) (*mediapb.OfflineFileResp, error) {
			*asked++
			return &mediapb.OfflineFileResp{Download: &mediapb.OfflineDownloadResp{Result: &mediapb.OfflineDownloadResult{Server: "media.example", Port: 80, Url: "/x?fname=y"}}}, nil
		})
	}}
	return s, s.client(t)
}

// parts serves a file in pieces: each connection breaks after so many bytes.
func parts(content []byte, piece int, ranges bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from := 0
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil && ranges {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
			w.Header().Set("Content-Length", fmt.Sprint(len(content)-from))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			from = 0
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		}
		end := min(from+piece, len(content))
		_, _ = w.Write(content[from:end])
		if end < len(content) {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	}
}

// TestFileDownload: a file comes whole, over several connections if need be, or not at all.
func TestFileDownload(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	sum := md5.Sum(content)
	other := append([]byte("x"), content[1:]...)
	serve := func(b []byte) http.HandlerFunc { return parts(b, len(b), true) }
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		size   uint64
		want   error
		asked  int
	}{
		"whole":            {serve(content), 1 << 20, nil, 1},
		"size not known":   {serve(content), 0, nil, 1},
		"broken twice":     {parts(content, 400<<10, true), 1 << 20, nil, 3},
		"no ranges":        {parts(content, 400<<10, false), 1 << 20, errNoRange, 2},
		"short":            {serve(content[:1000]), 1 << 20, errNoRange, 2},
		"long":             {serve(append(content[:len(content):len(content)], 'x')), 1 << 20, ErrIncomplete, 1},
		"other":            {serve(other), 1 << 20, ErrOtherMedium, 1},
		"gone":             {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, 1 << 20, &StatusError{404}, 1},
		"a byte at a time": {parts(content, 1, true), 1 << 20, io.ErrUnexpectedEOF, 1 + fetchAgain},
		"no such size":     {serve(content[:1000]), 1e10 * leastRate, errNoRange, 2},
		"breaks for ever":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 1 << 20, io.EOF, 1},
	} {
		for _, chat := range []message.Chat{{Kind: message.Group, Group: 7}, {Kind: message.Friend, Peer: 5}} {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				s, client := fileService(t, &asked)
				if name == "short" || name == "no such size" { // a server that gives what it has, however it is asked
					c.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content[:1000]) }
				}
				s.download.Store(&c.answer)
				file := &message.FileSegment{ID: "/1", FileName: "../../x", Size: c.size, MD5: sum[:]}
				path := filepath.Join(t.TempDir(), "file")
				err := client.Files().Save(t.Context(), chat, file, path)
				got, readErr := os.ReadFile(path)
				switch {
				case c.want == nil:
					if err != nil || !bytes.Equal(got, content) {
						t.Errorf("%s: got %d bytes, %v", name, len(got), err)
					}
				case !errors.Is(err, c.want) && !strings.Contains(fmt.Sprint(err), c.want.Error()):
					t.Errorf("%s: got %v, want %v", name, err, c.want)
				case readErr == nil:
					t.Errorf("%s: a file is there after %v", name, err)
				}
				if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) > 1 || c.want != nil && len(entries) > 0 {
					t.Errorf("%s: %v was left", name, entries)
				}
				if asked != c.asked {
					t.Errorf("%s: the address was asked for %d times, want %d", name, asked, c.asked)
				}
				list := client.Transfers().List()
				if last := list[len(list)-1]; len(list) != 1 || last.Kind != "file" || last.Ended.IsZero() || (last.Err == nil) != (err == nil) || err == nil && last.Done != 1<<20 {
					t.Errorf("%s: listed as %+v", name, list)
				}
			})
		}
	}
}

// TestFileListBounded: names of any length do not fill the memory, and folders of any number
// do not ask for ever.
func TestFileListBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		client := listing(t, func(start uint32) *oidbpb.GroupFileListResp {
			asked++
			items := []*oidbpb.GroupFileItem{fileItem(start), fileItem(start + 1)}
			for _, item := range items {
				item.File.FileName = strings.Repeat("x", 1<<20)
			}
			return &oidbpb.GroupFileListResp{Items: items}
		})
		files, _, err := client.Files().List(t.Context(), 1, "")
		if !errors.Is(err, ErrManyFiles) || len(files) != maxListed>>20-1 || asked > 10 {
			t.Errorf("got %d files with 1 MiB each after %d pages, %v", len(files), asked, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		client := listing(t, func(start uint32) (page *oidbpb.GroupFileListResp) {
			if asked++; asked > 3*maxFilePages {
				t.Fatal("it never ends")
			}
			page = &oidbpb.GroupFileListResp{}
			for i := range uint32(filePage) {
				page.Items = append(page.Items, &oidbpb.GroupFileItem{Type: entryFolder, Folder: &oidbpb.GroupFolder{FolderId: fmt.Sprintf("/%d", start+i)}})
			}
			return page
		})
		if f, err := client.Files().Find(t.Context(), 1, "/x"); !errors.Is(err, ErrManyFiles) {
			t.Errorf("got %+v, %v", f, err)
		}
	})
}

// TestFileDownloadEnds: by a cancel, by a reader that has enough, and by silence.
func TestFileDownloadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		s, client := fileService(t, &asked)
		answer := http.HandlerFunc(stalling)
		s.download.Store(&answer)
		chat, file := message.Chat{Kind: message.Group, Group: 7}, &message.FileSegment{ID: "/1", Size: 10}
		done := make(chan error)
		go func() { done <- client.Files().Download(t.Context(), chat, file, io.Discard) }()
		time.Sleep(time.Second)
		client.Transfers().Cancel(1)
		if err := <-done; !errors.Is(err, transfer.ErrCancelled) {
			t.Errorf("got %v, want ErrCancelled", err)
		}
		r, err := client.Files().Open(t.Context(), chat, file)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if _, err := r.Read(make([]byte, 1)); err == nil {
			t.Error("a closed download can be read")
		}
		began := time.Now()
		err = client.Files().Download(t.Context(), chat, file, io.Discard)
		if took := time.Since(began); !errors.Is(err, errNoRange) || took > 2*stallTimeout {
			t.Errorf("got %v after %v", err, took)
		}
		for _, l := range client.Transfers().List() {
			if l.Ended.IsZero() || l.Err == nil {
				t.Errorf("listed as %+v", l)
			}
		}
		if _, err := client.Files().Open(t.Context(), chat, &message.FileSegment{}); !errors.Is(err, ErrNoFile) {
			t.Errorf("got %v, want ErrNoFile", err)
		}
	})
}

// TestPrivateFileSums: the MD5 of a private file may be that of its beginning.
func TestPrivateFileSums(t *testing.T) {
	content := bytes.Repeat([]byte{7}, 11<<20)
	for n, private := range map[int]bool{10 << 20: true, 10002432: true, 11 << 20: true, 1 << 20: false} {
		sum := md5.Sum(content[:n])
		for _, id := range []string{"u", "/u"} {
			r := &fetching{file: &message.FileSegment{ID: id, MD5: sum[:]}}
			r.sums = sumsOf(r.file)
			for at := 0; at < len(content); at += 1 << 19 {
				for i := range r.sums {
					r.sums[i].write(content[at : at+1<<19])
				}
			}
			want := id == "u" && private || n == len(content)
			if err := r.check(); (err == nil) != want {
				t.Errorf("the MD5 of %d bytes, %q: got %v", n, id, err)
			}
		}
	}
}
