// Command genwasm builds the codecs that are committed as WebAssembly: silk.wasm and mp3.wasm
// in ntqq/media. The same sources and tools make the same bytes. Without these very tools it
// leaves the files as they are and says so: nobody needs them who does not change a file.
//
//	go run ./genwasm <repository root>     (from the tools module; see ntqq/media/silk/instance.go)
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	clang   = "14.0.6"
	install = "on Debian 12, apt-get install clang lld wasi-libc libclang-rt-dev-wasm32; and cargo, 1.82 or later"
)

// A codec is built from sources that are part of a package of crates.io, of which nothing
// else is used, and from a file of ours.
type codec struct {
	file, shim        string
	crate, sum        string   // "name-version", SHA-256
	sources, includes []string // in the package
}

var codecs = []codec{{
	file: "ntqq/media/silk/silk.wasm", shim: "ntqq/media/silk/wasm/shim.c",
	crate: "silk-rs-0.2.0", sum: "014e6619f35a385ff848570e73a0b8c36b31031e0ee11cac70192b50097b1cfe",
	sources: []string{"silk/src/*.c"}, includes: []string{"silk/interface", "silk/src"},
}, {
	file: "ntqq/media/sound/mp3.wasm", shim: "ntqq/media/sound/wasm/mp3.c",
	crate: "minimp3-sys-0.6.0", sum: "aa16a1fbac806d94e230e0a6b9b5a137d051897a188944cf07645da4b73a9fae",
	includes: []string{"minimp3"},
}}

var flags = []string{
	"--target=wasm32-wasi", "-O2", "-fno-strict-aliasing",
	"-fwrapv", // the fixed-point code relies on numbers that wrap around
	"-mbulk-memory", "-msign-ext", "-Wno-constant-conversion", "-Wno-unused-function", "-nostartfiles",
	"-Wl,--no-entry", "-Wl,--strip-all",
	"-Wl,--stack-first", "-Wl,-z,stack-size=131072", // a stack that is too deep traps
	"-Wl,--max-memory=1048576",
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: genwasm <repository root>")
		os.Exit(2)
	}
	work, err := os.MkdirTemp("", "genwasm")
	if err == nil {
		err = generate(os.Args[1], work)
		err = errors.Join(err, os.RemoveAll(work))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "genwasm:", err)
		os.Exit(1)
	}
}

func generate(root, work string) error {
	if err := tools(work); err != nil {
		fmt.Fprintf(os.Stderr, "genwasm: the codecs stay as they are: %v. To build them: %s.\n", err, install)
		return nil
	}
	for _, c := range codecs {
		if err := c.build(root, filepath.Join(work, c.crate)); err != nil {
			return fmt.Errorf("%s: %w", c.file, err)
		}
	}
	return nil
}

func (c codec) build(root, work string) error {
	if err := c.fetch(work); err != nil {
		return err
	}
	var sources, includes []string
	for _, pattern := range c.sources {
		found, err := filepath.Glob(filepath.Join(work, pattern))
		if err != nil {
			return err
		}
		sources = append(sources, found...)
	}
	for _, dir := range c.includes {
		includes = append(includes, "-I"+filepath.Join(work, dir))
	}
	built := filepath.Join(work, "built.wasm")
	if err := compile(append(sources, filepath.Join(root, c.shim)), built, includes...); err != nil {
		return err
	}
	return replace(filepath.Join(root, c.file), built)
}

// tools checks the version of clang, that it can build for WebAssembly, and that there is a
// cargo.
func tools(work string) error {
	out, err := exec.Command("clang", "--version").Output()
	if err != nil {
		return err
	}
	if line, _, _ := strings.Cut(string(out), "\n"); !strings.Contains(line, "version "+clang) {
		return fmt.Errorf("it was built by clang %s, and this is %s", clang, line)
	}
	probe := filepath.Join(work, "probe.c")
	text := "#include <string.h>\nvoid *f(void *a, void *b, int n) { return memcpy(a, b, n); }\n"
	if err := os.WriteFile(probe, []byte(text), 0o600); err != nil {
		return err
	}
	if err := compile([]string{probe}, filepath.Join(work, "probe.wasm")); err != nil {
		return fmt.Errorf("clang cannot build for WebAssembly: %w", err)
	}
	_, err = exec.LookPath("cargo")
	return err
}

func compile(sources []string, to string, more ...string) error {
	args := append(append(append([]string{}, flags...), more...), "-o", to)
	out, err := exec.Command("clang", append(args, sources...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("clang: %w\n%s", err, out)
	}
	return nil
}

// fetch has cargo download the package, and unpacks its sources in C into work.
func (c codec) fetch(work string) error {
	if err := os.MkdirAll(work, 0o700); err != nil {
		return err
	}
	dash := strings.LastIndexByte(c.crate, '-')
	cmd := exec.Command("cargo", "info", "--quiet", c.crate[:dash]+"@"+c.crate[dash+1:])
	cmd.Dir = work // away from any Cargo.toml
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cargo info: %w\n%s", err, out)
	}
	home := os.Getenv("CARGO_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return err
		}
		home = filepath.Join(user, ".cargo")
	}
	found, err := filepath.Glob(filepath.Join(home, "registry/cache/*", c.crate+".crate"))
	if err != nil {
		return err
	}
	for _, path := range found {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != c.sum {
			return fmt.Errorf("%s has another SHA-256 than %s", path, c.sum)
		}
		return c.unpack(b, work)
	}
	return fmt.Errorf("cargo left no %s.crate in %s", c.crate, home)
}

func (c codec) unpack(b []byte, work string) error {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(h.Name, c.crate+"/")
		if ext := filepath.Ext(name); !fs.ValidPath(name) || ext != ".c" && ext != ".h" {
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		to := filepath.Join(work, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, text, 0o600)); err != nil {
			return err
		}
	}
}

// replace writes the file when it is another one.
func replace(path, built string) error {
	after, err := os.ReadFile(built)
	if err != nil {
		return err
	}
	before, err := os.ReadFile(path)
	if err == nil && bytes.Equal(before, after) {
		return nil
	}
	fmt.Fprintln(os.Stderr, "genwasm: another one now:", path)
	return os.WriteFile(path, after, 0o644)
}
