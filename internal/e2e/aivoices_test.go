package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// TestAIVoices: a voice of the service reads a text, which the group hears.
func TestAIVoices(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := speakers(t)
		var sorts []struct {
			Characters []struct {
				ID string `json:"character_id"`
			}
		}
		if err := json.Unmarshal([]byte(b.data("get_ai_characters", `{}`)), &sorts); err != nil || len(sorts) == 0 || len(sorts[0].Characters) == 0 {
			t.Fatalf("the voices are %+v, %v", sorts, err)
		}
		voice := sorts[0].Characters[0].ID
		songs := b.data("get_ai_characters", `{"group_id":%d,"chat_type":2}`, group)
		if strings.Contains(songs, voice) || !strings.Contains(songs, "character_id") {
			t.Errorf("who sings: %s", songs)
		}

		began := time.Now()
		sent := b.data("send_group_ai_record", `{"character":%q,"group_id":%d,"text":"hi 你好"}`, voice, group)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v: the service was not asked once a second", took)
		}
		heard := eventsOf[*event.Message](a.account)
		if len(heard) != 1 || heard[0].Sender.UIN != bot {
			t.Fatalf("Alice has %+v", heard)
		}
		record, ok := heard[0].Content[0].(*message.RecordSegment)
		if !ok || record.Seconds != 1 {
			t.Fatalf("she has %+v", heard[0].Content[0])
		}
		var silk bytes.Buffer
		if err := a.Media().Download(t.Context(), record, &silk); err != nil || !strings.HasPrefix(silk.String(), "\x02#!SILK_V3") {
			t.Errorf("she hears %.20q, %v", silk.String(), err)
		}
		var own struct {
			ID int32 `json:"message_id"`
		}
		if err := json.Unmarshal([]byte(sent), &own); err != nil || own.ID == 0 {
			t.Fatalf("the message is %s, %v", sent, err)
		}
		if got := b.data("get_msg", `{"message_id":%d}`, own.ID); !strings.Contains(got, fmt.Sprintf(`"message_seq":%d`, heard[0].Sequence)) {
			t.Errorf("the message of the id is %s", got)
		}

		address := b.data("get_ai_record", `{"character":%q,"group_id":%d,"text":"once more"}`, voice, group)
		if !strings.HasPrefix(address, `"http`) || !strings.Contains(address, "fileid=") {
			t.Errorf("the address is %s", address)
		}
		if heard = eventsOf[*event.Message](a.account); len(heard) != 2 {
			t.Errorf("the group heard %d voices, want 2", len(heard))
		}

		b.fails("send_group_ai_record", fmt.Sprintf(`{"character":"nobody","group_id":%d,"text":"x"}`, group), "API_ERROR", "no such voice")
		b.fails("send_group_ai_record", fmt.Sprintf(`{"character":%q,"group_id":%d,"text":""}`, voice, group), "API_ERROR", "cannot be read")
		b.fails("get_ai_record", fmt.Sprintf(`{"character":%q,"group_id":9,"text":"x"}`, voice), "GROUP_NOT_FOUND", "")
		b.fails("get_ai_characters", `{"chat_type":3}`, "BAD_PARAMS", "chat_type")
	})
}
