package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestLicencesOfModules: the page that is handed on with the program names every module of
// go.mod, and no other.
func TestLicencesOfModules(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../THIRD-PARTY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, modules, found := strings.Cut(string(page), "The modules in the program:")
	if !found {
		t.Fatal("THIRD-PARTY.md has no list of modules")
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z0-9.]+\\.[a-z]+/[^`]+)`").FindAllStringSubmatch(modules, -1) {
		named[m[1]] = true
	}
	required := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+`).FindAllStringSubmatch(string(mod), -1) {
		required[m[1]] = true
		if !named[m[1]] {
			t.Errorf("THIRD-PARTY.md does not name %s", m[1])
		}
	}
	for m := range named {
		if !required[m] {
			t.Errorf("THIRD-PARTY.md names %s, which go.mod does not need", m)
		}
	}
	if len(required) < 20 {
		t.Errorf("go.mod has %d modules", len(required))
	}
}
