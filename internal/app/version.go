package app

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// What the linker sets in releases (tools/release); elsewhere they are empty.
var stampVersion, stampRevision, stampTime string

// Version of the program: that of the release, or the module's version when it was
// installed as one, else "dev", with the revision when it is known.
func Version() string {
	if stampVersion != "" {
		return stampVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	return versionOf(info)
}

// VersionDetails is one line for people: version, revision, Go, platform.
func VersionDetails() string {
	line := "libration " + Version()
	if stampRevision != "" {
		line += fmt.Sprintf(" (revision %s, %s)", stampRevision, stampTime)
	} else if info, ok := debug.ReadBuildInfo(); ok {
		if revision, when := revisionOf(info); revision != "" {
			line += fmt.Sprintf(" (revision %s, %s)", revision, when)
		}
	}
	return fmt.Sprintf("%s, %s, %s/%s", line, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func versionOf(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision, _ := revisionOf(info)
	if revision == "" {
		return "dev"
	}
	return "dev-" + revision[:min(len(revision), 12)]
}

// revisionOf returns the revision, marked when files had been changed, and its
// time; "" when the build did not record them.
func revisionOf(info *debug.BuildInfo) (revision, when string) {
	changed := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.time":
			when = s.Value
		case "vcs.modified":
			changed = s.Value == "true"
		}
	}
	if revision != "" && changed {
		revision += "-changed"
	}
	return revision, when
}
