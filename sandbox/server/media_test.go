package server

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
	"libration/sandbox/world"
)

// startMedia is start with a world that is closed at the end.
func startMedia(t *testing.T, o Options) *harness {
	t.Helper()
	h := start(t, o)
	t.Cleanup(func() {
		if err := h.World().Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// fetch gets an address of the file endpoint, with headers as name, value.
func (h *harness) fetch(method, address string, headers ...string) (*http.Response, string) {
	h.t.Helper()
	transport := &http.Transport{DialContext: h.l.DialContext, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(h.t.Context(), method, address, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer, string(body)
}

// store keeps bytes as if they had been uploaded.
func (h *harness) store(content string) world.Blob {
	h.t.Helper()
	b, err := h.World().Media().Put(strings.NewReader(content))
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

// groupUpload asks for the upload of a medium into a group.
func groupUpload(business uint32, files ...*mediapb.FileInfo) *mediapb.RichMediaReq {
	req := &mediapb.RichMediaReq{
		Head: &mediapb.RichMediaReqHead{
			Common: &mediapb.RequestCommon{RequestId: 5, Command: 100},
			Scene: &mediapb.SceneInfo{
				RequestType: 2, BusinessType: business, SceneType: 2, Group: &mediapb.GroupScene{GroupUin: proto.Uint64(uint64(mall))},
			},
		},
		Upload: &mediapb.UploadReq{TryFastUpload: true},
	}
	for i, f := range files {
		req.Upload.UploadInfo = append(req.Upload.UploadInfo, &mediapb.UploadInfo{FileInfo: f, SubFileType: uint32(100 * i)})
	}
	return req
}

func fileInfo(content string) *mediapb.FileInfo {
	hash, sum := md5.Sum([]byte(content)), sha1.Sum([]byte(content))
	return &mediapb.FileInfo{
		FileSize: uint32(len(content)), FileMd5: strings.ToUpper(hex.EncodeToString(hash[:])), FileSha1: hex.EncodeToString(sum[:]),
		FileName: "a.png", Type: &mediapb.FileType{Type: 1, PicFormat: 1001}, Width: 8, Height: 5, Original: 1,
	}
}

// downloadOf asks for the address of an uploaded file, under a command of another kind.
func downloadOf(uuid string) *mediapb.RichMediaReq {
	return &mediapb.RichMediaReq{
		Head:     &mediapb.RichMediaReqHead{Common: &mediapb.RequestCommon{RequestId: 1, Command: 200}},
		Download: &mediapb.DownloadReq{Node: &mediapb.IndexNode{FileUuid: uuid}},
	}
}

func addressOf(d *mediapb.DownloadResp) string {
	return "http://" + d.GetInfo().GetDomain() + d.GetInfo().GetUrlPath() + d.GetRkeyParam()
}

func TestMediaUpload(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	fresh := call(c, rpc.UploadGroupImage, groupUpload(1, fileInfo("picture")))
	if fresh.GetUpload().GetUkey() == "" || fresh.GetHead().GetCommon().GetRequestId() != 5 {
		t.Fatalf("a new picture: got %v", fresh)
	}
	r, err := h.reservation(fresh.GetUpload().GetUkey())
	b := h.store("picture")
	body := fresh.GetUpload().GetMsgInfo().GetBody()[0]
	if err != nil || r.Blob != b || r.uin != bot || !r.group || r.kind != mediaImage || r.uuid != body.GetIndex().GetFileUuid() {
		t.Errorf("reservation: got %+v, %v", r, err)
	}
	if got := body.GetIndex().GetInfo().GetFileMd5(); got != hex.EncodeToString(b.MD5[:]) {
		t.Errorf("md5: got %s", got)
	}
	// A lost answer, and the same picture again: other uuids, the same file.
	known := call(c, rpc.UploadPrivateVideo, groupUpload(1, fileInfo("picture")))
	if known.GetUpload().Ukey != nil {
		t.Errorf("a known picture: got %v", known)
	}
	slow := groupUpload(1, fileInfo("picture"))
	slow.Upload.TryFastUpload = false
	if got := call(c, rpc.UploadGroupImage, slow); got.GetUpload().GetUkey() == "" {
		t.Errorf("without fast upload: got %v", got)
	}
	uuids := map[string]bool{}
	for _, resp := range []*mediapb.RichMediaResp{fresh, known} {
		uuid := resp.GetUpload().GetMsgInfo().GetBody()[0].GetIndex().GetFileUuid()
		uuids[uuid] = true
		found := call(c, rpc.PrivateRecordURL, downloadOf(uuid))
		answer, content := h.fetch(http.MethodGet, addressOf(found.GetDownload()))
		if answer.StatusCode != http.StatusOK || content != "picture" {
			t.Errorf("download: got %s, %q", answer.Status, content)
		}
	}
	if len(uuids) != 2 {
		t.Errorf("got %d uuids, want 2", len(uuids))
	}
	done := &mediapb.RichMediaReq{Head: slow.Head, UploadCompleted: &mediapb.UploadCompletedReq{}}
	if got := call(c, rpc.UploadGroupVideo, done); got.UploadCompleted == nil {
		t.Errorf("completed: got %v", got)
	}
}

func TestMediaUploadRefused(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	tests := []struct {
		name   string
		change func(*mediapb.RichMediaReq)
		code   world.Reason
	}{
		{"business", func(r *mediapb.RichMediaReq) { r.Head.Scene.BusinessType = 9 }, world.BadRequest},
		{"no business", func(r *mediapb.RichMediaReq) { r.Head.Scene.BusinessType = 0 }, world.BadRequest},
		{"scene", func(r *mediapb.RichMediaReq) { r.Head.Scene.SceneType = 7 }, world.BadRequest},
		{"group", func(r *mediapb.RichMediaReq) { r.Head.Scene.Group.GroupUin = proto.Uint64(1) }, world.NotMember},
		{"peer", func(r *mediapb.RichMediaReq) {
			r.Head.Scene.SceneType, r.Head.Scene.C2C = 1, &mediapb.C2CScene{TargetUid: "u_nobody"}
		}, world.NotFound},
		{"nothing", func(r *mediapb.RichMediaReq) { r.Upload = nil }, world.BadRequest},
		{"no file", func(r *mediapb.RichMediaReq) { r.Upload.UploadInfo[0].FileInfo = nil }, world.BadRequest},
		{"two files", func(r *mediapb.RichMediaReq) {
			r.Upload.UploadInfo = append(r.Upload.UploadInfo, r.Upload.UploadInfo[0])
		}, world.BadRequest},
		{"no cover", func(r *mediapb.RichMediaReq) { r.Head.Scene.BusinessType = 2 }, world.BadRequest},
		{"empty", func(r *mediapb.RichMediaReq) { r.Upload.UploadInfo[0].FileInfo.FileSize = 0 }, world.BadRequest},
		{"large", func(r *mediapb.RichMediaReq) { r.Upload.UploadInfo[0].FileInfo.FileSize = 30<<20 + 1 }, world.TooLarge},
		{"md5", func(r *mediapb.RichMediaReq) { r.Upload.UploadInfo[0].FileInfo.FileMd5 = strings.Repeat("x", 32) }, world.BadRequest},
		{"sha1", func(r *mediapb.RichMediaReq) { r.Upload.UploadInfo[0].FileInfo.FileSha1 = "00" }, world.BadRequest},
		{"name", func(r *mediapb.RichMediaReq) {
			r.Upload.UploadInfo[0].FileInfo.FileName = strings.Repeat("x", 256)
		}, world.BadRequest},
	}
	for _, tt := range tests {
		req := groupUpload(1, fileInfo("picture"))
		tt.change(req)
		_, err := tryCall(c, rpc.UploadGroupImage, req)
		refusedWith(t, tt.name, err, tt.code)
	}
	_, err := tryCall(c, rpc.GroupImageURL, downloadOf("EhSpmT42RwaBaro-JXF4UMJsnNDYnRgDIP8KKICA-cDBxIIDMgRwcm9kUID1JA"))
	refusedWith(t, "a uuid of another service", err, world.NotFound)
	never := call(c, rpc.UploadGroupImage, groupUpload(1, fileInfo("never uploaded")))
	uuid := never.GetUpload().GetMsgInfo().GetBody()[0].GetIndex().GetFileUuid()
	_, err = tryCall(c, rpc.GroupImageURL, downloadOf(uuid))
	refusedWith(t, "never uploaded", err, world.NotFound)
}

func TestHighwaySession(t *testing.T) {
	h := startMedia(t, Options{MediaAddress: "192.0.2.7:8443"})
	c := h.dial().login(bot)
	got := call(c, rpc.HighwaySession, &mediapb.HighwaySessionReq{}).GetBody()
	if uin, ok := h.ticketOwner(got.GetSigSession()); !ok || uin != bot || len(got.GetSessionKey()) != 16 {
		t.Errorf("ticket of %d, %v; session key %x", uin, ok, got.GetSessionKey())
	}
	if _, ok := h.ticketOwner([]byte("another")); ok {
		t.Error("a ticket that nobody got has an owner")
	}
	addr := got.GetServers()[0].GetAddrs()[0]
	if got.GetServers()[0].GetServiceType() != 1 || addr.GetType() != 1 || addr.GetIp() != 0x070200C0 || addr.GetPort() != 8443 {
		t.Errorf("servers: got %v", got.GetServers())
	}
	for _, bad := range []string{"host:80", "[::1]:80", "127.0.0.1:0", "127.0.0.1"} {
		if _, err := New(Options{MediaAddress: bad}); err == nil {
			t.Errorf("media address %s: got no error", bad)
		}
	}
}

// TestMediaExpire lets what was granted grow old.
func TestMediaExpire(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	h.store("picture")
	req := groupUpload(1, fileInfo("picture"))
	req.Upload.TryFastUpload = false
	upload := call(c, rpc.UploadGroupImage, req).GetUpload()
	uuid := upload.GetMsgInfo().GetBody()[0].GetIndex().GetFileUuid()
	old := addressOf(call(c, rpc.GroupImageURL, downloadOf(uuid)).GetDownload())
	later := func(d time.Duration) {
		h.World().SetClock(func() time.Time { return time.Now().Add(d) })
	}
	later(time.Hour + time.Minute)
	if _, err := h.reservation(upload.GetUkey()); !errors.Is(err, errUkeyExpired) {
		t.Errorf("upload key: got %v", err)
	}
	if _, err := h.reservation("x"); !errors.Is(err, errUnknownUkey) {
		t.Errorf("unknown upload key: got %v", err)
	}
	if answer, _ := h.fetch(http.MethodGet, old); answer.StatusCode != http.StatusForbidden {
		t.Errorf("old key: got %s", answer.Status)
	}
	keys := call(c, rpc.MediaKeys, &mediapb.RichMediaReq{DownloadRkey: &mediapb.DownloadRkeyReq{Types: []int32{10, 20, 2, 77, 10}}})
	if got := keys.GetDownloadRkey().GetRkeys(); len(got) != 3 {
		t.Fatalf("keys: got %v", got)
	}
	before, _, _ := strings.Cut(old, "&rkey=")
	for _, key := range keys.GetDownloadRkey().GetRkeys() {
		want := http.StatusForbidden
		if key.GetType() == 20 {
			want = http.StatusOK
		}
		if answer, _ := h.fetch(http.MethodGet, before+key.GetRkey()+"&spec=198"); answer.StatusCode != want || key.GetTtl() != 3600 {
			t.Errorf("key of type %d with ttl %d: got %s", key.GetType(), key.GetTtl(), answer.Status)
		}
	}
	later(32 * 24 * time.Hour)
	_, err := tryCall(c, rpc.GroupImageURL, downloadOf(uuid))
	refusedWith(t, "old uuid", err, world.NotFound)
}

func TestFileEndpoint(t *testing.T) {
	h := startMedia(t, Options{})
	png := "\x89PNG\r\n\x1a\nand so on"
	b := h.store(png)
	uuid := h.media.signer.uuid(mediaImage, false, b, h.World().Now())
	page := h.media.signer.uuid(mediaRecord, true, h.store("<html><script>alert(1)</script>"), h.World().Now())
	voice := h.media.signer.uuid(mediaRecord, false, h.store("\x02#!SILK_V3"), h.World().Now())
	forged := []byte(uuid)
	forged[len(forged)/2] ^= 1
	old := "https://127.0.0.1:1/gchatpic_new/10/20-30-" + strings.ToUpper(hex.EncodeToString(b.MD5[:])) + "/0?term=2"
	const base = "http://127.0.0.1:1/download?appid="
	file := func(app uint64, uuid string) string {
		return base + strconv.FormatUint(app, 10) + "&fileid=" + uuid + keyPrefix + h.media.signer.keyFor(app, h.World().Now())
	}
	tests := []struct {
		name, method, address string
		headers               []string
		status                int
		kind, body            string
	}{
		{"whole", http.MethodGet, file(1406, uuid), nil, 200, "image/png", png},
		{"head", http.MethodHead, file(1406, uuid), nil, 200, "image/png", ""},
		{"range", http.MethodGet, file(1406, uuid), []string{"Range", "bytes=1-3"}, 206, "image/png", "PNG"},
		{"post", http.MethodPost, file(1406, uuid), nil, 405, "", "Method Not Allowed\n"},
		{"other app", http.MethodGet, file(1407, uuid), nil, 404, "", "the file is of another kind\n"},
		{"forged", http.MethodGet, file(1406, string(forged)), nil, 404, "", "no such file\n"},
		{"no key", http.MethodGet, base + "1406&fileid=" + uuid, nil, 403, "", "the key has expired, or does not open this file\n"},
		{"nothing", http.MethodGet, base, nil, 404, "", "no such file\n"},
		{"page", http.MethodGet, file(1403, page), nil, 200, "application/octet-stream", "<html><script>alert(1)</script>"},
		{"voice", http.MethodGet, file(1402, voice), nil, 200, "audio/silk", "\x02#!SILK_V3"},
		{"old", http.MethodGet, old, nil, 200, "image/png", png},
		{"old unknown", http.MethodGet, strings.Replace(old, "/0?", "/1/0?", 1), nil, 404, "", "404 page not found\n"},
		{"old, another hash", http.MethodGet, "http://127.0.0.1:1/gchatpic_new/0/0-0-" + strings.Repeat("AB", 16) + "/0", nil, 404, "", "404 page not found\n"},
	}
	for _, tt := range tests {
		answer, body := h.fetch(tt.method, tt.address, tt.headers...)
		if answer.StatusCode != tt.status || body != tt.body || tt.kind != "" && answer.Header.Get("Content-Type") != tt.kind {
			t.Errorf("%s: got %s, %s, %q", tt.name, answer.Status, answer.Header.Get("Content-Type"), body)
		}
		if answer.Header.Get("X-Content-Type-Options") != "nosniff" && tt.status != 405 {
			t.Errorf("%s: may be sniffed", tt.name)
		}
		if tt.method == http.MethodHead && answer.ContentLength != int64(len(png)) {
			t.Errorf("%s: length %d", tt.name, answer.ContentLength)
		}
	}
}

func refusedWith(t *testing.T, what string, err error, code world.Reason) {
	t.Helper()
	var refused *rpc.Refused
	if !errors.As(err, &refused) || refused.Code != int64(code) || refused.Message == "" {
		t.Errorf("%s: got %v, want the code %d", what, err, code)
	}
}
