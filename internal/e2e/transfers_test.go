package e2e

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"libration/internal/admin"
	"libration/sandbox/fault"
)

// TestTransfersOfTheProgram: an upload that hangs shows at the owner's service and can be
// cancelled there; a text is sent meanwhile.
func TestTransfersOfTheProgram(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, err := newProgram(t.TempDir(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.thief.Close(); err != nil { // the port is free
			t.Fatal(err)
		}
		b := &talker{p, t}
		t.Cleanup(func() {
			if err := p.end(); err != nil {
				t.Error(err)
			}
		})
		b.starts(func() {})
		if _, err := p.box.Faults().Add(fault.Fault{Name: fault.UploadSilent}); err != nil {
			t.Fatal(err)
		}
		owner, err := p.AdminAddr(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		next, stop := p.watchTransfers(t, owner.String())
		defer stop()

		failed := make(chan string, 1)
		go func() {
			answer, _, _ := p.call(t.Context(), "send_group_msg", map[string]any{"group_id": group, "message": []map[string]any{{
				"type": "image", "data": map[string]any{"file": "base64://" + base64.StdEncoding.EncodeToString(dot)},
			}}})
			failed <- string(answer)
		}()
		hanging := next(func(t admin.Transfer) bool { return t.Step == "block" })
		if hanging.Direction != "upload" || hanging.Kind != "image" || hanging.Total != uint64(len(dot)) || hanging.Chat == nil || hanging.Chat.ID != uint64(group) {
			t.Errorf("it shows as %+v", hanging)
		}
		began := time.Now()
		b.does("send_group_msg", `{"group_id":730000001,"message":"text"}`)
		if took := time.Since(began); took > time.Second {
			t.Errorf("a text took %v beside an upload that hangs", took)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, "http://"+owner.String()+"/transfers/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := p.client.Do(req)
		if err != nil || resp.StatusCode != http.StatusAccepted {
			t.Fatalf("got %v, %v", resp, err)
		}
		resp.Body.Close()
		next(func(t admin.Transfer) bool { return t.State == admin.TransferCancelled })
		if answer := <-failed; !strings.Contains(answer, `"failed"`) {
			t.Errorf("the bot is answered %s", answer)
		}
		resp, err = p.client.Get("http://" + owner.String() + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if line := `libration_transfers_total{direction="upload",kind="image",result="cancelled"} 1`; err != nil || !strings.Contains(string(metrics), line) {
			t.Errorf("the metrics have no %s, %v", line, err)
		}
	})
}

// watchTransfers returns what waits for the next transfer of some kind.
func (p *program) watchTransfers(t *testing.T, owner string) (next func(func(admin.Transfer) bool) admin.Transfer, stop func()) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+owner+"/transfers", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(resp.Body)
	return func(is func(admin.Transfer) bool) (got admin.Transfer) {
		t.Helper()
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if ok && json.Unmarshal([]byte(data), &got) == nil && is(got) {
				return got
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return got
	}, func() { resp.Body.Close() }
}
