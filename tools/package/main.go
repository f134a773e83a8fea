// Command package makes a deb or an rpm of the tree of a Linux archive. tools/release
// calls it. It is a module of its own, so that what it needs is not ours.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"
)

func main() {
	file, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "package:", err)
		os.Exit(1)
	}
	fmt.Println(file)
}

func run(args []string) (string, error) {
	flags := flag.NewFlagSet("package", flag.ExitOnError)
	format := flags.String("format", "deb", "deb or rpm")
	tree := flags.String("tree", "", "folder with what the archive has")
	packaging := flags.String("packaging", "../../packaging", "folder with what the packages have besides")
	arch := flags.String("arch", "", "amd64, arm64 or armv7")
	version := flags.String("version", "", "version, such as 0.1.0")
	when := flags.String("time", "", "time of all files, as 2006-01-02T15:04:05Z")
	out := flags.String("out", ".", "folder for the package")
	_ = flags.Parse(args)

	mtime, err := time.Parse(time.RFC3339, *when)
	if err != nil {
		return "", fmt.Errorf("-time: %w", err)
	}
	packagers := map[string]nfpm.Packager{"deb": deb.Default, "rpm": rpm.DefaultRPM}
	packager := packagers[*format]
	if packager == nil {
		return "", fmt.Errorf("-format: %q is neither deb nor rpm", *format)
	}
	// Debian wants a changelog of the package; what has changed stands in CHANGELOG.md.
	changelog, err := os.CreateTemp("", "libration-changelog-*.yaml")
	if err != nil {
		return "", err
	}
	defer os.Remove(changelog.Name())
	_, err = fmt.Fprintf(changelog, "- semver: %s\n  date: %s\n  packager: %s\n  deb:\n    urgency: low\n    distributions: [stable]\n  changes:\n    - note: see CHANGELOG.md\n", *version, *when, maintainer)
	if err := errors.Join(err, changelog.Close()); err != nil {
		return "", err
	}
	info, err := describe(*format, *tree, *packaging, *arch, *version, mtime)
	if err != nil {
		return "", err
	}
	if *format == "deb" {
		info.Changelog = changelog.Name()
	}
	info = nfpm.WithDefaults(info)
	if err := nfpm.PrepareForPackager(info, *format); err != nil {
		return "", err
	}
	path := filepath.Join(*out, packager.ConventionalFileName(info))
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	return path, errors.Join(packager.Package(info, f), f.Close())
}

// maintainer has no address: the project has none yet.
const maintainer = "The Libration authors <libration@localhost>"

// debianArch are the names that nfpm knows platforms by.
var debianArch = map[string]string{"amd64": "amd64", "arm64": "arm64", "armv7": "arm7"}

// describe says what is in a package.
func describe(format, tree, packaging, arch, version string, mtime time.Time) (*nfpm.Info, error) {
	name := debianArch[arch]
	if name == "" {
		return nil, fmt.Errorf("-arch: no packages for %q", arch)
	}
	contents, err := contentsOf(format, tree, packaging, mtime)
	if err != nil {
		return nil, err
	}
	info := &nfpm.Info{
		Name: "libration", Arch: name, Platform: "linux", Version: version, Release: "1",
		Section: "net", Priority: "optional", License: "MIT", MTime: mtime,
		Maintainer: maintainer, Vendor: "The Libration authors",
		DisableGlobbing: true,
		Description: "QQ bot service for OneBot v11\n" +
			"Libration logs a QQ account in as a desktop client does, and lets bots in any\n" +
			"language receive and send its messages by OneBot v11: HTTP, WebSocket and\n" +
			"webhook. A simulated service to try and test bots with is part of it.",
		Overridables: nfpm.Overridables{
			Contents: contents,
			Scripts: nfpm.Scripts{
				PostInstall: filepath.Join(packaging, "scripts", "postinstall.sh"),
				PreRemove:   filepath.Join(packaging, "scripts", "preremove.sh"),
				PostRemove:  filepath.Join(packaging, "scripts", "postremove.sh"),
			},
		},
	}
	info.Deb.Compression = "gzip" // xz saves a tenth, and takes minutes
	info.RPM.Compression = "gzip"
	if format == "deb" {
		info.Depends = []string{"passwd"}
		info.Recommends = []string{"systemd"}
		info.Suggests = []string{"ffmpeg"}
	} else {
		info.RPM.BuildHost = "localhost" // not the name of this machine
		info.RPM.Group = "Applications/Internet"
		info.RPM.Summary = "QQ bot service for OneBot v11"
		info.Depends = []string{"/usr/sbin/useradd", "/usr/bin/getent"}
		info.Suggests = []string{"ffmpeg-free"}
	}
	return info, nil
}

// contentsOf places the files of a tree.
func contentsOf(format, tree, packaging string, mtime time.Time) (files.Contents, error) {
	docs, licences := "/usr/share/doc/libration", "/usr/share/doc/libration"
	if format == "rpm" {
		licences = "/usr/share/licenses/libration"
	}
	// A file, or all files of a folder, and where it goes.
	places := []struct{ from, to string }{
		{"libration", "/usr/bin/libration"},
		{"systemd/libration.service", "/usr/lib/systemd/system/libration.service"},
		{"completion/libration", "/usr/share/bash-completion/completions/libration"},
		{"completion/_libration", "/usr/share/zsh/site-functions/_libration"},
		{"completion/libration.fish", "/usr/share/fish/vendor_completions.d/libration.fish"},
		{"LICENSE", map[string]string{"deb": docs + "/copyright", "rpm": licences + "/LICENSE"}[format]},
		{"THIRD-PARTY.md", licences + "/THIRD-PARTY.md"},
		{"licenses", licences + "/licenses"},
		{"README.md", docs + "/README.md"},
		{"README.zh-CN.md", docs + "/README.zh-CN.md"},
		{"CHANGELOG.md", docs + "/CHANGELOG.md"},
		{"CONTRIBUTING.md", docs + "/CONTRIBUTING.md"},
		{"docs", docs + "/docs"},
	}
	var all files.Contents
	for _, p := range places {
		if p.from == "completion/_libration" && format == "deb" {
			p.to = "/usr/share/zsh/vendor-completions/_libration"
		}
		top := filepath.Join(tree, filepath.FromSlash(p.from))
		err := filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			mode := os.FileMode(0o644)
			if p.to == "/usr/bin/libration" {
				mode = 0o755
			}
			all = append(all, &files.Content{
				Source: path, Destination: p.to + filepath.ToSlash(strings.TrimPrefix(path, top)),
				FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: mtime},
			})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	folder := func(path string, mode os.FileMode) *files.Content {
		return &files.Content{Destination: path, Type: files.TypeDir, FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: mtime}}
	}
	if format == "deb" {
		all = append(all, &files.Content{
			Source: filepath.Join(packaging, "lintian-overrides"), Destination: "/usr/share/lintian/overrides/libration",
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: 0o644, MTime: mtime},
		})
	}
	return append(all, folder("/etc/libration", 0o750), folder("/etc/libration/credentials", 0o700)), nil
}
