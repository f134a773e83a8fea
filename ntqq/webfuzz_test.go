package ntqq

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// The pages of groups, as other implementations read them (docs/protocol/operations.md 6).
var groupPages = []string{
	`{"retcode":0,"retmsg":"","data":{"msg_list":[{"group_code":"5","msg_seq":7,"msg_random":"8","sender_uin":"2","sender_nick":"Bob",` +
		`"sender_time":9,"add_digest_uin":"1","add_digest_nick":"Al","add_digest_time":10,"msg_content":[{"msg_type":1,"text":"hi"},` +
		`{"msg_type":2,"face_index":14},{"msg_type":3,"image_url":"http://a/b"},{"msg_type":4,"file_id":"/1","file_thumbnail_url":""}],"can_be_removed":true}],"is_end":false}}`,
	`{"retcode":0,"data":{"msg_list":null,"is_end":true}}`,
	`{"retcode":0,"msg":"","data":{"current_talkative":{"uin":2,"day_count":3,"avatar":"a","nick":"Bob"},"talkative_list":[{"uin":"2","day_count":3}]}}`,
	`{"retCode":0,"response":{"page":[{"infos":[{"uid":"2","uidGroupNick":"Bob","signedTimeStamp":"9","signInRank":1}],"offset":0,"total":1}]}}`,
	`{"data":{"msg_list":[{"msg_seq":-1,"msg_random":4294967297,"sender_uin":"-5","msg_content":[{"msg_type":99}]}]}}`,
	`[]`, `null`, `{"data":[]}`,
}

// FuzzGroupPages: no page makes a list that says what it cannot mean.
func FuzzGroupPages(f *testing.F) {
	for _, page := range groupPages {
		f.Add([]byte(page))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		list, end, err := readEssences(page)
		if err == nil && !end && len(list) == 0 {
			t.Error("an empty page that is not the last one")
		}
		for _, e := range list {
			for _, part := range e.Content {
				if part == nil {
					t.Error("a part that is none")
				}
			}
		}
		honors, err := readHonors(page)
		if err == nil && (honors.Members == nil || honors.Current != nil && honors.Current.User == 0) {
			t.Errorf("honours: %+v", honors)
		}
		if _, total, err := readSignIns(page); err != nil && total != 0 {
			t.Errorf("a total of %d of what cannot be read", total)
		}
	})
}

// TestGroupPages reads the pages of other implementations.
func TestGroupPages(t *testing.T) {
	list, end, err := readEssences([]byte(groupPages[0]))
	if err != nil || end || len(list) != 1 {
		t.Fatalf("got %+v, end %t, %v", list, end, err)
	}
	e := list[0]
	if e.Sequence != 7 || e.Random != 8 || e.Sender != 2 || e.SenderName != "Bob" || e.Time != 9 || e.Operator != 1 || e.OperatorTime != 10 ||
		!e.Removable || len(e.Content) != 4 {
		t.Errorf("got %+v", e)
	}
	if list, end, err := readEssences([]byte(groupPages[1])); err != nil || !end || len(list) != 0 {
		t.Errorf("the last page: %+v, end %t, %v", list, end, err)
	}
	if list, _, err := readEssences([]byte(groupPages[4])); err != nil || len(list) != 1 || list[0].Sequence != 0 || list[0].Random != 0 || list[0].Sender != 0 {
		t.Errorf("absurd numbers: %+v, %v", list, err)
	}
	honors, err := readHonors([]byte(groupPages[2]))
	if err != nil || honors.Current == nil || *honors.Current != (Honored{2, "Bob", "a", 3}) || len(honors.Members) != 1 || honors.Members[0].User != 2 {
		t.Errorf("honours: %+v, %v", honors, err)
	}
	signed, total, err := readSignIns([]byte(groupPages[3]))
	if err != nil || total != 1 || len(signed) != 1 || signed[0] != (SignedIn{2, "Bob", 9, 1}) {
		t.Errorf("signed in: %+v of %d, %v", signed, total, err)
	}
}

// TestEndlessGroupPages: lists end, whatever the pages say, and have nobody and nothing twice.
func TestEndlessGroupPages(t *testing.T) {
	const essence = `{"retcode":0,"data":{"msg_list":[{"msg_seq":%d}],"is_end":false}}`
	const signedIn = `{"retCode":0,"response":{"page":[{"infos":[{"uid":%d}],"total":%d}]}}`
	for name, test := range map[string]struct {
		page        func(n int) string // the n-th answer, from 1
		asks, lists int
	}{
		"essence, always the same":       {func(int) string { return fmt.Sprintf(essence, 7) }, 2, 1},
		"essence, always more":           {func(n int) string { return fmt.Sprintf(essence, n) }, maxEssence / essencePage, maxEssence / essencePage},
		"who signed in, always the same": {func(int) string { return fmt.Sprintf(signedIn, 7, 1<<30) }, 2, 1},
		"who signed in, always more":     {func(n int) string { return fmt.Sprintf(signedIn, n, n+1) }, maxSignIns / signInPage, maxSignIns / signInPage},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asks := 0
				s := &webService{pages: func(w http.ResponseWriter, r *http.Request) {
					if r.Host == webQun {
						asks++
						_, _ = io.WriteString(w, test.page(asks))
					}
				}}
				c, lists := s.start(t), 0
				if name[0] == 'e' {
					list, err := c.Messages().Essences(t.Context(), 5)
					if lists = len(list); err != nil {
						t.Error(err)
					}
				} else {
					list, err := c.Groups().SignIns(t.Context(), 5, time.Time{})
					if lists = len(list); err != nil {
						t.Error(err)
					}
				}
				if asks != test.asks || lists != test.lists {
					t.Errorf("%d asked, %d listed, want %d and %d", asks, lists, test.asks, test.lists)
				}
			})
		})
	}
}
