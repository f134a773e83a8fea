package event

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"libration/internal/spec"
)

// TestCatalogue compares the events of docs/protocol/events.md 5.1 with the types: what is
// described is an event, and what is an event is described.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	types, described := handed(t), map[string]bool{"message": true, "unknown_push": true} // 3.1 and 3.3
	for _, e := range spec.Events(t) {
		described[e.Name] = true
		if types[e.Name] == nil {
			t.Errorf("%s is described, and no type", e.Name)
		}
	}
	for name := range types {
		if !described[name] {
			t.Errorf("%s is a type, and not described", name)
		}
	}
	if len(described) < 35 {
		t.Errorf("%d events were found in events.md; want more", len(described))
	}
}

// TestSpecifiedPushes finds pushes of docs/protocol/events.md 9.3 that no test decodes.
func TestSpecifiedPushes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/protocol/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n### 9.3 ")
	table, _, found := strings.Cut(rest, "\n## 10")
	if !found {
		t.Fatal("events.md has no section 9.3")
	}
	decoded := map[string]bool{}
	for _, s := range specification() {
		decoded[s.content] = true
	}
	for _, m := range regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([0-9a-f]+)` \\|$").FindAllStringSubmatch(table, -1) {
		if !decoded[m[2]] && !strings.HasPrefix(m[1], "KickNT") { // TestSpecificationTable has it by itself
			t.Errorf("%s is not in specification()", m[1])
		}
	}
	if len(decoded) < 35 {
		t.Errorf("%d pushes are decoded; want more", len(decoded))
	}
}
