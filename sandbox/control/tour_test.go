package control

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of the tour into the guides")

// tourTable is what the guides show of the tour.
func tourTable() string {
	var b strings.Builder
	for i, s := range tourSteps() {
		request, events := "`"+s.request+"`", ""
		if s.body != "" {
			request += " `" + s.body + "`"
		}
		if s.keep != "" {
			request += " → `" + s.keep + "` = `" + s.member + "`"
		}
		if len(s.events) > 0 {
			events = "`" + strings.Join(s.events, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| %d | %s | %s |\n", i+1, request, events)
	}
	return b.String()
}

// TestTourDocs keeps the table of the tour in the guides; with -update it writes it.
func TestTourDocs(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- tour: go test ./sandbox/control -run TestTourDocs -update -->\n", "<!-- end of tour -->"
	for name, head := range map[string]string{
		"../../docs/sandbox.md":       "| | request | events of the client |\n|---|---|---|\n",
		"../../docs/sandbox.zh-CN.md": "| | 请求 | 客户端的事件 |\n|---|---|---|\n",
	} {
		text, err := os.ReadFile(name)
		must(t, err)
		before, rest, found := strings.Cut(string(text), begin)
		_, after, ended := strings.Cut(rest, end)
		if !found || !ended {
			t.Fatalf("%s has no place for the tour", name)
		}
		want := before + begin + head + tourTable() + end + after
		if *update {
			must(t, os.WriteFile(name, []byte(want), 0o600))
		} else if want != string(text) {
			t.Errorf("%s has another tour: go test ./sandbox/control -run TestTourDocs -update", name)
		}
	}
}

func TestTourRefusals(t *testing.T) {
	t.Parallel()
	_, _, h := testControl(t)
	for body, want := range map[string]string{
		`{"for": 1}`:                     "no user 1",
		`{"for": 10001, "pause": "x"}`:   "no duration",
		`{"for": 10001, "pause": "-1s"}`: "no duration",
		`{"for": 10001, "pause": "2m"}`:  "no duration",
		`{"account": 10001}`:             "unknown field",
	} {
		if status, answer := do(h, "POST", "/api/tour", body); status < 400 || !strings.Contains(answer, want) {
			t.Errorf("%s: got %d %s, want %q", body, status, answer, want)
		}
	}
}

// TestTourBodies shows what was done: with the numbers, and the names of the media.
func TestTourBodies(t *testing.T) {
	t.Parallel()
	_, _, h := testControl(t)
	status, text := do(h, "POST", "/api/tour", `{"for": 10001}`)
	var answer struct{ Steps []stepView }
	if err := json.Unmarshal([]byte(text), &answer); err != nil || status != 200 {
		t.Fatalf("%d %s: %v", status, text, err)
	}
	if got, want := len(answer.Steps), len(tourSteps()); got != want {
		t.Fatalf("got %d steps, want %d", got, want)
	}
	for _, s := range answer.Steps {
		if s.Error != "" || strings.Contains(s.Request, "$") || len(s.Body) > 500 {
			t.Errorf("got %+v, %s", s, s.Body)
		}
	}
	if !strings.Contains(text, `"base64":"$voice"`) || !strings.Contains(text, `{"nickname":"Amy"}`) {
		t.Error(text)
	}
}
