package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// faceDetail is a face as bots get it.
type faceDetail struct {
	EmojiID string `json:"emoji_id"`
	ResID   string `json:"res_id"`
	Other   string `json:"resId"`
	URL     string
	MD5     string
	Desc    *string
}

// TestCustomFaces: a bot keeps pictures among its faces, has their bytes, describes and
// deletes them, and is refused what is none of them.
func TestCustomFaces(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, from, to := mediaPair(t, sandbox.Options{})
		b, a := newMediaBot(t, s, from), newMediaBot(t, s, to)
		add := func(picture []byte) (id string) {
			t.Helper()
			var added struct {
				ID string `json:"emoji_id"`
			}
			b.ask("add_custom_face", fmt.Sprintf(`{"file":"base64://%s"}`, base64.StdEncoding.EncodeToString(picture)), &added)
			return added.ID
		}
		has := func(bot *mediaBot, want ...string) {
			t.Helper()
			var details []faceDetail
			bot.ask("fetch_custom_face_detail", `{"count":48}`, &details)
			var got []string
			for _, d := range details {
				got = append(got, d.EmojiID)
				if d.ResID != d.EmojiID || d.Other != d.EmojiID || d.Desc == nil || d.MD5 == "" || !strings.Contains(d.EmojiID, "_"+d.MD5+"_") {
					t.Errorf("a face is %+v", d)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got the faces %q, want %q", got, want)
			}
		}
		has(b)
		large := newPicture(1<<20+5, 31)
		first, second := add(dot), add(large)
		has(b, second, first)
		if again := add(dot); again != first {
			t.Errorf("once more: got %s, want %s", again, first)
		}
		has(b, second, first)
		has(a) // faces are one's own
		var urls []string
		b.ask("fetch_custom_face", `{}`, &urls)
		for i, want := range [][]byte{large, dot} {
			var got fileAnswer
			b.ask("download_file", fmt.Sprintf(`{"url":%q}`, urls[i]), &got)
			if content, err := os.ReadFile(got.File); err != nil || !bytes.Equal(content, want) {
				t.Errorf("%s: %d bytes, %v, want %d", urls[i], len(content), err, len(want))
			}
		}
		if b.ask("fetch_custom_face", `{"count":1}`, &urls); len(urls) != 1 {
			t.Errorf("of one: %q", urls)
		}

		b.ask("set_custom_face_desc", fmt.Sprintf(`{"emoji_id":%q,"md5":"x","desc":"一个点"}`, first), new(any))
		if f, _ := s.World().CustomFaces().Find(bot, first); f.Description != "一个点" {
			t.Errorf("described as %q", f.Description)
		}
		b.fails("set_custom_face_desc", fmt.Sprintf(`{"res_id":%q,"desc":%q}`, first, strings.Repeat("长", 50)), "API_ERROR", "longer than 127")
		b.fails("set_custom_face_desc", `{"res_id":"10001_0_0_0_00_0_0","desc":"x"}`, "CUSTOM_FACE_NOT_FOUND", "")
		b.fails("set_custom_face_desc", `{"desc":"x"}`, "BAD_PARAMS", "res_id")
		b.fails("add_custom_face", `{"file":"base64://AAAA"}`, "MEDIA_FORMAT", "")

		b.fails("delete_custom_face", fmt.Sprintf(`{"ids":[%q,"x"]}`, first), "CUSTOM_FACE_NOT_FOUND", "")
		b.fails("delete_custom_face", `{}`, "BAD_PARAMS", "res_id")
		has(b, second, first)
		address := urls[0]
		b.ask("delete_custom_face", fmt.Sprintf(`{"res_id":%q}`, second), new(any))
		has(b, first)
		b.fails("download_file", fmt.Sprintf(`{"url":%q,"headers":["x=1"]}`, address), "DOWNLOAD_FILE_ERROR", "404")
		b.ask("delete_custom_face", fmt.Sprintf(`{"ids":[%q]}`, first), new(any))
		has(b)
	})
}

// fileAnswer is the file of an answer.
type fileAnswer struct{ File string }

// TestCustomFacesInOrder: a face goes to the front, and nowhere else.
func TestCustomFacesInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := mediaPair(t, sandbox.Options{})
		var ids []string
		for n := range 3 { // by somebody at the page
			kept, err := s.World().Media().Put(bytes.NewReader(newPicture(100, byte(n))))
			if err != nil {
				t.Fatal(err)
			}
			face, err := s.World().CustomFaces().Add(bot, kept)
			if err != nil {
				t.Fatal(err)
			}
			ids = slices.Insert(ids, 0, face.ID)
		}
		order := func(want ...int) {
			t.Helper()
			faces, err := b.CustomFaces().List(t.Context())
			if err != nil || len(faces) != len(want) {
				t.Fatalf("got %+v, %v", faces, err)
			}
			for i, n := range want {
				if faces[i].ID != ids[n] {
					t.Errorf("at %d is %s, want %s", i, faces[i].ID, ids[n])
				}
			}
		}
		order(0, 1, 2)
		if err := b.CustomFaces().ToFront(t.Context(), ids[2]); err != nil {
			t.Error(err)
		}
		order(2, 0, 1)
		if err := b.CustomFaces().ToFront(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "no such custom face") {
			t.Errorf("of none: %v", err)
		}
		edit := func(ns ...int) {
			t.Helper()
			req := &oidbpb.CustomFaceEditReq{Kind: 2}
			for _, n := range ns {
				req.Order = append(req.Order, &oidbpb.CustomFaceId{EmojiId: ids[n]})
			}
			if _, err := rpc.Call(t.Context(), b, rpc.EditCustomFaces, req); err != nil {
				t.Error(err)
			}
		}
		move := func(n int, position uint32) {
			t.Helper()
			if _, err := rpc.Call(t.Context(), b, rpc.MoveCustomFace, &oidbpb.CustomFaceMoveReq{EmojiId: ids[n], Position: position}); err != nil {
				t.Error(err)
			}
		}
		edit(1, 2, 0) // without a move
		order(2, 0, 1)
		move(1, 2) // to another place
		edit(1, 2, 0)
		order(2, 0, 1)
		move(1, 1)
		edit(0, 1, 2) // another order, which ends the move
		edit(1, 2, 0)
		order(2, 0, 1)
		move(1, 1)
		edit(1, 2, 0)
		order(1, 2, 0)
		if _, err := rpc.Call(t.Context(), b, rpc.MoveCustomFace, &oidbpb.CustomFaceMoveReq{EmojiId: "x", Position: 1}); err == nil {
			t.Error("a face that is none moves")
		}
	})
}

// TestCustomFaceUploads: a ticket that has expired is replaced; a picture that is refused
// does not become a face, nor one too many.
func TestCustomFaceUploads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, from, _ := mediaPair(t, sandbox.Options{})
		b := newMediaBot(t, s, from)
		file := func(n byte) string {
			return fmt.Sprintf(`{"file":"base64://%s"}`, base64.StdEncoding.EncodeToString(newPicture(5000, n)))
		}
		faces := func() int {
			t.Helper()
			list, err := b.CustomFaces().List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		for i, f := range []fault.Fault{{Name: fault.UploadExpired, Count: 1}, {Name: fault.UploadWrongHash, Count: 1}} {
			if _, err := s.Faults().Add(f); err != nil {
				t.Fatal(err)
			}
			b.ask("add_custom_face", file(byte(i)), new(any))
			if n := faces(); n != i+1 {
				t.Errorf("%s: %d faces", f.Name, n)
			}
		}
		if _, err := s.Faults().Add(fault.Fault{Name: fault.UploadRefused}); err != nil {
			t.Fatal(err)
		}
		b.fails("add_custom_face", file(9), "UPLOAD_FAILED", "83/198")
		if n := faces(); n != 2 {
			t.Errorf("after a refusal: %d faces", n)
		}
		s.Faults().Clear()
		kept, err := s.World().Media().Put(bytes.NewReader(dot))
		if err != nil {
			t.Fatal(err)
		}
		for n := faces(); n < 500; n++ { // the same bytes, as if they were others
			kept.MD5[0], kept.MD5[1] = byte(n), byte(n>>8)
			if _, err := s.World().CustomFaces().Add(bot, kept); err != nil {
				t.Fatal(err)
			}
		}
		b.fails("add_custom_face", file(10), "UPLOAD_FAILED", "code 5")
	})
}
