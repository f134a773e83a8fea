// Command gensilk builds ntqq/media/silk/silk.wasm from the sources of the SILK SDK and
// from wasm/shim.c. The same sources and tools make the same bytes. Without these very tools
// it leaves the file as it is and says so: nobody needs them who does not change the file.
//
//	go run ./gensilk <folder of the package silk>     (from the tools module; see instance.go there)
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

// The sources are part of a package of crates.io, of which nothing else is used.
const (
	crate    = "silk-rs"
	version  = "0.2.0"
	crateSum = "014e6619f35a385ff848570e73a0b8c36b31031e0ee11cac70192b50097b1cfe"
	clang    = "14.0.6"
	install  = "on Debian 12, apt-get install clang lld wasi-libc libclang-rt-dev-wasm32; and cargo, 1.82 or later"
)

var flags = []string{
	"--target=wasm32-wasi", "-O2", "-fno-strict-aliasing",
	"-fwrapv", // the fixed-point code relies on numbers that wrap around
	"-mbulk-memory", "-msign-ext", "-Wno-constant-conversion", "-nostartfiles",
	"-Wl,--no-entry", "-Wl,--strip-all",
	"-Wl,--stack-first", "-Wl,-z,stack-size=131072", // a stack that is too deep traps
	"-Wl,--max-memory=1048576",
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gensilk <folder of the package silk>")
		os.Exit(2)
	}
	work, err := os.MkdirTemp("", "gensilk")
	if err == nil {
		err = generate(os.Args[1], work)
		err = errors.Join(err, os.RemoveAll(work))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gensilk:", err)
		os.Exit(1)
	}
}

func generate(dir, work string) error {
	if err := tools(work); err != nil {
		fmt.Fprintf(os.Stderr, "gensilk: silk.wasm stays as it is: %v. To build it: %s.\n", err, install)
		return nil
	}
	if err := fetch(work); err != nil {
		return err
	}
	sources, err := filepath.Glob(filepath.Join(work, "silk/src/*.c"))
	if err != nil {
		return err
	}
	built := filepath.Join(work, "silk.wasm")
	if err := compile(append(sources, filepath.Join(dir, "wasm/shim.c")), built,
		"-I"+filepath.Join(work, "silk/interface"), "-I"+filepath.Join(work, "silk/src")); err != nil {
		return err
	}
	return replace(filepath.Join(dir, "silk.wasm"), built)
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

// fetch has cargo download the package, and unpacks the sources of the SDK into work.
func fetch(work string) error {
	cmd := exec.Command("cargo", "info", "--quiet", crate+"@"+version)
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
	found, err := filepath.Glob(filepath.Join(home, "registry/cache/*", crate+"-"+version+".crate"))
	if err != nil {
		return err
	}
	for _, path := range found {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != crateSum {
			return fmt.Errorf("%s has another SHA-256 than %s", path, crateSum)
		}
		return unpack(b, work)
	}
	return fmt.Errorf("cargo left no %s-%s.crate in %s", crate, version, home)
}

func unpack(b []byte, work string) error {
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
		name := strings.TrimPrefix(h.Name, crate+"-"+version+"/")
		if ext := filepath.Ext(name); !strings.HasPrefix(name, "silk/") || !fs.ValidPath(name) || ext != ".c" && ext != ".h" {
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
	fmt.Fprintln(os.Stderr, "gensilk: silk.wasm is another one now")
	return os.WriteFile(path, after, 0o644)
}
