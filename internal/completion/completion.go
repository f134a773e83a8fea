package completion

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// Candidate is one thing that may stand at a place.
type Candidate struct {
	Word string
	Help string // one line; "": none
}

// Result is all that may stand at a place.
type Result struct {
	Candidates []Candidate
	Files      bool // the names of files, too
}

// Line is the part of a command line that was understood.
type Line struct {
	Flags map[string]string // values of the flags by their names, as they were given
	Args  []string          // the arguments of the command
	Word  string            // the one in progress
}

// Values returns what a flag or an argument may be; nil where that is not known. It is
// asked for what is neither an enumeration nor a file.
type Values func(v *kong.Value, line Line) []Candidate

// Complete returns what the last of the words may become; the words follow the name of
// the program. values may be nil.
func Complete(root *kong.Node, words []string, values Values) Result {
	if len(words) == 0 {
		words = []string{""}
	}
	p := place{node: root, Line: Line{Flags: map[string]string{}}, values: values}
	for _, word := range words[:len(words)-1] {
		p.pass(word)
	}
	word := words[len(words)-1]
	p.Word = word
	result := p.at(word)
	result.Candidates = slices.DeleteFunc(result.Candidates, func(c Candidate) bool { return !strings.HasPrefix(c.Word, word) })
	return result
}

// place is where the walk over the words has come to.
type place struct {
	Line
	node    *kong.Node
	pending *kong.Flag // its value follows
	noFlags bool       // "--" has passed
	values  Values
}

// pass takes a word that stands before the one in progress.
func (p *place) pass(word string) {
	switch {
	case p.pending != nil:
		p.Flags[p.pending.Name], p.pending = word, nil
	case p.noFlags:
		p.Args = append(p.Args, word)
	case word == "--":
		p.noFlags = true
	case strings.HasPrefix(word, "--"):
		name, value, given := strings.Cut(word[2:], "=")
		p.flag(p.named(name), value, given)
	case strings.HasPrefix(word, "-") && len(word) > 1:
		short, size := utf8.DecodeRuneInString(word[1:])
		p.flag(p.short(short), word[1+size:], len(word) > 1+size)
	default:
		p.argument(word)
	}
}

// flag takes a flag, nil for one that does not exist.
func (p *place) flag(f *kong.Flag, value string, given bool) {
	switch {
	case f == nil:
	case given || f.IsBool() || f.IsCounter():
		p.Flags[f.Name] = value
	default:
		p.pending = f
	}
}

// argument takes a command, or an argument of one.
func (p *place) argument(word string) {
	if len(p.Args) == 0 {
		for _, child := range p.node.Children {
			if child.Name == word || slices.Contains(child.Aliases, word) {
				p.node = child
				return
			}
		}
		if p.node.DefaultCmd != nil {
			p.node = p.node.DefaultCmd
		}
	}
	p.Args = append(p.Args, word)
}

// at returns what may stand at the word in progress, also what does not begin as it does.
func (p *place) at(word string) Result {
	if p.pending != nil {
		return p.valuesOf(p.pending.Value)
	}
	if !p.noFlags && strings.HasPrefix(word, "--") {
		if name, _, given := strings.Cut(word, "="); given {
			f := p.named(name[2:])
			if f == nil || f.IsBool() {
				return Result{}
			}
			result := p.valuesOf(f.Value)
			for i := range result.Candidates {
				result.Candidates[i].Word = name + "=" + result.Candidates[i].Word
			}
			return result
		}
	}
	if !p.noFlags && strings.HasPrefix(word, "-") {
		return Result{Candidates: p.openFlags()}
	}
	var result Result
	if n := len(p.node.Positional); n > 0 {
		at := len(p.Args)
		if at >= n && p.node.Positional[n-1].IsCumulative() {
			at = n - 1
		}
		if at < n {
			result = p.valuesOf(p.node.Positional[at])
		}
	}
	if len(p.Args) == 0 {
		for _, child := range p.node.Children {
			if !child.Hidden {
				result.Candidates = append(result.Candidates, Candidate{child.Name, line(child.Help)})
			}
		}
	}
	return result
}

// openFlags returns the flags that may be given here, and were not.
func (p *place) openFlags() (all []Candidate) {
	for _, f := range p.flags() {
		if _, given := p.Flags[f.Name]; f.Hidden || given && !f.IsCumulative() {
			continue
		}
		all = append(all, Candidate{"--" + f.Name, line(f.Help)})
	}
	return all
}

// flags returns those of the command, of the commands above it, and of the command that
// is meant when none is named.
func (p *place) flags() (all []*kong.Flag) {
	for n := p.node; n != nil; n = n.Parent {
		all = append(all, n.Flags...)
	}
	if p.node.DefaultCmd != nil {
		all = append(all, p.node.DefaultCmd.Flags...)
	}
	return all
}

func (p *place) named(name string) *kong.Flag {
	return p.find(func(f *kong.Flag) bool { return f.Name == name || slices.Contains(f.Aliases, name) })
}

func (p *place) short(r rune) *kong.Flag {
	return p.find(func(f *kong.Flag) bool { return f.Short == r })
}

func (p *place) find(is func(*kong.Flag) bool) *kong.Flag {
	all := p.flags()
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return nil
}

// valuesOf returns what a flag or an argument may be.
func (p *place) valuesOf(v *kong.Value) Result {
	if v.Enum != "" {
		var result Result
		for _, word := range v.EnumSlice() {
			result.Candidates = append(result.Candidates, Candidate{Word: word})
		}
		return result
	}
	if file(v) {
		return Result{Files: true}
	}
	if p.values == nil {
		return Result{}
	}
	return Result{Candidates: p.values(v, p.Line)}
}

// file reports whether a value is the name of a file or a folder: its placeholder says it,
// and of an argument the name.
func file(v *kong.Value) bool {
	names := []string{"FILE", "FOLDER", "DIR", "PATH"}
	if v.Flag != nil {
		return slices.Contains(names, v.Flag.PlaceHolder)
	}
	return slices.Contains(names, strings.ToUpper(v.Name))
}

// line returns the first line of a help.
func line(help string) string {
	first, _, _ := strings.Cut(help, "\n")
	return strings.TrimSpace(strings.ReplaceAll(first, "\t", " "))
}
