package silk

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"libration/internal/vectors"
)

// Voices of other implementations are as long as these say.
func TestVectors(t *testing.T) {
	t.Parallel()
	found := 0
	for _, v := range vectors.Read[struct {
		Call string
		Args struct {
			Duration int
			File     json.RawMessage
		}
	}](t, "media.json") {
		var file struct{ Bytes string }
		if err := json.Unmarshal(v.Args.File, &file); err != nil || file.Bytes == "" {
			continue // a file of which only the hashes are known, or none
		}
		voice, err := hex.DecodeString(file.Bytes)
		if err != nil || !bytes.HasPrefix(voice, []byte("\x02"+magic)) {
			continue
		}
		found++
		if d, err := Duration(bytes.NewReader(voice)); err != nil || d != time.Duration(v.Args.Duration)*time.Second {
			t.Errorf("%s: got %v, error %v; want %d s", v.Call, d, err, v.Args.Duration)
		}
		var same bytes.Buffer
		if _, err := Rewrite(bytes.NewReader(voice), &same); err != nil || !bytes.Equal(same.Bytes(), voice) {
			t.Errorf("%s: rewritten it is another voice, error %v", v.Call, err)
		}
	}
	if found == 0 {
		t.Skip("no vector has a voice")
	}
}
