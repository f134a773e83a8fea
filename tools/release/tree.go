package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// fill makes the folder that becomes an archive.
func (r *release) fill(ctx context.Context, tree string, p platform) error {
	stamps := fmt.Sprintf("-s -w -buildid= -X %[1]s.stampVersion=%[2]s -X %[1]s.stampRevision=%[3]s -X %[1]s.stampTime=%[4]s",
		r.module+"/internal/app", r.version.Name, r.version.Revision, r.version.Time.Format(time.RFC3339))
	if _, err := output(ctx, r.root, p.variables(), "go", "build", "-trimpath", "-ldflags", stamps,
		"-o", filepath.Join(tree, p.program()), "./cmd/libration"); err != nil {
		return err
	}
	page, err := os.ReadFile(filepath.Join(r.root, "THIRD-PARTY.md"))
	if err != nil {
		return err
	}
	linked, err := licences(ctx, r.root, string(page), p)
	if err != nil {
		return err
	}
	for _, l := range linked {
		if err := write(filepath.Join(tree, "licenses", filepath.FromSlash(l.path)), l.data); err != nil {
			return err
		}
	}
	for pattern, to := range copiesFor(p) {
		found, err := filepath.Glob(filepath.Join(r.root, filepath.FromSlash(pattern)))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("no file %s", pattern)
		}
		for _, file := range found {
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := write(filepath.Join(tree, filepath.FromSlash(to), filepath.Base(file)), data); err != nil {
				return err
			}
		}
	}
	return nil
}

// copiesFor returns the patterns of files that are copied, and the folders where they go.
func copiesFor(p platform) map[string]string {
	copies := map[string]string{
		"LICENSE": ".", "THIRD-PARTY.md": ".", "README.md": ".", "README.zh-CN.md": ".", "CHANGELOG.md": ".", "CONTRIBUTING.md": ".",
		"licenses/*": "licenses", "docs/*.md": "docs", "docs/*.json": "docs", "docs/images/*": "docs/images", "docs/protocol/*.md": "docs/protocol",
		"internal/completion/scripts/*": "completion",
	}
	if p.os != "linux" {
		return copies
	}
	copies["packaging/libration.service"] = "systemd"
	// What makes an image, so that the archive alone is enough. Each file by its name: a
	// folder may have an .env with secrets beside them.
	for _, file := range []string{
		"image/Containerfile", "image/build.sh", "compose/example.env", "compose/sandbox.yaml", "compose/koishi/compose.yaml",
		"compose/nonebot/compose.yaml", "compose/nonebot/bot/Containerfile", "compose/nonebot/bot/bot.py",
	} {
		copies["packaging/"+file] = path.Dir("packaging/" + file)
	}
	return copies
}

// write writes a file and the folders above it.
func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// entry is a file or a folder of a tree, with its name in the archive.
type entry struct {
	name string // with slashes; of folders with one at the end
	path string
	mode fs.FileMode
	size int64
}

// entries lists a tree, sorted, below its own name. Modes do not depend on the umask.
func entries(tree string) (all []entry, err error) {
	above := filepath.Dir(tree)
	err = filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(above, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{name: filepath.ToSlash(rel), path: path, mode: 0o644, size: info.Size()}
		switch {
		case d.IsDir():
			e.name, e.mode, e.size = e.name+"/", fs.ModeDir|0o755, 0
		case strings.HasPrefix(d.Name(), "libration") && filepath.Dir(path) == tree, filepath.Ext(path) == ".sh":
			e.mode = 0o755
		}
		all = append(all, e)
		return nil
	})
	return all, err
}
