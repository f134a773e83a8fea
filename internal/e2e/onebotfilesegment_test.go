package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox"
	"libration/sandbox/world"
)

type shownFile struct {
	Type string `json:"type"`
	Data struct {
		File, URL, Name string
		ID              string `json:"file_id"`
		FileName        string `json:"file_name"`
		FileSize, Size  string
		Bus             string `json:"busid"`
		Hash            string `json:"file_hash"`
	} `json:"data"`
}

// shown is the one segment of a message that get_msg returns.
func (b *mediaBot) shown(id int32) shownFile {
	b.t.Helper()
	var got struct{ Message []shownFile }
	b.ask("get_msg", fmt.Sprintf(`{"message_id":%d}`, id), &got)
	if len(got.Message) != 1 || got.Message[0].Type != "file" {
		b.t.Fatalf("the message has %+v", got.Message)
	}
	return got.Message[0]
}

// sends calls a send action with one segment, and returns the message's id.
func (b *mediaBot) sends(where, segment string) int32 {
	b.t.Helper()
	var sent struct {
		ID int32 `json:"message_id"`
	}
	b.ask("send_msg", fmt.Sprintf(`{%s,"message":[{"type":"file","data":%s}]}`, where, segment), &sent)
	return sent.ID
}

// TestFileSegments: a file that a bot sends in a message is a real one, in a group and to a
// friend; others get it with an address, have its bytes, and send it on by its id.
func TestFileSegments(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, from, to := mediaPair(t, sandbox.Options{})
		sender, receiver := newMediaBot(t, s, from), newMediaBot(t, s, to)
		content := bytes.Repeat([]byte("a file, "), 300_000) // more than a block
		path := filepath.Join(t.TempDir(), "名 a.zip")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		inGroup, toFriend := fmt.Sprintf(`"group_id":%d`, group), fmt.Sprintf(`"user_id":%d`, to.Self().UIN)
		for where, private := range map[string]bool{inGroup: false, toFriend: true} {
			id := sender.sends(where, fmt.Sprintf(`{"file":%q}`, "file://"+path))
			m := receiver.follow()
			if sender.gate.ID(message.Chat{Kind: m.Chat.Kind, Group: m.Chat.Group, Peer: to.Self().UIN}, m.Sequence) != id {
				t.Errorf("%s: message_id %d is not that of the message that came", where, id)
			}
			for name, got := range map[string]shownFile{"own": sender.shown(id), "received": receiver.shown(receiver.gate.ID(m.Chat, m.Sequence))} {
				d := got.Data
				if d.File != "名 a.zip" || d.Name != d.File || d.FileName != d.File || d.Size != fmt.Sprint(len(content)) || d.ID == "" ||
					private != (d.Hash != "") || private != (d.Bus == "") || private == strings.HasPrefix(d.ID, "/") {
					t.Errorf("%s, %s: %+v", where, name, d)
				}
				receiver.checkURL(d.URL, content)
			}
			receiver.checkFile("get_file", receiver.shown(receiver.gate.ID(m.Chat, m.Sequence)).Data.ID, content)
			url := ""
			for _, e := range eventsOf[event.Event](to) {
				switch e := e.(type) {
				case *event.GroupFileUploaded:
					if !private {
						url = e.File.URL
					}
				case *event.FriendFileReceived:
					if private && e.Sender.UIN == bot {
						url = e.File.URL
					}
				}
			}
			receiver.checkURL(url, content)

			// It is sent on: to the friend, and to another group.
			known := receiver.shown(receiver.gate.ID(m.Chat, m.Sequence)).Data
			receiver.begin() // it is known after a restart, too
			back := receiver.sends(fmt.Sprintf(`"user_id":%d`, from.Self().UIN), fmt.Sprintf(`{"file":%q,"file_id":%q}`, known.File, known.ID))
			again := sender.follow()
			if again.Chat.Kind != message.Friend || receiver.gate.ID(message.Chat{Kind: message.Friend, Peer: from.Self().UIN}, again.Sequence) != back {
				t.Errorf("%s: sent on as %d, %+v", where, back, again.Message)
			}
			got := sender.shown(sender.gate.ID(again.Chat, again.Sequence)).Data
			if got.ID == known.ID || got.File != known.File || got.Hash == "" {
				t.Errorf("%s: sent on, it is %+v", where, got)
			}
			sender.checkFile("get_file", got.ID, content)
		}
	})
}

// TestFileSegmentsForwarded: a file of one group goes to another group by its id.
func TestFileSegmentsForwarded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, from, to := mediaPair(t, sandbox.Options{})
		sender, receiver := newMediaBot(t, s, from), newMediaBot(t, s, to)
		content := []byte("content")
		file := fmt.Sprintf(`{"file":"base64://%s","name":"b.txt"}`, base64.StdEncoding.EncodeToString(content))
		id := sender.sends(fmt.Sprintf(`"group_id":%d`, group), file)
		m := receiver.follow()
		known := sender.shown(id).Data

		made, err := s.World().Groups().Add(world.Group{Name: "other"}, bot, alice)
		if err != nil {
			t.Fatal(err)
		}
		other := made.Code
		forwarded := sender.sends(fmt.Sprintf(`"group_id":%d`, other), fmt.Sprintf(`{"file_id":%q}`, known.ID))
		again := receiver.follow()
		if again.Chat.Group != other || again.Sequence == m.Sequence && again.Chat == m.Chat || sender.gate.ID(again.Chat, again.Sequence) != forwarded {
			t.Errorf("forwarded as %d, %+v", forwarded, again.Message)
		}
		got := receiver.shown(receiver.gate.ID(again.Chat, again.Sequence)).Data
		if got.File != "b.txt" || got.ID == known.ID {
			t.Errorf("forwarded, it is %+v", got)
		}
		receiver.checkFile("get_file", got.ID, content)
		var sent struct {
			ID int32 `json:"message_id"`
		}
		sender.ask("forward_group_single_msg", fmt.Sprintf(`{"group_id":%d,"message_id":%d}`, other, id), &sent)
		if third := receiver.follow(); third.Chat.Group != other || sender.gate.ID(third.Chat, third.Sequence) != sent.ID || sent.ID == forwarded {
			t.Errorf("forwarded by the message as %d, %+v", sent.ID, third.Message)
		}

		// In a forward it is named by its id.
		var node struct {
			Messages []struct{ Content []shownFile }
		}
		sender.ask("send_group_forward_msg", fmt.Sprintf(`{"group_id":%d,"messages":[{"type":"node","data":{"content":[{"type":"file","data":{"file_id":%q}}]}}]}`, group, known.ID), &sent)
		card := receiver.follow()
		receiver.ask("get_forward_msg", fmt.Sprintf(`{"message_id":%d}`, receiver.gate.ID(card.Chat, card.Sequence)), &node)
		if len(node.Messages) != 1 || len(node.Messages[0].Content) != 1 || node.Messages[0].Content[0].Data.ID != known.ID || node.Messages[0].Content[0].Data.File != "b.txt" {
			t.Errorf("the forward has %+v", node.Messages)
		}

		for name, tt := range map[string]struct {
			params string
			code   int
			word   string
		}{
			"not alone":       {fmt.Sprintf(`{"group_id":%d,"message":[{"type":"text","data":{"text":"x"}},{"type":"file","data":%s}]}`, group, file), onebot.RetBadParams, "alone"},
			"without a name":  {fmt.Sprintf(`{"group_id":%d,"message":[{"type":"file","data":{"file":"base64://YQ=="}}]}`, group), onebot.RetBadParams, "name"},
			"unknown file":    {fmt.Sprintf(`{"group_id":%d,"message":[{"type":"file","data":{"file_id":"/no"}}]}`, group), onebot.RetFailed, ""},
			"nothing":         {fmt.Sprintf(`{"group_id":%d,"message":[{"type":"file","data":{}}]}`, group), onebot.RetBadParams, "file"},
			"within a node":   {fmt.Sprintf(`{"group_id":%d,"message":[{"type":"node","data":{"content":[{"type":"file","data":%s}]}}]}`, group, file), onebot.RetBadParams, "file_id"},
			"of another chat": {fmt.Sprintf(`{"user_id":%d,"message":[{"type":"file","data":{"file_id":"/no"}}]}`, to.Self().UIN), onebot.RetFailed, ""},
		} {
			r := sender.calls(sender.Dialect)("send_msg", tt.params)
			if answer := string(r.AppendJSON(nil)); r.RetCode != tt.code || !strings.Contains(answer, tt.word) {
				t.Errorf("%s: %s, want %d", name, answer, tt.code)
			}
		}
		if got := eventsOf[*event.Message](from); got[len(got)-1].Sequence == 0 {
			t.Error("the last message has no number")
		}
		if _, err := from.Messages().SendTemp(t.Context(), group, carol, message.Content{message.File(nil, "x")}); err == nil || !strings.Contains(err.Error(), ntqq.ErrTempContent.Error()) {
			t.Errorf("to a temporary chat: %v", err)
		}
	})
}
