package main

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"libration/gateway/table"
	"libration/internal/app"
	"libration/internal/completion"
	"libration/internal/config"
	"libration/onebot"
)

type shellCommand struct {
	Bash       completionScript `cmd:"" help:"Print it for bash. To use it: source <(libration completion bash)" zh:"输出 bash 的补全脚本。用法：source <(libration completion bash)"`
	Zsh        completionScript `cmd:"" help:"Print it for zsh. To use it: source <(libration completion zsh)" zh:"输出 zsh 的补全脚本。用法：source <(libration completion zsh)"`
	Fish       completionScript `cmd:"" help:"Print it for fish. To use it: libration completion fish | source" zh:"输出 fish 的补全脚本。用法：libration completion fish | source"`
	Powershell completionScript `cmd:"" help:"Print it for PowerShell. To use it: libration completion powershell | Out-String | Invoke-Expression" zh:"输出 PowerShell 的补全脚本。用法：libration completion powershell | Out-String | Invoke-Expression"`
	Words      completionWords  `cmd:"" hidden:"" help:"Print what a word may become; the scripts call it." zh:"输出一个词的补全候选，供脚本调用。"`
}

type completionScript struct{}

// Run prints the script.
func (completionScript) Run(ctx *kong.Context, std streams) error {
	_, err := io.WriteString(std.out, completion.Script(ctx.Selected().Name))
	return err
}

type completionWords struct {
	Bash    bool     `help:"The words are taken apart at = and :, as bash does it." zh:"词已像 bash 那样在等号和冒号处拆开。"`
	Current string   `placeholder:"WORD" help:"The word in progress." zh:"正在输入的词。"`
	Before  []string `arg:"" optional:"" help:"The words before it." zh:"它之前的词。"`
}

// Run prints the candidates.
func (c *completionWords) Run(ctx *kong.Context, std streams) error {
	words, prefix := append(c.Before, c.Current), ""
	if c.Bash {
		words, prefix = completion.Join(words)
	}
	return completion.Print(std.out, completion.Complete(ctx.Model.Node, words, valuesOf), prefix)
}

// valuesOf knows actions with their parameters, and accounts.
func valuesOf(v *kong.Value, line completion.Line) (found []completion.Candidate) {
	l := app.EnvironmentLocale()
	switch v.Name {
	case "action":
		for _, name := range onebot.Table().Names() {
			found = append(found, completion.Candidate{Word: name, Help: onebot.Table().Find(name).Text.In(l)})
		}
	case "key=value":
		action := onebot.Table().Find(line.Args[0])
		if action == nil {
			return nil
		}
		if name, _, begun := strings.Cut(line.Word, "="); begun {
			return valuesOfField(action.Params().Fields, name)
		}
		for _, f := range action.Params().Fields {
			given := func(arg string) bool {
				name, _, _ := strings.Cut(arg, "=")
				return slices.Contains(f.Names, name)
			}
			if slices.ContainsFunc(line.Args[1:], given) {
				continue
			}
			for i, name := range f.Names {
				if i == 0 || line.Word != "" { // the other names, for who begins to write one
					found = append(found, completion.Candidate{Word: name + "=", Help: f.Text.In(l)})
				}
			}
		}
	case "account":
		c, err := config.Load(cmp.Or(line.Flags["config"], "config.yaml"))
		if err != nil {
			return nil
		}
		for _, one := range c.Each() {
			found = append(found, completion.Candidate{Word: one.Account.Name})
		}
	}
	return found
}

// valuesOfField returns what a parameter may be, where there are few values.
func valuesOfField(fields []table.Field, name string) (found []completion.Candidate) {
	at := slices.IndexFunc(fields, func(f table.Field) bool { return slices.Contains(f.Names, name) })
	if at < 0 {
		return nil
	}
	values := fields[at].Enum
	if fields[at].Type.Kind == table.Boolean {
		values = []string{"true", "false"}
	}
	for _, value := range values {
		found = append(found, completion.Candidate{Word: name + "=" + value})
	}
	return found
}
