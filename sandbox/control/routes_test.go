package control

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestRouteDocs keeps the guides complete: each request of the API is in both, and each
// kind of segment.
func TestRouteDocs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../docs/sandbox.md", "../../docs/sandbox.zh-CN.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		patterns := []string{eventsPattern, mediaPattern}
		for _, r := range routes(nil, nil) {
			patterns = append(patterns, r.pattern)
		}
		for _, row := range segmentTypes() {
			if !strings.Contains(string(text), "\n| `"+row.name+"` | ") {
				t.Errorf("%s: no row for the segment %s", name, row.name)
			}
		}
		for _, p := range patterns {
			method, path, ok := strings.Cut(strings.Replace(p, "{verdict}", "{scan,approve,reject,expire}", 1), " ")
			if ok && !slices.ContainsFunc(lines, func(line string) bool {
				row, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
				return strings.HasPrefix(line, "| ") && strings.Contains(row, method) && strings.Contains(row, path+"`")
			}) {
				t.Errorf("%s: no row for %s", name, p)
			}
		}
	}
}
