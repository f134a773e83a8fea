package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"libration/ntqq/media"
	"libration/ntqq/message"
	"libration/sandbox"
)

// readText is what a bot gets of a picture.
type readText struct {
	Texts []struct {
		Text        string
		Confidence  int
		Coordinates []struct{ X, Y int }
	}
	Language string
}

// TestPictureText: what is written in a picture is read, wherever the bot has the picture
// from. What the service has is not uploaded again.
func TestPictureText(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, from, to := mediaPair(t, sandbox.Options{})
		b := newMediaBot(t, s, from)
		picture := newPicture(5000, 41)
		kept, err := s.World().Media().Put(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		describe := func(text string) {
			t.Helper()
			if err := s.World().Media().Describe(kept.SHA1, &text, nil); err != nil {
				t.Fatal(err)
			}
		}
		reads := func(image string, want ...string) {
			t.Helper()
			for _, action := range []string{"ocr_image", ".ocr_image"} {
				var got readText
				b.ask(action, fmt.Sprintf(`{"image":%q}`, image), &got)
				var lines []string
				for _, l := range got.Texts {
					lines = append(lines, l.Text)
					if l.Confidence == 0 || len(l.Coordinates) != 4 || l.Coordinates[2].Y == 0 {
						t.Errorf("%.100s: a line is %+v", image, l)
					}
				}
				if !slices.Equal(lines, want) || got.Texts == nil || (got.Language == "zh") != (len(want) > 0) {
					t.Errorf("%.100s: got %+v, want %q", image, got, want)
				}
			}
		}
		inline := "base64://" + base64.StdEncoding.EncodeToString(picture)
		reads(inline)
		describe("第一行\nsecond")
		reads(inline, "第一行", "second")

		// From a message, by its name and by its address at the service.
		if _, err := to.Messages().SendFriend(t.Context(), bot, message.Content{&message.ImageSegment{Medium: message.Medium{Source: media.Bytes(picture)}}}); err != nil {
			t.Fatal(err)
		}
		received := b.follow().Content[0].(*message.ImageSegment)
		uploads := len(b.Transfers().List())
		reads(strings.ToUpper(fmt.Sprintf("%x.png", kept.MD5)), "第一行", "second")
		address, err := b.Media().URL(t.Context(), received)
		if err != nil {
			t.Fatal(err)
		}
		reads(address, "第一行", "second")
		reads(fmt.Sprintf("http://gchat.qpic.cn/gchatpic_new/0/0-0-%X/0", kept.MD5), "第一行", "second")
		face, err := s.World().CustomFaces().Add(bot, kept)
		if err != nil {
			t.Fatal(err)
		}
		faces, err := b.CustomFaces().List(t.Context())
		if err != nil || len(faces) != 1 || faces[0].ID != face.ID {
			t.Fatalf("got %+v, %v", faces, err)
		}
		reads(faces[0].URL, "第一行", "second")
		if n := len(b.Transfers().List()); n != uploads {
			t.Errorf("%d transfers of what the service has", n-uploads)
		}

		// Any other address is downloaded, and the picture uploaded.
		reads(fmt.Sprintf("http://localhost:8080/gchatpic_new/0/0-0-%X/0", kept.MD5), "第一行", "second")
		if n := len(b.Transfers().List()); n == uploads {
			t.Error("nothing was uploaded")
		}

		b.fails("ocr_image", `{"image":"base64://AAAA"}`, "MEDIA_FORMAT", "")
		b.fails("ocr_image", `{"image":"http://gchat.qpic.cn/gchatpic_new/0/0-0-00/0"}`, "OCR_API_ERROR", "no such picture")
		b.fails("ocr_image", `{"image":"https://multimedia.nt.qq.com.cn/download?appid=1406&fileid=x&rkey=y"}`, "OCR_API_ERROR", "no such file")
		b.fails("ocr_image", fmt.Sprintf(`{"image":%q}`, strings.Split(address, "&rkey=")[0]), "OCR_API_ERROR", "expired")
		b.fails("ocr_image", `{"image":"http://gchat.qpic.cn/other"}`, "OCR_API_ERROR", "no address of a picture")
		b.fails("ocr_image", `{}`, "BAD_PARAMS", "image")
	})
}

// TestRecommendedPictures: a search finds the pictures that have the word, with addresses
// that can be downloaded and sent.
func TestRecommendedPictures(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, from, to := mediaPair(t, sandbox.Options{})
		b := newMediaBot(t, s, from)
		for n, words := range [][]string{{"Happy", "cat"}, {"happy"}, {"sad"}} {
			kept, err := s.World().Media().Put(bytes.NewReader(newPicture(1000, byte(60+n))))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.World().Media().Describe(kept.SHA1, nil, words); err != nil {
				t.Fatal(err)
			}
		}
		finds := func(word string) (found struct{ URL []string }) {
			t.Helper()
			b.ask("get_recommend_face", fmt.Sprintf(`{"word":%q}`, word), &found)
			if found.URL == nil {
				t.Errorf("%s: no list", word)
			}
			return found
		}
		if got := finds("happy"); len(got.URL) != 2 {
			t.Errorf("found %q", got.URL)
		}
		if got := finds("nothing"); len(got.URL) != 0 {
			t.Errorf("found %q", got.URL)
		}
		b.fails("get_recommend_face", `{}`, "BAD_PARAMS", "word")
		b.ask("send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":[{"type":"image","data":{"file":%q}}]}`, group, finds("cat").URL[0]), new(any))
		a := newMediaBot(t, s, to)
		got := a.follow().Content[0].(*message.ImageSegment)
		var content bytes.Buffer
		if err := a.Media().Download(t.Context(), got, &content); err != nil || !bytes.Equal(content.Bytes(), newPicture(1000, 60)) {
			t.Errorf("%d bytes came, %v", content.Len(), err)
		}
	})
}
