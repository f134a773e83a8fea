package rpc

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// notOffered are operations about people and groups that docs/protocol/operations.md
// describes and that are no rows, with the reason.
var notOffered = map[string]string{
	"0xcd4_1":  "the account does not say that it types",
	"0x9078_1": "known from an Android client only; its answer is not",
	"0x929d_0": "voices of the service's AI",
	"0x929c_0": "voices of the service's AI",
	"0x929b_0": "voices of the service's AI",
	"0x907d_1": "official robots of a group",
	"0x112e_1": "buttons of official robots",
	"0xdc2_34": "link cards: one capture of an Android client; the answer is not known",
	"0x90ee_1": "chains of one face in a group",
}

// TestSpecifiedOperations finds operations about friends, groups, their members and files
// that are forgotten: neither a row nor left out for a reason.
func TestSpecifiedOperations(t *testing.T) {
	text, err := os.ReadFile("../../docs/protocol/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text2, _ := strings.Cut(string(text), "\n### 3.2 ")
	sections, _, found := strings.Cut(text2, "\n### 3.7 ")
	if !found {
		t.Fatal("operations.md has no sections 3.2 to 3.6")
	}
	rows := map[string]bool{}
	for _, op := range All() {
		rows[op.Name[strings.LastIndex(op.Name, ".")+1:]] = true
	}
	named := regexp.MustCompile(`0x([0-9a-f]+)_(\d+)((?: / (?:filtered )?_\d+)*)`)
	seen := 0
	for line := range strings.Lines(sections) {
		columns := strings.Split(line, "|")
		if len(columns) < 4 {
			continue
		}
		for _, m := range named.FindAllStringSubmatch(columns[2], -1) {
			subs := append([]string{m[2]}, regexp.MustCompile(`\d+`).FindAllString(m[3], -1)...)
			for _, sub := range subs {
				seen++
				name := fmt.Sprintf("0x%s_%s", m[1], sub)
				if rows[name] == (notOffered[name] != "") {
					t.Errorf("%s, %s: a row %t, left out because of %q", strings.TrimSpace(columns[1]), name, rows[name], notOffered[name])
				}
			}
		}
	}
	if seen < 64 {
		t.Errorf("%d operations were found in operations.md; want more", seen)
	}
}
