package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// version is what is released.
type version struct {
	Name     string // without v, such as 0.1.0
	Revision string
	Time     time.Time // all files have it
}

// base is the version that is worked on before the first tag.
const base = "0.1.0"

// tagged is what a tag of a version looks like.
var tagged = regexp.MustCompile(`^v(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?$`)

// versionOf looks at the clone in a folder. A commit without a tag of its own is
// something before the next version, of which later commits are newer. SOURCE_DATE_EPOCH
// goes over the commit's time.
func versionOf(ctx context.Context, folder string) (version, error) {
	git := func(args ...string) string {
		out, err := output(ctx, folder, nil, "git", args...)
		if err != nil {
			return ""
		}
		return out
	}
	v := version{Revision: git("rev-parse", "HEAD")}
	if v.Revision == "" {
		return v, fmt.Errorf("%s is no clone of the repository: the version comes from git", folder)
	}
	seconds, err := strconv.ParseInt(git("log", "-1", "--format=%ct"), 10, 64)
	if err != nil {
		return v, fmt.Errorf("time of the commit: %w", err)
	}
	committed := time.Unix(seconds, 0).UTC()
	v.Time = committed
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		if seconds, err = strconv.ParseInt(epoch, 10, 64); err != nil {
			return v, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
		}
		v.Time = time.Unix(seconds, 0).UTC()
	}
	changed := git("status", "--porcelain") != ""
	v.Name = nameOf(strings.Fields(git("tag", "--points-at", "HEAD", "--sort=-v:refname")),
		git("tag", "--merged", "HEAD", "--sort=-v:refname"), committed, v.Revision, changed)
	if changed {
		v.Revision += "-changed"
		fmt.Fprintln(os.Stderr, "release: files differ from the commit: the version says so, and nobody else can build the same")
	}
	return v, nil
}

// nameOf names a version by the tags of its commit, and of those before it, newest first.
func nameOf(own []string, earlier string, committed time.Time, revision string, changed bool) string {
	if !changed {
		for _, tag := range own {
			if tagged.MatchString(tag) {
				return tag[1:]
			}
		}
	}
	next := base
	for tag := range strings.FieldsSeq(earlier) {
		m := tagged.FindStringSubmatch(tag)
		if m == nil {
			continue
		}
		patch, err := strconv.Atoi(m[3])
		if err != nil {
			continue
		}
		if m[4] == "" {
			patch++ // after a version; before one it is still the same
		}
		next = fmt.Sprintf("%s.%s.%d", m[1], m[2], patch)
		break
	}
	name := fmt.Sprintf("%s-dev.%s+%.12s", next, committed.Format("20060102150405"), revision)
	if changed {
		name += ".changed"
	}
	return name
}
