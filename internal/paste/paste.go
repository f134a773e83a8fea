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
	return Command(words...)
}

// Command returns the command with these words that is about no installation.
func Command(words ...string) string {
	line := program
	for _, w := range words {
		line += " " + Word(w)
	}
	return line
}

// program is how the person called this program, so that it can be called again.
var program = called(os.Args[0], exec.LookPath)

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
