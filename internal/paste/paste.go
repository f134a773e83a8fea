// Package paste writes commands of this program that work when a person pastes them into
// a shell. It imports nothing of the program.
package paste

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// DefaultConfig is the configuration file that commands take without -c.
const DefaultConfig = "config.yaml"

// Service is the installation that commands are about. Its zero value is the one of
// DefaultConfig.
type Service struct {
	// Config is the path of its configuration file, as the person gave it; "" for none.
	Config string
	// Admin is the address of its owner's service, for one without a file.
	Admin string

	anywhere bool
}

// Anywhere returns the same installation for commands that are read somewhere else: they
// have whole paths.
func (s Service) Anywhere() Service {
	if s.Config != "" {
		s.Config = whole(s.Config)
	}
	s.anywhere = true
	return s
}

// whole is the whole path of a file.
func whole(path string) string {
	if found, err := filepath.Abs(path); err == nil {
		return found
	}
	return path
}

// Command returns the command with these words, for this installation:
// Command("login", "captcha", "TICKET") is `libration login captcha TICKET -c bot.yaml`.
func (s Service) Command(words ...string) string {
	words = slices.Clone(words)
	switch {
	case s.Config != "" && s.Config != DefaultConfig:
		words = append(words, "-c", s.Config)
	case s.Config == "" && s.Admin != "":
		words = append(words, "--admin", s.Admin)
	}
	if s.anywhere {
		return line(programAnywhere, words)
	}
	return Command(words...)
}

// Command returns the command with these words that is about no installation.
func Command(words ...string) string { return line(program, words) }

func line(program string, words []string) string {
	for _, w := range words {
		program += " " + Word(w)
	}
	return program
}

// program is how the person called this program, so that it can be called again, and
// programAnywhere is how to call it in another folder.
var (
	program         = called(os.Args[0], exec.LookPath)
	programAnywhere = calledAnywhere(program, os.Args[0])
)

func calledAnywhere(program, name string) string {
	if program == Word(name) && filepath.Base(name) != name {
		return Word(whole(name))
	}
	return program
}

// called finds it from the name that the process was started with.
func called(name string, look func(string) (string, error)) string {
	const plain = "libration"
	base := strings.TrimSuffix(filepath.Base(name), ".exe")
	switch {
	case base == plain && strings.Contains(filepath.ToSlash(name), "/go-build"): // of `go run`, removed at its end
		return "go run ./cmd/libration"
	case base != plain: // a test
		return plain
	case filepath.Base(name) == name: // found in PATH
		return plain
	}
	if found, err := look(plain); err == nil && found == name {
		return plain
	}
	return Word(name)
}

// Word quotes a word of a command line.
func Word(word string) string {
	plain := func(r rune) bool {
		return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune("/._-+:,=@", r)
	}
	if runtime.GOOS == "windows" { // where only " quotes, and no name can have one
		if word == "" || strings.ContainsFunc(word, unicode.IsSpace) {
			return `"` + word + `"`
		}
		return word
	}
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}
