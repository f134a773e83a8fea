package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"libration/gateway/table"
	"libration/internal/app/bot"
	"libration/internal/paste"
	"libration/internal/text"
	"libration/onebot"
)

// description is what the program is.
var description = text.T(
	"An NTQQ bot service for OneBot v11, and a sandbox to try it in. Start with: %s",
	"OneBot v11 的 NTQQ 机器人服务，附带可供试用的沙盒。从这里开始：%s").Fill(paste.Command("demo"))

// helpOfHelp describes the flag that kong adds.
var helpOfHelp = text.T("Show context-sensitive help.", "显示帮助。")

// headings are kong's own words, with what stands around them.
var headings = []text.Text{
	text.T("Usage: ", "用法："),
	text.T(" [flags]\n", " [选项]\n"),
	text.T(" <command>", " <命令>"),
	text.T("\nArguments:\n", "\n参数：\n"),
	text.T("\nFlags:\n", "\n选项：\n"),
	text.T("\nCommands:\n", "\n命令：\n"),
	text.T(" --help\" for more information on a command.", " --help\" 查看命令的帮助。"),
	text.T("\nRun \"", "\n执行 \""),
}

// helpIn makes the help appear in a language. A field's tag has it in English under
// help, in Chinese under zh.
func helpIn(l text.Language) kong.Option {
	return kong.OptionFunc(func(k *kong.Kong) error {
		err := errors.Join(kong.Description(description.In(l)).Apply(k), kong.Help(withActions(l)).Apply(k))
		if l == text.Chinese {
			err = errors.Join(err, kong.PostBuild(translate).Apply(k))
		}
		return err
	})
}

// withActions prints help. That of call has the actions; with an action before --help it
// is the action's.
func withActions(l text.Language) kong.HelpPrinter {
	print := kong.DefaultHelpPrinter
	if l == text.Chinese {
		print = printChinese
	}
	return func(o kong.HelpOptions, ctx *kong.Context) error {
		for _, p := range ctx.Path {
			if p.Positional != nil && p.Positional.Name == "action" {
				_, err := io.WriteString(ctx.Stdout, onebot.Help(ctx.Value(p).String(), l, exampleCall))
				return err
			}
		}
		err := print(o, ctx)
		if called := ctx.Selected(); err == nil && called != nil && called.Name == "call" {
			_, err = fmt.Fprintf(ctx.Stdout, "\n%s\n%s", text.T("Actions:", "动作：").In(l), onebot.Help("", l, nil))
		}
		return err
	}
}

// exampleCall is the command line for an example.
func exampleCall(e *table.Example) string {
	return paste.Command(append([]string{"call", e.Action, "-c", paste.DefaultConfig}, bot.Pairs(e.Params)...)...)
}

// translate replaces the help of all commands, flags and arguments.
func translate(k *kong.Kong) error {
	err := kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		switch n := node.(type) {
		case *kong.Node:
			n.Help = n.Tag.Get("zh")
		case *kong.Value:
			n.Help = n.Tag.Get("zh")
		}
		return next(nil)
	})
	k.Model.HelpFlag.Help = helpOfHelp.ZH
	return err
}

// printChinese prints help with headings in Chinese.
func printChinese(o kong.HelpOptions, ctx *kong.Context) error {
	var words []string
	for _, h := range headings {
		words = append(words, h.EN, h.ZH)
	}
	var b strings.Builder
	out := ctx.Stdout
	ctx.Stdout = &b
	err := kong.DefaultHelpPrinter(o, ctx)
	ctx.Stdout = out
	if err == nil {
		_, err = strings.NewReplacer(words...).WriteString(out, b.String())
	}
	return err
}
