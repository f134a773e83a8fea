package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/gateway/table"
	"libration/onebot"
)

const (
	exampleScript = "testdata/examples.txt"
	exampleFile   = "../../onebot/examples.json"
)

// TestExamples runs each action against the sandbox, by HTTP and by WebSocket: what it
// answers is what its row describes, the same in both, and what the guides show.
func TestExamples(t *testing.T) {
	script, err := os.ReadFile(exampleScript)
	if err != nil {
		t.Fatal(err)
	}
	var made [2][]table.Example
	for i, by := range []string{"http", "websocket"} {
		t.Run(by, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlay(t, by == "websocket")
				for n, line := range strings.Split(string(script), "\n") {
					p.at = fmt.Sprintf("%s:%d: %.150s", exampleScript, n+1, line)
					p.line(line)
				}
				made[i] = p.made
			})
		})
	}
	if t.Failed() {
		return
	}
	if diff := cmp.Diff(shown(ofBoth(made[0])), shown(ofBoth(made[1]))); diff != "" {
		t.Errorf("by HTTP -, by WebSocket +: %s", diff)
	}
	for _, name := range onebot.Table().Names() {
		row := onebot.Table().Find(name)
		if row.Name == name && !slices.ContainsFunc(made[0], func(e table.Example) bool { return e.Action == name }) {
			t.Errorf("%s has no example: add a line %q, with what it needs before it, to internal/e2e/%s", name, name+" {...}", exampleScript)
		}
	}
	slices.SortFunc(made[0], func(a, b table.Example) int { return strings.Compare(a.Action, b.Action) })
	var file bytes.Buffer
	file.WriteString("[\n" + strings.Join(shown(made[0]), ",\n") + "\n]\n")
	if *update && !t.Failed() {
		if err := os.WriteFile(exampleFile, file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(kept), "\n"), strings.Split(file.String(), "\n")); diff != "" {
		t.Errorf("%s is out of date: run go test ./internal/e2e -run TestExamples -update, then go generate ./onebot. Kept -, made now +: %s", exampleFile, diff)
	}
}

// onlyByHTTP are the actions that fail by WebSocket.
var onlyByHTTP = []string{"get_updates"}

// ofBoth returns those of actions that work by HTTP and WebSocket.
func ofBoth(examples []table.Example) []table.Example {
	return slices.DeleteFunc(slices.Clone(examples), func(e table.Example) bool { return slices.Contains(onlyByHTTP, e.Action) })
}

// shown are examples as they are kept, a line each.
func shown(examples []table.Example) (lines []string) {
	for _, e := range examples {
		var line bytes.Buffer
		encoder := json.NewEncoder(&line)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(e) // of JSON that was read
		lines = append(lines, strings.TrimSpace(line.String()))
	}
	return lines
}

// unsteady is what differs from run to run, and what the examples have instead.
var unsteady = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`"(packet_received|packet_sent)":\d+`), `"$1":120`},
	{regexp.MustCompile(`"app_id":\d+,"device_name":"Libration-\w+"`), `"app_id":2073625719,"device_name":"Libration-099B"`},
	{regexp.MustCompile(`\bfileid=[\w-]+`), "fileid=EhTV_OtlMmQ9DYT_4JxAxIHs31nhWhgq"},
	{regexp.MustCompile(`\bftn_handler/[\da-f]+`), "ftn_handler/d5fceb6532643d0d84ffe09c40c481ecdf59e15a"},
	{regexp.MustCompile(`"file_id":"[\da-f]{32}"`), `"file_id":"f42dce57266c658f54878bc6176c93a8"`},
	{regexp.MustCompile(`"file_hash":"[\da-f]+"`), `"file_hash":"0ee11516dfa80b2c"`},
	{regexp.MustCompile(`\bupload://\w+`), "upload://havtdo2rba73k5vcximqdw5rwu"},
	{regexp.MustCompile(`\bp_skey=\S+; skey=[^;]+`), "p_skey=iWctdrGuY6n0aD5DRPNX1De; skey=@Cm52Ikv46"},
	{regexp.MustCompile(`"(token|csrf_token)":\d+`), `"$1":918652976`},
	{regexp.MustCompile(`"bkn":"\d+"`), `"bkn":"918652976"`},
	{regexp.MustCompile(`"clientkey":"[\w-]+"`), `"clientkey":"ROZNxcUj6_taieQ8JTrnUJHQ"`},
	{regexp.MustCompile(`"sequence":\d+`), `"sequence":6314034`},
	{regexp.MustCompile(`\brkey=[\w-]+`), "rkey=AAAFf2lV8XTQ1I6OHk96"},
	{regexp.MustCompile(regexp.QuoteMeta(runtime.GOOS + "_" + runtime.GOARCH)), "linux_amd64"},
	{regexp.MustCompile(`"runtime_os":"` + runtime.GOOS + `"`), `"runtime_os":"linux"`},
	{regexp.MustCompile(regexp.QuoteMeta(`"` + runtime.Version() + `"`)), `"go1.26.0"`},
}

// most are how many items of a list, and characters of a text, an example keeps.
const mostItems, mostText = 3, 300

// steady is JSON without what differs from run to run, and with the beginnings of long lists
// and texts only.
func (p *play) steady(raw json.RawMessage) json.RawMessage {
	text := strings.ReplaceAll(string(raw), p.data, "/home/me/data")
	for _, u := range unsteady {
		text = u.pattern.ReplaceAllString(text, u.instead)
	}
	return clipped(json.RawMessage(text))
}
