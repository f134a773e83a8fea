package e2e

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
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
	client := &http.Client{Transport: &http.Transport{DialContext: s.listener.DialContext, DisableKeepAlives: true}}
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", address, resp.Status, err)
	}
	return base64.StdEncoding.EncodeToString(content)
}
