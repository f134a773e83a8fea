package main

import (
	"errors"
	"regexp"

	"github.com/alecthomas/kong"

	"libration/internal/text"
)

// unexpected are the patterns of an argument too many, with and without what was meant.
var unexpected = []*regexp.Regexp{
	regexp.MustCompile(`(?s)^unexpected argument (.*), did you mean (?:one of )?(".*)\?$`),
	regexp.MustCompile(`(?s)^unexpected argument (.*)$`),
}

// usages are kong's errors, with words for the parts that their patterns catch.
var usages = []struct {
	pattern *regexp.Regexp
	words   text.Text
}{
	{regexp.MustCompile(`(?s)^unknown flag (\S*)$`), text.T("unknown flag %s", "未知的选项 %s")},
	{regexp.MustCompile(`(?s)^unknown flag (\S*), did you mean (?:one of )?(.*)\?$`),
		text.T("unknown flag %s, did you mean %s?", "未知的选项 %s，是否想写 %s？")},
	{unexpected[0], text.T("unexpected argument %s, did you mean %s?", "多余的参数 %s，是否想写 %s？")},
	{unexpected[1], text.T("unexpected argument %s", "多余的参数 %s")},
	{regexp.MustCompile(`(?s)^expected one of (.*)$`), text.T("expected one of %s", "缺少子命令，可用的有 %s")},
	{regexp.MustCompile(`(?s)^expected (".*")$`), text.T("expected %s", "缺少 %s")},
	{regexp.MustCompile(`(?s)^missing flags: (.*)$`), text.T("missing flags: %s", "缺少选项 %s")},
	{regexp.MustCompile(`(?s)^(\S+) must be one of (.*) but got (".*")$`),
		text.T("%s must be one of %s but got %s", "%s 应为 %s 之一，而不是 %s")},
	{regexp.MustCompile(`(?s)^(\S+) and (\S+) can't be used together$`), text.T("%s and %s can't be used together", "%s 和 %s 不能同时使用")},
	{regexp.MustCompile(`(?s)^(\S+): expected \S+ value but got "EOL" .*$`), text.T("%s needs a value", "%s 之后缺少值")},
	{regexp.MustCompile(`(?s)^(\S+): expected \S+ value but got (".*") \(.*; perhaps try (.*)\?$`),
		text.T("%s: a value is expected, not %s; perhaps try %s", "%s：此处应为值，而不是 %s；可以写成 %s")},
	{regexp.MustCompile(`(?s)^(\S+): expected a valid \d+ bit u?int but got (".*")$`), text.T("%s: not a number: %s", "%s：不是数字：%s")},
	{regexp.MustCompile(`(?s)^(\S+): expected duration but got (".*?")(?:: .*)?$`),
		text.T("%s: not a duration: %s; write one such as 30s or 5m", "%s：不是时长：%s；请写成 30s 或 5m 的形式")},
	{regexp.MustCompile(`(?s)^(\S+): bool value must be true, 1, yes, false, 0 or no but got (".*")$`),
		text.T("%s: true or false is expected, not %s", "%s：应为 true 或 false，而不是 %s")},
}

// noCommand says of an unexpected argument that it is no command.
var noCommand = []text.Text{text.T("no command %s, did you mean %s?", "没有命令 %s，是否想写 %s？"), text.T("no command %s", "没有命令 %s")}

// wrongUsage returns what is wrong with a command line, and the words of the command that
// it is wrong for.
func wrongUsage(err error) (said text.Text, words []string) {
	said = inWords(err)
	parse, ok := errors.AsType[*kong.ParseError](err)
	if !ok {
		return said, nil
	}
	at := parse.Context.Selected()
	if at == nil {
		at = parse.Context.Model.Node
	}
	for node := at; node.Parent != nil; node = node.Parent {
		if node.Parent.DefaultCmd != node { // else nobody writes it
			words = append([]string{node.Name}, words...)
		}
	}
	if len(at.Children) == 0 {
		return said, words
	}
	for i, u := range unexpected {
		if parts := u.FindStringSubmatch(err.Error()); parts != nil && i == 0 {
			return noCommand[i].Fill(parts[1], parts[2]), words
		} else if parts != nil {
			return noCommand[i].Fill(parts[1]), words
		}
	}
	return said, words
}

// inWords returns what an error of the command line says; kong has English only.
func inWords(err error) text.Text {
	if said := text.Of(err); said.EN != said.ZH { // of a command's own check
		return said
	}
	for _, u := range usages {
		if parts := u.pattern.FindStringSubmatch(err.Error()); parts != nil {
			caught := make([]any, len(parts)-1)
			for i := range caught {
				caught[i] = parts[i+1]
			}
			return u.words.Fill(caught...)
		}
	}
	return text.Same(err.Error())
}
