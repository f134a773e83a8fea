package control

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// hostileValues are what fields of bodies are given, right or wrong.
var hostileValues = func() []string {
	list := []string{
		"0", "1", "2", "-1", "1.5", "1e400", "20", "4294967295", "4294967296", "18446744073709551615", "18446744073709551616",
		"10001", "20001", "20002", "20003", "730000001", "730000002", "true", "false", "null", "[]", "{}", `""`, `"76"`, `"128516"`,
		`"set"`, `"finish"`, `"cancel"`, `"accept"`, `"refuse"`, `"ignore"`, `"free"`, `"ask"`, `"question"`, `"closed"`, `"talkative"`,
		`"done"`, `"refused"`, `"cancelled"`, `"hello"`, `"\u0000"`, `"\ud800"`, `"<{\"cmd\":5}>"`, "\"\xff\"", "[[[[1]]]]",
	}
	return append(list, `"`+strings.Repeat("x", 10000)+`"`, `"`+strings.Repeat("👍", 100)+`"`)
}()

// TestHostileRequests: whatever is asked, in whatever order, is done or refused, and what is
// shown afterwards is right JSON.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	fields := strings.Fields("a b as by to from user uin peer target group groups sequence code on text filtered accept verdict reason times " +
		"nickname sign name mute_all owner join question answer admin card title mute_seconds do action suffix tips honor sender style " +
		"image folder end size for uins members count card block password max member_max")
	// These wait for others, or are not about people and groups.
	skipped := map[string]bool{eventsPattern: true, "POST /api/load": true, "POST /api/tour": true, "POST " + uploadPath: true}
	w, _, h := testControl(t)
	all := routes(w, nil)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	pick := func(list []string) string { return list[random.IntN(len(list))] }
	statuses, unknown := map[int]int{}, map[string]bool{}
	for range 20000 {
		pattern := all[random.IntN(len(all))].pattern
		method, path, ok := strings.Cut(pattern, " ")
		if !ok || skipped[pattern] || strings.Contains(path, "qr") || strings.Contains(path, "fault") || method == http.MethodDelete && random.IntN(8) != 0 {
			continue
		}
		var body strings.Builder
		body.WriteString("{")
		for range random.IntN(6) {
			if field := pick(fields); !unknown[pattern+field] {
				if body.Len() > 1 {
					body.WriteString(",")
				}
				body.WriteString(`"` + field + `":` + pick(hostileValues))
			}
		}
		body.WriteString("}")
		for strings.Contains(path, "{") {
			before, rest, _ := strings.Cut(path, "{")
			_, after, _ := strings.Cut(rest, "}")
			path = before + pick([]string{"0", "730000001", "730000002", "10001", "20001", "20002", "x", "18446744073709551615"}) + after
		}
		if method == http.MethodGet || method == http.MethodDelete {
			path += "?user=" + pick([]string{"", "0", "20001", "10001", "-1"}) + "&by=" + pick([]string{"", "0", "20001", "x"}) + "&group=730000001"
		}
		status, answer := do(h, method, path, body.String())
		statuses[status/100]++
		if _, field, ok := strings.Cut(answer, `unknown field \"`); ok { // not asked for again
			field, _, _ = strings.Cut(field, `\`)
			unknown[pattern+field] = true
		}
		if status >= 500 || !json.Valid([]byte(answer)) && strings.HasPrefix(path, "/api/") || !utf8.ValidString(answer) {
			t.Fatalf("seed %d: %s %s %.300q: got %d %.500q", seed, method, path, body.String(), status, answer)
		}
	}
	if statuses[2] < 100 || statuses[4] < 100 {
		t.Errorf("answers by their kind: %v", statuses)
	}
	if status, answer := do(h, "GET", "/api/state", ""); status != 200 || !json.Valid([]byte(answer)) {
		t.Errorf("seed %d: the state is %d %.500q", seed, status, answer)
	}
}
