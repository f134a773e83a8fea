package main

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestNames(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		own     []string
		earlier string
		changed bool
		want    string
	}{
		{nil, "", false, "0.1.0-dev.20260102030405+0123456789ab"},
		{nil, "", true, "0.1.0-dev.20260102030405+0123456789ab.changed"},
		{[]string{"demo", "v0.2.0"}, "v0.2.0", false, "0.2.0"},
		{[]string{"v0.2.0"}, "v0.2.0", true, "0.2.1-dev.20260102030405+0123456789ab.changed"},
		{nil, "v0.2.9\nv0.2.8", false, "0.2.10-dev.20260102030405+0123456789ab"},
		{nil, "x\nv0.3.0-rc.1", false, "0.3.0-dev.20260102030405+0123456789ab"},
		{[]string{"v0.3.0-rc.1"}, "", false, "0.3.0-rc.1"},
	} {
		if got := nameOf(tt.own, tt.earlier, when, "0123456789abcdef", tt.changed); got != tt.want {
			t.Errorf("tags %q, earlier %q, changed %v: got %q, want %q", tt.own, tt.earlier, tt.changed, got, tt.want)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	if got, err := choose(""); err != nil || len(got) != 7 {
		t.Errorf("all: got %v, %v", got, err)
	}
	got, err := choose("linux/armv7, windows/amd64")
	if err != nil || len(got) != 2 || !strings.Contains(strings.Join(got[0].variables(), " "), "GOARM=7") || got[1].program() != "libration.exe" {
		t.Errorf("two: got %v, %v", got, err)
	}
	if _, err := choose("linux/mips"); err == nil || !strings.Contains(err.Error(), "linux/mips") {
		t.Errorf("unknown: got %v", err)
	}
}

// TestContainers: an archive for Linux has all that an image and the compose files need,
// with a script that can be run.
func TestContainers(t *testing.T) {
	t.Parallel()
	tracked, err := output(t.Context(), "../..", nil, "git", "ls-files", "packaging/image", "packaging/compose")
	if err != nil {
		t.Skip(err) // not a clone
	}
	names := strings.Fields(tracked)
	if len(names) < 5 {
		t.Errorf("%d files", len(names))
	}
	for _, p := range platforms {
		copies := copiesFor(p)
		for _, name := range names {
			if to, ok := copies[name]; ok != (p.os == "linux") || ok && to != path.Dir(name) {
				t.Errorf("%s: %s goes to %q", p, name, to)
			}
		}
	}
	tree := t.TempDir()
	script := filepath.Join(tree, "packaging", "image", "build.sh")
	if err := write(script, []byte("#!/bin/sh\n")); err != nil {
		t.Fatal(err)
	}
	all, err := entries(tree)
	if err != nil || all[len(all)-1].mode != 0o755 {
		t.Errorf("the script: %v, %v", all, err)
	}
}

// TestLinkedPages: the pages and pictures that pages of an archive link to are in it, too.
func TestLinkedPages(t *testing.T) {
	t.Parallel()
	shipped, pages := make(map[string]bool), []string(nil)
	for pattern, to := range copiesFor(platforms[0]) {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			name := path.Join(to, filepath.Base(file))
			shipped[name] = true
			if path.Ext(name) == ".md" {
				pages = append(pages, name)
			}
		}
	}
	link := regexp.MustCompile(`\]\(([^)#\s:]+\.(?:md|png|svg))[)#]`)
	checked := 0
	for _, page := range pages {
		b, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(b), -1) {
			checked++
			if to := path.Join(path.Dir(page), m[1]); !shipped[to] && !strings.Contains(to, "ntqq/media/silk") {
				t.Errorf("%s links to %s, which is not in the archive", page, to)
			}
		}
	}
	if checked < 50 {
		t.Errorf("%d links", checked)
	}
}

// TestArchives: the bytes depend on nothing but names, content and the given time.
func TestArchives(t *testing.T) {
	t.Parallel()
	when := time.Unix(1790000000, 0)
	for suffix, pack := range map[string]func(file, tree string, when time.Time) error{".tar.gz": tarball, ".zip": zipped} {
		var packs [][]byte
		for i, mode := range []os.FileMode{0o600, 0o755} {
			folder := t.TempDir()
			tree := filepath.Join(folder, "libration-1")
			for _, name := range []string{"libration", "docs/b", "docs/a"} {
				path := filepath.Join(tree, name)
				if err := write(path, []byte(name)); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(path, time.Now(), time.Unix(int64(i)*1e6, 0)); err != nil {
					t.Fatal(err)
				}
			}
			file := filepath.Join(folder, "x"+suffix)
			if err := pack(file, tree, when); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			packs = append(packs, b)
		}
		if len(packs[0]) < 100 || !bytes.Equal(packs[0], packs[1]) {
			t.Errorf("%s: %d and %d bytes differ", suffix, len(packs[0]), len(packs[1]))
		}
	}
}

func TestLicences(t *testing.T) {
	t.Parallel()
	page := "The modules in the program:\n\n| licence | modules |\n|---|---|\n| MIT | `a.b/c`, `a.b/d` |\n\nOf the modules in `go.mod`"
	if rows := rowsOf(page); rows["a.b/c"] != "MIT" || rows["a.b/d"] != "MIT" || len(rows) != 2 {
		t.Errorf("rows: got %v", rows)
	}
	mit, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		file, text, row, want string
	}{
		"known":         {"LICENSE", string(mit), "MIT", ""},
		"suffix":        {"Licence.txt", string(mit), "MIT", ""},
		"another row":   {"LICENSE", string(mit), "ISC", `says "ISC"`},
		"no row":        {"LICENSE", string(mit), "", `says ""`},
		"none":          {"README", string(mit), "MIT", "no licence"},
		"unknown":       {"LICENSE", "Ask me.", "MIT", "no licence"},
		"not looked at": {"LICENSE", gpl, "MIT", "GPL"},
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, tt.file), []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := judge(folder, "a.b/c", tt.row)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, tt.want)
		}
	}
}

const gpl = "This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version."

// TestLicencesOfPlatforms: each module that is linked on any platform has a licence, and
// the one that THIRD-PARTY.md says.
func TestLicencesOfPlatforms(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../THIRD-PARTY.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range platforms {
		all, err := licences(t.Context(), "../..", string(page), p)
		if err != nil || len(all) < 30 {
			t.Errorf("%s: %d files, %v", p, len(all), err)
		}
	}
}
