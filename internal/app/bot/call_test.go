package bot

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestPrintFrames: an action may answer in several frames; the last one says how it ended.
func TestPrintFrames(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]struct {
		printed string
		err     string
	}{
		`{"status":"ok","data":1}`:                                   {"{\n  \"status\": \"ok\",\n  \"data\": 1\n}\n", ""},
		"{\"status\":\"ok\"}\r\n\r\n{\"status\":\"failed\"}\r\n\r\n": {"{\n  \"status\": \"ok\"\n}\n{\n  \"status\": \"failed\"\n}\n", ErrFailed.Error()},
		"{\"status\":\"ok\"}\r\n\r\n{\"sta":                          {"", "is this the HTTP port?"},
		"{\"status\":\"ok\"}{}":                                      {"", "is this the HTTP port?"},
		"":                                                           {"", "is this the HTTP port?"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(answer))
		}))
		var out strings.Builder
		err := PrintCall(t.Context(), &out, Target{URL: server.URL}, "test_download_stream", nil)
		server.Close()
		if out.String() != want.printed || (err == nil) != (want.err == "") || err != nil && !strings.Contains(err.Error(), want.err) {
			t.Errorf("%q: got %q, %v", answer, out.String(), err)
		}
		if want.printed != "" && err != nil && !errors.Is(err, ErrFailed) {
			t.Errorf("%q: got %v", answer, err)
		}
	}
}
