package onebot

import (
	"os"
	"regexp"
	"testing"

	"libration/gateway"
	"libration/ntqq/event"
)

// TestEveryEventHasANotice finds an event type that is neither told nor left out on
// purpose.
func TestEveryEventHasANotice(t *testing.T) {
	doc, err := os.ReadFile("../docs/protocol/onebot11.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, e := range event.All() {
		name := e.Name()
		all[name] = true
		if _, left := ignored[name]; left == (len(noticesOf[name]) > 0) {
			t.Errorf("%s has %d rows in noticeRows, in ignored: %v; want rows, or a reason in ignored", name, len(noticesOf[name]), left)
		}
	}
	for _, e := range []gateway.Happening{&gateway.Online{}, &gateway.Offline{}} {
		all[e.Name()] = true
	}
	for name, why := range ignored {
		if !all[name] || why == "" {
			t.Errorf("%q is ignored and no event, or without a reason: %q", name, why)
		}
	}
	for _, r := range noticeRows() {
		if !all[r.event] {
			t.Errorf("%s is for %q, which is no event", r.kind, r.event)
		}
		if !regexp.MustCompile(`(?m)^#+ ` + regexp.QuoteMeta(r.doc) + ` `).Match(doc) {
			t.Errorf("%s: docs/protocol/onebot11.md has no section %s", r.kind, r.doc)
		}
	}
}
