package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// accepted are the licences of modules under which the program may be handed on, with
// their names in THIRD-PARTY.md.
var accepted = map[string]string{
	"MIT": "MIT", "BSD-3-Clause": "BSD, 3 clauses", "BSD-2-Clause": "BSD, 2 clauses", "ISC": "ISC",
	"Apache-2.0": "Apache 2.0", "Unlicense": "Unlicense", "Zlib": "zlib",
}

// legal are the names of files that must be handed on.
var legal = regexp.MustCompile(`(?i)^(un)?licen[cs]e|^copying|^notice|^patents`)

// licence is a file to hand on.
type licence struct {
	path string // in the folder licenses
	data []byte
}

// licences returns those of everything that is linked into the program on a platform,
// and of Go. A module without a licence, with an unknown one, or with another one than
// the page says, is an error; page is THIRD-PARTY.md.
func licences(ctx context.Context, root, page string, p platform) ([]licence, error) {
	list, err := output(ctx, root, p.variables(), "go", "list", "-deps", "-f",
		"{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}", "./cmd/libration")
	if err != nil {
		return nil, err
	}
	goRoot, err := output(ctx, root, nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	rows := rowsOf(page)
	found := map[string][]byte{}
	var wrong []error
	seen := map[string]bool{}
	for line := range strings.Lines(list) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 4 {
			continue
		}
		module, version, top, folder := fields[0], fields[1], fields[2], fields[3]
		if err := collect(found, top, folder, module+"@"+version); err != nil {
			return nil, err
		}
		if seen[module] {
			continue
		}
		seen[module] = true
		if err := judge(top, module, rows[module]); err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(seen) == 0 {
		return nil, errors.New("no modules: the program is not looked at as it is built")
	}
	wrong = append(wrong, collect(found, goRoot, goRoot, "go"))
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	var all []licence
	for path, data := range found {
		all = append(all, licence{path, data})
	}
	slices.SortFunc(all, func(a, b licence) int { return strings.Compare(a.path, b.path) })
	return all, nil
}

// collect adds the legal files of a folder, and of those above it up to the top.
func collect(found map[string][]byte, top, folder, name string) error {
	for {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, folder)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || !legal.MatchString(e.Name()) || filepath.Ext(e.Name()) == ".go" {
				continue
			}
			data, err := os.ReadFile(filepath.Join(folder, e.Name()))
			if err != nil {
				return err
			}
			found[filepath.ToSlash(filepath.Join(name, rel, e.Name()))] = data
		}
		if rel == "." {
			return nil
		}
		folder = filepath.Dir(folder)
	}
}

// judge reads the licence of a module, and compares it with its row.
func judge(top, module, row string) error {
	entries, err := os.ReadDir(top)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		if base := strings.ToUpper(strings.TrimSuffix(e.Name(), filepath.Ext(e.Name()))); !e.Type().IsRegular() || base != "LICENSE" && base != "LICENCE" && base != "COPYING" && base != "UNLICENSE" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(top, e.Name()))
		if err != nil {
			return err
		}
		for _, match := range licensecheck.Scan(data).Match {
			name := accepted[match.ID]
			if name == "" && !match.IsURL {
				return fmt.Errorf("%s: its licence is %s, which is not one that was looked at", module, match.ID)
			}
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	switch {
	case len(names) == 0:
		return fmt.Errorf("%s: no licence that is known in %s", module, top)
	case !slices.Contains(names, row):
		return fmt.Errorf("%s: its licence is %s, and THIRD-PARTY.md says %q", module, strings.Join(names, " and "), row)
	}
	return nil
}

// rowsOf reads the table of modules: which licence the page says.
func rowsOf(page string) map[string]string {
	rows := map[string]string{}
	_, table, _ := strings.Cut(page, "The modules in the program:")
	table, _, _ = strings.Cut(table, "Of the modules in `go.mod`")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 {
			continue
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[2], -1) {
			rows[m[1]] = strings.TrimSpace(cells[1])
		}
	}
	return rows
}
