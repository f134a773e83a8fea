package e2e

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"libration/ntqq"
	"libration/ntqq/event"
)

// TestAlbums: albums are made, filled, listed and deleted, and members hear of pictures.
func TestAlbums(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		made := b.data("create_group_album", `{"group_id":%d,"name":"trip","desc":"of May"}`, group)
		list, err := a.Albums().List(t.Context(), group)
		if err != nil || len(list) != 1 {
			t.Fatalf("Alice's list: %+v, %v", list, err)
		}
		trip := list[0]
		if want := fmt.Sprintf(`{"album_id":%q,"name":"trip","desc":"of May"}`, trip.ID); made != want {
			t.Errorf("made: %s, want %s", made, want)
		}
		if trip.Name != "trip" || trip.Desc != "of May" || trip.Creator != bot || trip.Created == 0 || trip.Count != 0 || trip.Cover != nil {
			t.Errorf("the album: %+v", trip)
		}
		for i := range 22 {
			s.api(t, "POST", fmt.Sprintf("/api/groups/%d/albums/%s/pictures", group, trip.ID),
				fmt.Sprintf(`{"by":%d,"name":"p%d","base64":%q}`, bob, i, aGIF), new(any))
			time.Sleep(time.Second)
		}
		for _, sp := range []*speaker{a, b} {
			sp.told()
			if heard := eventsOf[*event.GroupAlbumUpdated](sp.account); len(heard) != 22 || heard[21].Group != group || heard[21].Image == "" {
				t.Errorf("heard of %d pictures", len(heard))
			}
		}
		first, err := b.Albums().Media(t.Context(), group, trip.ID, "")
		if err != nil || len(first.Media) != 20 || !first.More || first.Album.Count != 22 || first.Album.Cover == nil {
			t.Fatalf("the first page: %+v, %v", first, err)
		}
		newest := first.Media[0]
		if p := newest.Picture; p == nil || p.Name != "p21" || p.Width != 1 || p.Height != 1 || newest.Uploader != bob || newest.UploaderName != "Bob" || newest.Uploaded == 0 {
			t.Errorf("the newest picture: %+v", newest)
		}
		second := b.data("get_group_album_media_list", `{"group_id":%d,"album_id":%q,"attach_info":%q}`, group, trip.ID, first.Next)
		if !strings.Contains(second, `"name":"p0"`) || strings.Contains(second, `"name":"p2"`) || !strings.Contains(second, `"next_has_more":false`) ||
			!strings.Contains(second, `"uploader":"20002"`) || !strings.Contains(second, `\"return_num\":0`) {
			t.Errorf("the second page: %s", second)
		}
		if got, want := s.download(t, newest.Picture.URL), aGIF; got != want {
			t.Errorf("the picture is %s, want %s", got, want)
		}
		for action, begins := range map[string]string{"get_group_album_list": `[{"album_id":`, "get_qun_album_list": `{"album_list":[{"album_id":`} {
			if got := b.data(action, `{"group_id":%d}`, group); !strings.HasPrefix(got, begins) || !strings.Contains(got, `"upload_count":22`) || !strings.Contains(got, `"uin":"10001"`) {
				t.Errorf("%s: %s", action, got)
			}
		}
		// Alice owns the group, and may delete the bot's album; the bot not hers.
		hers, err := a.Albums().Add(t.Context(), group, "hers", "")
		if err != nil {
			t.Fatal(err)
		}
		if got := b.refused("delete_group_album", `{"group_id":%d,"album_id":%q}`, group, hers.ID); !strings.HasPrefix(got, "API_ERROR: ") || !strings.Contains(got, "may not delete") {
			t.Errorf("the bot deletes Alice's album: %s", got)
		}
		a.data("delete_group_album", `{"group_id":%d,"album_id":%q}`, group, trip.ID)
		if list, err := b.Albums().List(t.Context(), group); err != nil || len(list) != 1 || list[0].ID != hers.ID {
			t.Errorf("what is left: %+v, %v", list, err)
		}
		if _, err := b.Albums().Media(t.Context(), group, trip.ID, ""); !refusedAs(err, "no such album") {
			t.Errorf("the deleted album: %v", err)
		}
		if got := b.refused("create_group_album", `{"group_id":%d,"name":""}`, group); !strings.Contains(got, "needs a name") {
			t.Errorf("without a name: %s", got)
		}
		if got := b.refused("get_qun_album_list", `{"group_id":1}`); !strings.HasPrefix(got, "GROUP_NOT_FOUND") {
			t.Errorf("in no group: %s", got)
		}
	})
}

// refusedAs reports whether the service refused something with a text.
func refusedAs(err error, text string) bool {
	refused, ok := errors.AsType[*ntqq.ServerError](err)
	return ok && strings.Contains(refused.Message, text)
}

// download returns the bytes of an address of the service in base64.
func (s *service) download(t *testing.T, address string) string {
	t.Helper()
	_, path, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
	return base64.StdEncoding.EncodeToString([]byte(s.page(t, "/"+path, "")))
}

// TestAlbumUploads: pictures come into an album in slices, also with cookies that have
// expired meanwhile.
func TestAlbumUploads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		media := newMediaBot(t, s, b.account)
		b.call = media.calls(media.Dialect)
		trip, err := a.Albums().Add(t.Context(), group, "trip", "")
		if err != nil {
			t.Fatal(err)
		}
		large := base64.StdEncoding.EncodeToString(append(bytes.Clone(dot), make([]byte, 40_000)...)) // three slices
		b.data("upload_image_to_qun_album", `{"group_id":%d,"album_id":%q,"album_name":"trip","file":"base64://%s"}`, group, trip.ID, large)
		time.Sleep(2 * time.Minute)
		if err := s.ExpireCookies(bot); err != nil {
			t.Fatal(err)
		}
		b.data("upload_group_album", `{"group_id":%d,"album_id":%q,"files":["base64://%s","base64://%s"]}`, group, trip.ID, aGIF, large)
		a.told()
		if heard := eventsOf[*event.GroupAlbumUpdated](a.account); len(heard) != 3 {
			t.Errorf("Alice heard of %d pictures", len(heard))
		}
		page, err := a.Albums().Media(t.Context(), group, trip.ID, "")
		if err != nil || len(page.Media) != 3 {
			t.Fatalf("the album: %+v, %v", page, err)
		}
		for i, want := range []string{large, aGIF, large} {
			if m := page.Media[i]; m.Uploader != bot || m.Batch == 0 || s.download(t, m.Picture.URL) != want {
				t.Errorf("picture %d: %+v", i, m)
			}
		}
		for _, l := range b.Transfers().List() {
			if l.Kind != "image" || l.Chat == nil || l.Chat.Group != group || l.Err != nil || l.Done != l.Total {
				t.Errorf("listed as %+v", l)
			}
		}
		for params, want := range map[string]string{
			fmt.Sprintf(`{"group_id":%d,"album_id":"x","files":["base64://%s"]}`, group, aGIF):         "ALBUM_NOT_FOUND",
			fmt.Sprintf(`{"group_id":1,"album_id":"x","files":["base64://%s"]}`, aGIF):                 "GROUP_NOT_FOUND",
			fmt.Sprintf(`{"group_id":%d,"album_id":%q,"files":["base64://aGVsbG8="]}`, group, trip.ID): "MEDIA_FORMAT",
			fmt.Sprintf(`{"group_id":%d,"album_id":%q,"files":[]}`, group, trip.ID):                    "BAD_PARAMS",
		} {
			if got := b.refused("upload_group_album", "%s", params); !strings.HasPrefix(got, want) {
				t.Errorf("%s: got %s, want %s", params, got, want)
			}
		}
	})
}

// TestAlbumPages: what the pages of albums say to other programs, and what they refuse.
func TestAlbumPages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		trip, err := a.Albums().Add(t.Context(), group, "trip", "of May")
		if err != nil {
			t.Fatal(err)
		}
		keys, err := b.Web().Credentials(t.Context(), "qzone.qq.com")
		if err != nil {
			t.Fatal(err)
		}
		const list = "/proxy/domain/u.photo.qzone.qq.com/cgi-bin/upp/qun_list_album_v2?cmd=qunGetAlbumList&start=0&num=1000&uin=10001&g_tk=%d&qunId=%d&qunid=%[2]d"
		if got := s.page(t, fmt.Sprintf(list, keys.Token, group), keys.Cookies); !strings.HasPrefix(got, `{"data":{"album":[{"id":"`+trip.ID) ||
			!strings.Contains(got, `"title":"trip","desc":"of May","coverurl":"","createuin":20001,"createnickname":"Alice","createtime":"20`) || !strings.HasSuffix(got, `"ret":0}`) {
			t.Errorf("the list: %s", got)
		}
		if got := s.page(t, fmt.Sprintf(list, keys.Token, 1), keys.Cookies); !strings.Contains(got, "no group 1") {
			t.Errorf("of no group: %s", got)
		}
		_, pskey, _ := strings.Cut(keys.Cookies, "p_skey=")
		pskey, _, _ = strings.Cut(pskey, ";")
		begin := func(token, sum string, size int) string {
			return fmt.Sprintf(`{"control_req":[{"token":{"data":%q},"appid":"qun","checksum":%q,"file_len":%d,"biz_req":{"sPicTitle":"p","sAlbumID":%q,"mapExt":{"userid":"%d"}}}]}`,
				token, sum, size, trip.ID, group)
		}
		sha1 := fmt.Sprintf("%x", sha1.Sum(dot))
		for body, want := range map[string]string{
			begin(pskey, sha1, len(dot)):   `"slice_size":16384`, // one client gives this hash
			begin("other", sha1, len(dot)): "not that of the cookies",
			begin(pskey, "x", len(dot)):    "checksum is none",
			begin(pskey, sha1, 31<<20):     "at most 30 MiB",
			`{"control_req":[]}`:           "not one control_req",
		} {
			if got := s.post(t, fmt.Sprintf("/h5.qzone.qq.com/webapp/json/sliceUpload/FileBatchControl/%s?g_tk=%d", sha1, keys.Token), "application/json", body, keys.Cookies); !strings.Contains(got, want) {
				t.Errorf("%s: got %s, want %s", body, got, want)
			}
		}
		// Who lets slices come that are not what was announced has uploaded nothing.
		var begun struct{ Data struct{ Session string } }
		at := fmt.Sprintf("/webapp/json/sliceUpload/FileBatchControl/%s?g_tk=%d", sha1, keys.Token)
		if err := json.Unmarshal([]byte(s.post(t, at, "application/json", begin(pskey, sha1, len(dot)), keys.Cookies)), &begun); err != nil {
			t.Fatal(err)
		}
		slice := func(session, offset string, content []byte) string {
			var form bytes.Buffer
			w := multipart.NewWriter(&form)
			for name, value := range map[string]string{"session": session, "offset": offset} {
				if err := w.WriteField(name, value); err != nil {
					t.Fatal(err)
				}
			}
			part, err := w.CreateFormFile("data", "blob")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = part.Write(content)
			_ = w.Close()
			return s.post(t, fmt.Sprintf("/webapp/json/sliceUpload/FileUpload?g_tk=%d", keys.Token), w.FormDataContentType(), form.String(), keys.Cookies)
		}
		for _, tt := range []struct {
			session, offset string
			content         []byte
			want            string
		}{
			{"x", "0", dot, "no such upload"},
			{begun.Data.Session, "0", nil, "slices have 16384 bytes"},
			{begun.Data.Session, "1", dot, "slices have 16384 bytes"},
			{begun.Data.Session, "-1", dot, "a bad slice"},
			{begun.Data.Session, "16384", dot, "are not within"},
			{begun.Data.Session, "0", make([]byte, len(dot)), "announced was"},
			{begun.Data.Session, "0", dot, "announced was"}, // asked again
		} {
			if got := slice(tt.session, tt.offset, tt.content); !strings.Contains(got, tt.want) {
				t.Errorf("%d bytes at %s: got %s, want %s", len(tt.content), tt.offset, got, tt.want)
			}
		}
		if list, err := a.Albums().List(t.Context(), group); err != nil || list[0].Count != 0 {
			t.Errorf("the album: %+v, %v", list, err)
		}
		// Uploads that were given up are in nobody's way: the first of too many is.
		var sessions []string
		for range 65 {
			if err := json.Unmarshal([]byte(s.post(t, at, "application/json", begin(pskey, sha1, len(dot)), keys.Cookies)), &begun); err != nil || begun.Data.Session == "" {
				t.Fatalf("upload %d: %v, %+v", len(sessions), err, begun)
			}
			sessions = append(sessions, begun.Data.Session)
			begun.Data.Session = ""
			time.Sleep(time.Second)
		}
		for i, want := range map[int]string{0: "no such upload", 1: `"ret":0`, 64: `"ret":0`} {
			if got := slice(sessions[i], "0", dot); !strings.Contains(got, want) {
				t.Errorf("upload %d: got %s, want %s", i, got, want)
			}
		}
		// Who asks again, as clients with old cookies do, hears the same of the album.
		if err := a.Albums().Delete(t.Context(), group, trip.ID); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := slice(sessions[2], "0", dot); !strings.Contains(got, "no such album") {
				t.Errorf("into the deleted album: %s", got)
			}
		}
	})
}

// post posts to a page of the sandbox.
func (s *service) post(t *testing.T, path, kind, body, cookies string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: s.listener.DialContext, DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://sandbox"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", cookies)
	req.Header.Set("Content-Type", kind)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}
