package main

import (
	"fmt"
	"slices"
	"strings"
)

// platform is one that people get an archive for.
type platform struct {
	os, arch string
	// environment is what the compiler is told besides.
	environment []string
}

// platforms are all of them. armv7 is that of boards with 32 bits and a floating point
// unit, which Debian calls armhf.
var platforms = []platform{
	{"linux", "amd64", nil},
	{"linux", "arm64", nil},
	{"linux", "armv7", []string{"GOARCH=arm", "GOARM=7"}},
	{"darwin", "amd64", nil},
	{"darwin", "arm64", nil},
	{"windows", "amd64", nil},
	{"windows", "arm64", nil},
}

func (p platform) String() string { return p.os + "/" + p.arch }

// variables are for the go command.
func (p platform) variables() []string {
	return append([]string{"CGO_ENABLED=0", "GOOS=" + p.os, "GOARCH=" + p.arch, "GOFLAGS=-buildvcs=false", "GOAMD64=v1"}, p.environment...)
}

// program is the name of the program's file.
func (p platform) program() string {
	if p.os == "windows" {
		return "libration.exe"
	}
	return "libration"
}

func (p platform) suffix() string {
	if p.os == "windows" {
		return ".zip"
	}
	return ".tar.gz"
}

// choose returns the platforms of a list with commas; all for an empty one.
func choose(list string) ([]platform, error) {
	if list == "" {
		return platforms, nil
	}
	var chosen []platform
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(platforms, func(p platform) bool { return p.String() == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("-only: no platform %q, there are %v", name, platforms)
		}
		chosen = append(chosen, platforms[i])
	}
	return chosen, nil
}
