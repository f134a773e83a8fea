package ntqq

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// TestAIVoiceLate: a voice that is never made is waited for, and not for ever.
func TestAIVoiceLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits, err := rpc.AISpeak.EncodeResponse(&oidbpb.AiRecordResp{State: 2})
		if err != nil {
			t.Fatal(err)
		}
		c := online(t, Options{}, map[string][]byte{rpc.AISpeak.Name: waits})
		began := time.Now()
		_, err = c.AIVoices().Send(t.Context(), 1, "x", "hi", AISpeech)
		if took := time.Since(began); !errors.Is(err, ErrTimeout) || took != (aiTries-1)*aiPause {
			t.Errorf("after %v: %v", took, err)
		}
	})
}
