package onebot

import (
	"os"
	"strings"
	"testing"

	"libration/gateway/table"
)

// TestDifferences: the pages of differences name all that depends on the flavour, and
// nothing that is no event and no field.
func TestDifferences(t *testing.T) {
	named := map[string]bool{}
	var look func(t *table.Type)
	look = func(t *table.Type) {
		for _, f := range t.Fields {
			if f.Variant != "" {
				named[f.Name()] = true
			}
			look(f.Type)
		}
	}
	for _, d := range describedEvents() {
		if d.of() != 0 {
			named[d.kind[strings.LastIndex(d.kind, "/")+1:]] = true
		}
		look(object(d.fields...))
	}
	for page, heading := range map[string]string{"onebot-differences.md": "## Flavours", "onebot-differences.zh-CN.md": "## flavour"} {
		text, err := os.ReadFile("../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		_, section, found := strings.Cut(string(text), heading)
		if !found {
			t.Fatalf("%s has no %s", page, heading)
		}
		for name := range named {
			if !strings.Contains(section, "`"+name+"`") {
				t.Errorf("%s does not say that %s depends on the flavour", page, name)
			}
		}
		for i, word := range strings.Split(section, "`") {
			if known := map[string]bool{"onebot.flavour": true, "both": true, "lagrange": true, "napcat": true, "notify": true}; i%2 == 1 && !known[word] && !named[word] {
				t.Errorf("%s says that %s depends on the flavour", page, word)
			}
		}
	}
}
