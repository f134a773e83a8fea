package message_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/message"
)

func TestClean(t *testing.T) {
	reply := &message.ReplySegment{Sequence: 1, SenderUIN: 7, SenderUID: "u_7"}
	byUID := &message.ReplySegment{Sequence: 1, SenderUID: "u_7"}
	at7, at8 := &message.AtSegment{UIN: 7}, &message.AtSegment{UIN: 8}
	space, hi := message.Text(" "), message.Text("hi")
	market, dice := &message.MarketFaceSegment{Summary: "[s\rt]"}, &message.FaceSegment{ID: message.FaceDice, Large: true, Result: 4}
	tests := []struct {
		name    string
		in      message.Content
		private bool
		want    message.Content
	}{
		{"nothing", nil, false, nil},
		{"mention of the quoted", message.Content{reply, at7, hi}, false, message.Content{reply, hi}},
		{"mention and space", message.Content{reply, at7, space, hi}, false, message.Content{reply, hi}},
		{"mention by uid", message.Content{byUID, &message.AtSegment{UID: "u_7"}}, false, message.Content{byUID}},
		{"mention of another", message.Content{reply, at8, space}, false, message.Content{reply, at8, space}},
		{"mention of all", message.Content{reply, &message.AtSegment{All: true}}, false, message.Content{reply, &message.AtSegment{All: true}}},
		{"second mention stays", message.Content{reply, at7, space, at7, hi}, false, message.Content{reply, at7, hi}},
		{"old client", message.Content{at7, space, reply, hi}, false, message.Content{reply, hi}},
		{"old client, another", message.Content{at8, space, reply, hi}, false, message.Content{reply, at8, space, hi}},
		{"quote late", message.Content{hi, at8, reply, space}, false, message.Content{reply, hi, at8, space}},
		{"quote late, mention stays", message.Content{hi, reply, at7}, false, message.Content{reply, hi, at7}},
		{"mention before a quote", message.Content{at7, reply, hi}, false, message.Content{reply, at7, hi}},
		{"private, mention stays", message.Content{reply, at7}, true, message.Content{reply, at7}},
		{"private, quote late", message.Content{hi, space, reply, at7}, true, message.Content{reply, hi, space, at7}},
		{"empty texts", message.Content{message.Text(""), hi, message.Text("")}, false, message.Content{hi}},
		{"market face", message.Content{market, message.Text("[s\r\nt]"), hi}, false, message.Content{market, hi}},
		{"market face and other text", message.Content{market, hi}, false, message.Content{market, hi}},
		{"die and other text", message.Content{dice, hi}, false, message.Content{dice, hi}},
		{"face and the name of a die", message.Content{&message.FaceSegment{ID: 1}, message.Text("[骰子]")}, false, message.Content{&message.FaceSegment{ID: 1}, message.Text("[骰子]")}},
		{"only fallbacks", message.Content{message.Text("")}, false, message.Content{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := message.Clean(append(message.Content(nil), tt.in...), !tt.private)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Clean(%v) (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}
