package ntqq

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"libration/internal/vectors"
)

// TestVectorsFileUUID reads file uuids of the real service.
func TestVectorsFileUUID(t *testing.T) {
	kinds := map[uint64]string{ // docs/protocol/media.md 2.4
		1402: "private record", 1403: "group record", 1406: "private image", 1407: "group image", 1413: "private video", 1415: "group video",
	}
	seen := 0
	for _, v := range vectors.Of[struct {
		ID, Kind string
		Body     vectors.Hex
		Expected struct {
			App  uint64 `json:"app_id"`
			SHA1 string `json:"sha1"`
			Size uint64 `json:"size"`
			Time uint64 `json:"time_us"`
			TTL  uint32 `json:"ttl"`
		}
	}](t, "captures.json") {
		seen++
		want, got := v.Expected, readUUID(base64.RawURLEncoding.EncodeToString(v.Body))
		if got.GetAppId() != want.App || hex.EncodeToString(got.GetSha1()) != want.SHA1 || got.GetSize() != want.Size || got.GetTime() != want.Time || got.GetTtl() != want.TTL {
			t.Errorf("%s: got %v, want %+v", v.ID, got, want)
		}
		if kinds[got.GetAppId()] == "" {
			t.Errorf("%s: app %d is of no kind", v.ID, got.GetAppId())
		}
	}
	if seen == 0 {
		t.Error("no capture has a file uuid")
	}
	for _, kind := range []*mediaKind{imageKind, recordKind, videoKind} {
		if kinds[kind.app.private] != "private "+kind.name || kinds[kind.app.group] != "group "+kind.name {
			t.Errorf("%s has the apps %+v", kind.name, kind.app)
		}
	}
	example := readUUID("EhSpmT42RwaBaro-JXF4UMJsnNDYnRgDIP8KKICA-cDBxIIDMgRwcm9kUID1JA") // of the same section
	if example.GetAppId() != 1407 || example.GetSize() != 3 || example.GetTime() != 1700000000e6 || example.GetTtl() != 604800 {
		t.Errorf("got %v", example)
	}
	for _, id := range []string{"", "?", "EhQuuid-jpg", strings.Repeat("A", 2000)} {
		if got := readUUID(id); got.GetAppId() != 0 {
			t.Errorf("%.20s: got %v", id, got)
		}
	}
}
