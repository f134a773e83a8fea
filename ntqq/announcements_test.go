package ntqq

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
)

// aList is a list as docs/protocol/operations.md 6 describes it.
const aList = `{"ec":0,"em":"","feeds":[{"fid":"f1","u":10001,"pubt":1700000000,"type":6,"fn":0,"cn":1,"vn":2,"pinned":1,"read_num":3,"is_read":1,"is_all_confirm":0,
	"msg":{"text":"a &lt;b&gt;&#10;c &amp;amp;","text_face":"x","title":"t","pics":[{"id":"p","w":"640","h":"480"}]},
	"settings":{"is_show_edit_card":1,"remind_ts":0,"tip_window_type":1,"confirm_required":1}}],
	"inst":[{"fid":"f2","u":"20001","pubt":1,"type":20,"msg":{"text":"new"}}]}`

func TestReadAnnouncements(t *testing.T) {
	all, err := readAnnouncements([]byte(aList))
	if err != nil {
		t.Fatal(err)
	}
	want := []Announcement{
		{
			ID: "f1", Sender: 10001, Time: 1700000000, Text: "a <b>\nc &amp;", Pictures: []AnnouncedPicture{{"p", 640, 480}}, Pinned: true, Readers: 3, Read: true,
			AnnouncementSettings: AnnouncementSettings{EditCard: true, Confirm: true, TipWindow: 1},
		},
		{ID: "f2", Sender: 20001, Time: 1, Text: "new", Newcomers: true},
	}
	if fmt.Sprintf("%+v", all) != fmt.Sprintf("%+v", want) {
		t.Errorf("got %+v\nwant %+v", all, want)
	}
	if got := all[0].Pictures[0].URL(); got != "https://gdynamic.qpic.cn/gdynamic/p/0" {
		t.Errorf("the picture is at %s", got)
	}
	absurd := `{"feeds":[{"fid":"f","u":-1,"pubt":99999999999999999999,"read_num":1e3,"settings":{"tip_window_type":-1},"msg":{"pics":[{"id":"p","w":"-5","h":4294967301}]}}]}`
	if all, err := readAnnouncements([]byte(absurd)); err != nil || fmt.Sprintf("%+v", all) != fmt.Sprintf("%+v", []Announcement{{ID: "f", Pictures: []AnnouncedPicture{{ID: "p"}}}}) {
		t.Errorf("absurd numbers: %+v, %v", all, err)
	}
	for _, empty := range []string{`{"ec":0}`, `{"feeds":null,"inst":[]}`} {
		if all, err := readAnnouncements([]byte(empty)); err != nil || all == nil || len(all) > 0 {
			t.Errorf("%s: %v, %v", empty, all, err)
		}
	}
}

func TestReadAnnouncedPicture(t *testing.T) {
	got, err := readAnnouncedPicture([]byte(`{"ec":0,"em":"","id":"{&quot;h&quot;:&quot;480&quot;,&quot;w&quot;:&quot;640&quot;,&quot;id&quot;:&quot;p&quot;}"}`))
	if want := (AnnouncedPicture{"p", 640, 480}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{`{"ec":0}`, `{"id":"{}"}`, `{"id":{"id":"p"}}`, `<`} {
		if got, err := readAnnouncedPicture([]byte(bad)); err == nil {
			t.Errorf("%s: got %+v", bad, got)
		}
	}
}

func TestDeletedFeed(t *testing.T) {
	for answer, fails := range map[string]bool{"": false, "<html>": false, `{"ec":0}`: false, `{}`: false, `{"ec":4,"em":"no"}`: true} {
		err := webRefusal("em", "ec")([]byte(answer))
		if _, refused := errors.AsType[*ServerError](err); refused != fails {
			t.Errorf("%q: got %v", answer, err)
		}
	}
}

// FuzzAnnouncements reads lists, and answers to pictures.
func FuzzAnnouncements(f *testing.F) {
	f.Add([]byte(aList))
	f.Add([]byte(`{"id":"{&quot;id&quot;:1}"}`))
	f.Add([]byte(`{"feeds":[{"u":-1,"pubt":"x","settings":{"tip_window_type":-1},"msg":{"pics":[{"w":-5,"h":99999999999}]}}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		if all, err := readAnnouncements(in); err == nil && !json.Valid(in) {
			t.Errorf("%q is read as %+v", in, all)
		}
		_, _ = readAnnouncedPicture(in)
		_ = webRefusal("em", "ec")(in)
	})
}
