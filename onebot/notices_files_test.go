package onebot

import (
	"testing"

	"libration/gateway"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// TestFileNotices: others' files are told with an address, also where that is not known;
// the account's own are not.
func TestFileNotices(t *testing.T) {
	w := &writer{flavour: Lagrange | NapCat, self: func() message.UIN { return selfUIN }}
	ofGroup := event.File{ID: "/f", Name: `a "b".zip`, Size: 5 << 30, Bus: 104, URL: "http://a/?b=c&d"}
	private := event.File{ID: "f", Name: "b", Size: 5, Hash: "h"}
	friend, self := event.Person{UIN: friendUIN}, event.Person{UIN: selfUIN}
	const head = `{"time":1700000000,"self_id":10001,"post_type":"notice","notice_type":`
	for _, tt := range []struct {
		event gateway.Happening
		want  string // "": nothing is told
	}{
		{&event.GroupFileUploaded{Group: 5, Sender: friend, File: ofGroup, Time: testTime},
			head + `"group_upload","group_id":5,"user_id":20002,"file":{"id":"/f","name":"a \"b\".zip","size":5368709120,"busid":104,"url":"http://a/?b=c&d"},"event_id":8}`},
		{&event.FriendFileReceived{Peer: friend, Sender: friend, File: private, Time: testTime},
			head + `"offline_file","user_id":20002,"file":{"id":"f","name":"b","size":5,"hash":"h","url":""},"event_id":8}`},
		{&event.GroupFileUploaded{Group: 5, Sender: self, File: ofGroup, Time: testTime}, ""},
		{&event.FriendFileReceived{Peer: friend, Sender: self, File: private, Time: testTime}, ""},
	} {
		got := ""
		for _, b := range w.notices(&gateway.Event{ID: 8, Event: tt.event}) {
			got += string(b)
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.event.Name(), got, tt.want)
		}
	}
}
