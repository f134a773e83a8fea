package rpc

import (
	"strings"
	"testing"

	"libration/internal/spec"
)

// TestSpecifiedOperations finds operations of docs/protocol/operations.md 3 that are
// forgotten: neither a row nor in not_offered.txt, which says why they are left out.
func TestSpecifiedOperations(t *testing.T) {
	notOffered := spec.NotOffered(t)
	rows := map[string]bool{}
	for _, op := range All() {
		rows[spec.Short(op.Name)] = true
	}
	specified := map[string]bool{}
	for _, op := range spec.Operations(t) {
		for _, command := range op.Commands {
			name := spec.Short(command)
			specified[name] = true
			if !strings.HasPrefix(name, "highway ") && rows[name] == (notOffered[name] != "") {
				t.Errorf("%s, %s: a row %t, left out because of %q", op.What, name, rows[name], notOffered[name])
			}
		}
	}
	if len(specified) < 100 {
		t.Errorf("%d operations were found in operations.md; want more", len(specified))
	}
	for _, page := range spec.Pages(t) {
		specified[page.Number] = true
	}
	for name := range notOffered {
		if !specified[name] {
			t.Errorf("not_offered.txt: %q is none of operations.md", name)
		}
	}
}
