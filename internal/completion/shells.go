package completion

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"
)

//go:embed scripts/*
var scripts embed.FS

// Shells are those that have a script.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// FileName is what a script is called where a shell looks for it.
func FileName(shell string) string {
	switch shell {
	case "bash":
		return "libration"
	case "zsh":
		return "_libration"
	case "fish":
		return "libration.fish"
	default:
		return "libration.ps1"
	}
}

// Script returns what makes a shell complete command lines of the program. It panics
// for a shell that is none of [Shells].
func Script(shell string) string {
	b, err := scripts.ReadFile("scripts/" + FileName(shell))
	if err != nil || !slices.Contains(Shells(), shell) {
		panic(fmt.Sprintf("no completion for %q", shell))
	}
	return string(b)
}

// breaks are the characters at which bash takes words apart.
const breaks = "=:"

// Join puts words together that bash has taken apart at = and :, as they stood on the
// command line. prefix is what bash keeps of the last one: candidates are printed
// without it.
func Join(words []string) (joined []string, prefix string) {
	glue := false
	for _, word := range words {
		isBreak := word != "" && strings.Trim(word, breaks) == ""
		if (glue || isBreak) && len(joined) > 0 {
			joined[len(joined)-1] += word
		} else {
			joined = append(joined, word)
		}
		glue = isBreak
	}
	if len(joined) > 0 {
		last := joined[len(joined)-1]
		prefix = last[:strings.LastIndexAny(last, breaks)+1]
	}
	return joined, prefix
}

// Print writes a result for the scripts: a line for each candidate, with a tab before
// its help, and the line ":files" where names of files may stand. prefix is left out
// of the candidates.
func Print(w io.Writer, r Result, prefix string) error {
	var b strings.Builder
	for _, c := range r.Candidates {
		b.WriteString(strings.TrimPrefix(c.Word, prefix))
		if c.Help != "" {
			b.WriteString("\t" + c.Help)
		}
		b.WriteByte('\n')
	}
	if r.Files {
		b.WriteString(":files\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
