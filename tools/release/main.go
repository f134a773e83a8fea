// Command release builds the archives and packages that people install, from a clean
// clone, the same bytes everywhere. From the folder of the module:
//
//	go run -C tools ./release                       # everything, into dist
//	go run -C tools ./release -only linux/amd64     # one platform
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("release", flag.ExitOnError)
	root := flags.String("root", "..", "folder of the module")
	dist := flags.String("out", "", "where the files go (default dist in the folder of the module); what is there of an earlier release is removed")
	only := flags.String("only", "", "platforms, separated by commas, such as linux/amd64,linux/armv7 (default all)")
	packages := flags.Bool("packages", true, "make deb and rpm, too")
	_ = flags.Parse(args)

	wanted, err := choose(*only)
	if err != nil {
		return err
	}
	r := release{started: time.Now()}
	if r.root, err = filepath.Abs(*root); err != nil {
		return err
	}
	if r.dist, err = filepath.Abs(cmp.Or(*dist, filepath.Join(r.root, "dist"))); err != nil {
		return err
	}
	if r.version, err = versionOf(ctx, r.root); err != nil {
		return err
	}
	if r.module, err = output(ctx, r.root, nil, "go", "list", "-m"); err != nil {
		return err
	}
	if r.work, err = os.MkdirTemp("", "libration-release-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.work)
	if err := errors.Join(os.MkdirAll(r.dist, 0o755), r.removeEarlier()); err != nil {
		return err
	}
	fmt.Printf("version %s, revision %s, %s\n", r.version.Name, r.version.Revision, r.version.Time.Format(time.RFC3339))
	for _, p := range wanted {
		if err := r.build(ctx, p, *packages); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	if err := sums(r.dist); err != nil {
		return err
	}
	fmt.Printf("%-58s %8s  %5.1f s\n", "everything, with SHA256SUMS", "", time.Since(r.started).Seconds())
	return nil
}

// release is one run.
type release struct {
	root, dist, work string
	module           string
	version          version
	started          time.Time
}

// build makes the archive of a platform, and the packages where there are any.
func (r *release) build(ctx context.Context, p platform, packages bool) error {
	began := time.Now()
	name := fmt.Sprintf("libration-%s-%s", r.version.Name, strings.ReplaceAll(p.String(), "/", "-"))
	tree := filepath.Join(r.work, name)
	if err := r.fill(ctx, tree, p); err != nil {
		return err
	}
	archive := filepath.Join(r.dist, name+p.suffix())
	pack := tarball
	if p.os == "windows" {
		pack = zipped
	}
	if err := pack(archive, tree, r.version.Time); err != nil {
		return err
	}
	report(archive, began)
	if p.os == "linux" && packages {
		return r.packages(ctx, tree, p)
	}
	return nil
}

// packages has deb and rpm made, by a program in a module of its own.
func (r *release) packages(ctx context.Context, tree string, p platform) error {
	for _, format := range []string{"deb", "rpm"} {
		began := time.Now()
		file, err := output(ctx, filepath.Join(r.root, "tools", "package"), []string{"GOFLAGS=-buildvcs=false"}, "go", "run", ".",
			"-format", format, "-tree", tree, "-arch", p.arch, "-version", r.version.Name, "-time", r.version.Time.Format(time.RFC3339), "-out", r.dist)
		if err != nil {
			return err
		}
		report(file, began)
	}
	return nil
}

// removeEarlier removes what an earlier run has left, and nothing else.
func (r *release) removeEarlier() error {
	for _, pattern := range []string{"libration-*.tar.gz", "libration-*.zip", "libration_*.deb", "libration-*.rpm", "SHA256SUMS"} {
		found, err := filepath.Glob(filepath.Join(r.dist, pattern))
		if err != nil {
			return err
		}
		for _, file := range found {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// report prints what was made.
func report(file string, began time.Time) {
	size := "?"
	if info, err := os.Stat(file); err == nil {
		size = fmt.Sprintf("%.1f MB", float64(info.Size())/1e6)
	}
	fmt.Printf("%-58s %8s  %5.1f s\n", filepath.Base(file), size, time.Since(began).Seconds())
}

// output runs a program and returns what it prints, without the line's end.
func output(ctx context.Context, folder string, environment []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	cmd.Env = slices.Concat(os.Environ(), []string{"PWD=" + folder}, environment)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}
