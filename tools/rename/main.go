// Command rename changes the path of the module, wherever it is written, and makes the
// generated code anew. From the folder of the module:
//
//	go run -C tools ./rename example.org/team/libration
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/mod/module"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run -C tools ./rename MODULE")
		os.Exit(2)
	}
	if err := rename("..", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "rename:", err)
		os.Exit(1)
	}
}

// rename changes the clone in the folder root.
func rename(root, to string) error {
	if err := module.CheckPath(to); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(mod), "\n")
	from, found := strings.CutPrefix(strings.TrimSpace(first), "module ")
	if !found {
		return fmt.Errorf("%s/go.mod does not begin with the module's path", root)
	}
	files, err := exec.Command("git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	changed := 0
	for name := range strings.SplitSeq(strings.TrimSuffix(string(files), "\x00"), "\x00") {
		done, err := edit(filepath.Join(root, filepath.FromSlash(name)), from, to)
		if err != nil {
			return err
		}
		if done {
			changed++
		}
	}
	generate := exec.Command("go", "generate", "./internal/pb")
	generate.Dir, generate.Stdout, generate.Stderr = root, os.Stdout, os.Stderr
	if err := generate.Run(); err != nil {
		return fmt.Errorf("go generate: %w", err)
	}
	fmt.Printf("%s is now %s, in %d files and in the generated code\n", from, to, changed)
	return nil
}

// edit changes one file, and says whether there was something to change. Generated
// protobuf has lengths in it, and is left to its generator; binary files have no paths.
func edit(path, from, to string) (bool, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() || strings.HasSuffix(path, ".pb.go") {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	before, err := os.ReadFile(path)
	if err != nil || bytes.IndexByte(before, 0) >= 0 {
		return false, err
	}
	after := replace(filepath.Base(path), string(before), from, to)
	if after == string(before) {
		return false, nil
	}
	return true, os.WriteFile(path, []byte(after), info.Mode().Perm())
}

// folders are those of packages, as they follow the module's path.
const folders = `(?:internal|ntqq|onebot|gateway|sandbox|cmd|tools|interop|docs)\b`

// replace changes the text of a file of that name. The program's name, which is also
// libration, stays.
func replace(name, text, from, to string) string {
	old := regexp.QuoteMeta(from)
	// A package, which nothing stands before that would make it a path of files.
	rules := []string{`(^|[^\w./-])` + old + `(/` + folders + `|/\.\.\.)`}
	switch {
	case name == "go.mod":
		rules = append(rules, `(^module )`+old+`($)`)
	case name == ".golangci.yml":
		rules = append(rules, `(pkg: )`+old+`([,$])`, `(prefix\()`+old+`(\))`)
	case strings.HasSuffix(name, ".go"):
		rules = append(rules, `(")`+old+`(/")`, `(Main\.Path == ")`+old+`(")`, `(const module = ")`+old+`(")`, `("`+`)`+old+`(/[a-z]")`)
	}
	for _, rule := range rules {
		text = regexp.MustCompile(`(?m)`+rule).ReplaceAllString(text, "${1}"+to+"${2}")
	}
	return text
}
