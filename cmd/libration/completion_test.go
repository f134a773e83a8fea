package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestShells has the installed shells complete command lines, as they do it when a
// person presses the tabulator.
func TestShells(t *testing.T) {
	folder := t.TempDir()
	for _, file := range []string{"settings.yaml", "settings two.yaml"} {
		if err := os.WriteFile(filepath.Join(folder, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lines := []struct{ typed, want string }{
		{"libration conf", "config"},
		{"libration config init --lang z", "zh"},
		{"libration config init --lang=z", "zh"},
		{"libration call send_private_m", "send_private_msg"},
		{"libration call send_private_msg user_", "user_id="},
		{"libration call set_group_add_request approve=t", "approve=true"},
		{"libration call send_msg message_type=g", "message_type=group"},
		{"libration call delete_friend friend_", "friend_id="},
		{"libration run -c settings.", "settings.yaml"},
		{"libration run --config=settings.", "settings.yaml"},
		{"libration run -c settings\\ ", "settings two.yaml"},
	}
	for shell, start := range map[string][]string{
		"bash": {"bash", "--norc", "-c", inBash, "bash"},
		"fish": {"fish", "--no-config", "-c", inFish},
		"zsh":  {"zsh", "-f", "-c", inZsh, "zsh"},
	} {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				if os.Getenv("CI") != "" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			t.Parallel()
			var asked []string
			for _, l := range lines {
				if shell != "bash" || !strings.Contains(l.typed, `\`) { // in bash the words are given, not typed
					asked = append(asked, l.typed)
				}
			}
			cmd := exec.Command(start[0], append(start[1:], asked...)...)
			cmd.Dir = folder
			cmd.Env = append(os.Environ(), "HOME="+folder, "LC_ALL=C.UTF-8", "TERM=dumb")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			answers := strings.Split(string(out), "--\n")
			if len(answers) != len(asked)+1 {
				t.Fatalf("%d answers to %d lines: %q", len(answers)-1, len(asked), out)
			}
			for i, answer := range answers[:len(asked)] {
				want := lines[i].want
				first, _, _ := strings.Cut(strings.TrimSpace(answer), "\t")
				if got := strings.ReplaceAll(first, `\`, ""); got != want && !strings.HasSuffix(got, "="+want) && !strings.HasSuffix(want, "="+got) { // some have the word without what is before =
					t.Errorf("%s: got %q, want %q", asked[i], answer, want)
				}
			}
		})
	}
}

// inBash calls what bash calls, with the words as bash takes them apart.
const inBash = `
eval "$(libration completion bash)"
compopt() { :; } # it works in a completion only
for line; do
  COMP_WORDS=(${line//=/ = })
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _libration
  printf '%s\n' "${COMPREPLY[@]}" --
done
`

// inFish asks fish itself.
const inFish = `
libration completion fish | source
for line in $argv
  complete -C $line
  printf '%s\n' --
end
`

// inZsh types each line into another zsh, a tabulator behind it, and looks at the line.
const inZsh = `
zmodload zsh/zpty
zpty shell zsh -f -i
ask() { zpty -w shell "$1" }
ask 'PS1=; PROMPT_EOL_MARK=; autoload -Uz compinit; compinit -D -u; source <(libration completion zsh)'
ask 'show() { print -r -- "<<<$BUFFER>>>"; BUFFER=; zle accept-line }; zle -N show; bindkey "^X" show'
ask 'bindkey "^I" complete-word; print re""ady'
zpty -r shell answer '*ready*'
for line; do
  zpty -w -n shell "$line"$'\t\C-x'
  zpty -r shell answer '*<<<*>>>*'
  words=("${(z)${${answer##*<<<}%%>>>*}}")
  print -rl -- "${words[-1]}" --
done
zpty -d shell
`
