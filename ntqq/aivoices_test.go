package ntqq

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
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

// TestAIVoiceSlow: slow answers make the wait no longer.
func TestAIVoiceSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mux rpc.Mux[struct{}]
		rpc.Handle(&mux, rpc.AISpeak, func(struct{}, *oidbpb.AiRecordReq) (*oidbpb.AiRecordResp, error) {
			time.Sleep(5 * time.Second)
			return &oidbpb.AiRecordResp{State: 2}, nil
		})
		service := sessiontest.New(t)
		service.Answer = func(command string, payload []byte) ([]byte, error) { return mux.Serve(struct{}{}, command, payload) }
		c := start(t, service, Options{})
		if _, err := c.Wait(t.Context(), State.Online); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err := c.AIVoices().Send(t.Context(), 1, "x", "hi", AISpeech)
		if took := time.Since(began); !errors.Is(err, ErrTimeout) || took > 36*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	})
}
