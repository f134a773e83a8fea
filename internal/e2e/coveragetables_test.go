package e2e

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"libration/internal/spec"
	"libration/ntqq/event"
	"libration/onebot"
)

// The tables of docs/coverage.md behind those of operations.

// webTable writes the operations of web pages.
func (r *record) webTable(b *strings.Builder, c *chooser) {
	b.WriteString("\n## Web pages\n\n| | operation | client | OneBot | test | refused |\n|---|---|---|---|---|---|\n")
	for _, page := range r.known.pages {
		fmt.Fprintf(b, "| %s | %s%s | ", page.Number, page.What, doubt(page.Unconfirmed))
		client := c.pick(page.Number, 2, ofPage(r.methods, page), 2)
		if reason := r.known.notOffered[page.Number]; reason != "" {
			client = "*not offered*: " + reason // the sandbox may have it for other clients
		}
		fmt.Fprintf(b, "%s | %s | %s | %s |\n", client, c.pick(page.Number, 3, ofPage(r.actions, page), 3),
			c.pick(page.Number, 4, ofPage(r.answered, page), 1), c.pick(page.Number, 5, ofPage(r.refused, page), 1))
	}
}

// ofPage are the names that have to do with a page, which the logs name "web" with its path.
func ofPage(of map[string]nameSet, page spec.Page) nameSet {
	all := nameSet{}
	for what, names := range of {
		if path, ok := strings.CutPrefix(what, "web "); ok && slices.ContainsFunc(page.Paths, func(p string) bool {
			p = strings.TrimSuffix(p, "/")
			return path == p || strings.HasPrefix(path, p+"/")
		}) {
			maps.Copy(all, names)
		}
	}
	return all
}

// forgotten finds pages of the spec that are neither seen nor left out for a reason. Those of
// operations are found in internal/rpc.
func (r *record) forgotten() error {
	var all []error
	for _, page := range r.known.pages {
		if r.known.notOffered[page.Number] == "" && len(ofPage(r.answered, page)) == 0 {
			all = append(all, fmt.Errorf("%s, %s: no test asks for it, and not_offered.txt has no reason", page.Number, page.What))
		}
	}
	return errors.Join(all...)
}

// uploadTable writes the commands of the highway.
func (r *record) uploadTable(b *strings.Builder, c *chooser) {
	b.WriteString("\n## Uploads by the highway\n\n| command | brings | test | refused |\n|---|---|---|---|\n")
	for _, u := range r.known.uploads {
		test := c.pick(u[0], 2, r.answered[u[0]], 1)
		if reason := r.known.notOffered[u[0]]; reason != "" {
			test = "*not offered*: " + reason
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", u[0], u[1], test, c.pick(u[0], 3, r.refused[u[0]], 1))
	}
}

// eventTable writes the events.
func (r *record) eventTable(b *strings.Builder, c *chooser) {
	b.WriteString("\n## Events\n\n| event | pushes | OneBot | vectors | test |\n|---|---|---|---|---|\n")
	for _, e := range event.All() {
		of, name := r.known.events[e.Name()], "`"+e.Name()+"`"
		kinds, reason := onebot.Told(e.Name())
		for i, kind := range kinds {
			kinds[i] = "`" + kind + "`"
		}
		fmt.Fprintf(b, "| %s | %s%s | %s | %s | %s |\n", name, of.Source, doubt(of.Unconfirmed), cmp.Or(strings.Join(kinds, ", "), "*none*: "+reason),
			number(r.known.vectors[e.Name()]), c.pick(name, 4, r.told[e.Name()], 1))
	}
}

// vectorTable writes who reads the files of vectors; a test of internal/vectors finds cases
// that nobody reads.
func (r *record) vectorTable(b *strings.Builder) {
	b.WriteString("\n## Vectors\n\nEvery case of every file is checked by one of these tests; `internal/vectors` has the rows, and the test that finds a case without one.\n\n" +
		"| file | cases | tests |\n|---|---|---|\n")
	for _, f := range r.known.files {
		var by []string
		for _, reader := range f.By {
			test := cmp.Or(reader.Skip, "`"+reader.Test+"`")
			by = append(by, fmt.Sprintf("%s: %d", test, reader.Cases))
		}
		fmt.Fprintf(b, "| %s | %d | %s |\n", f.File, f.Cases, strings.Join(by, ", "))
	}
}
