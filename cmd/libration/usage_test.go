package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestUsageErrorsInBothLanguages is about errors that kong makes, in English only.
func TestUsageErrorsInBothLanguages(t *testing.T) {
	for args, want := range map[string][2]string{
		"demo --nope":              {"unknown flag --nope", "未知的选项 --nope"},
		"run --confg x":            {`unknown flag --confg, did you mean "--config"?`, `未知的选项 --confg，是否想写 "--config"？`},
		"dmeo":                     {`no command dmeo, did you mean "demo"?`, `没有命令 dmeo，是否想写 "demo"？`},
		"config x":                 {"no command x", "没有命令 x"},
		"run x":                    {"unexpected argument x", "多余的参数 x"},
		"config":                   {`expected one of "init",`, `缺少子命令，可用的有 "init",`},
		"packets show":             {`expected "<n>"`, `缺少 "<n>"`},
		"packets show x":           {`<n>: not a number: "x"`, `<n>：不是数字："x"`},
		"sandbox --log-level loud": {`--log-level must be one of "debug",`, `--log-level 应为 "debug",`},
		"call x --url a -c b":      {"can't be used together", "不能同时使用"},
		"bench --count x":          {`--count: not a number: "x"`, `--count：不是数字："x"`},
		"bench --duration x":       {`--duration: not a duration: "x"; write`, `--duration：不是时长："x"；请写成`},
		"demo --once=x":            {`--once: true or false is expected, not "x"`, `--once：应为 true 或 false，而不是 "x"`},
		"run -c":                   {"--config needs a value", "--config 之后缺少值"},
		"sandbox --seed -1":        {`perhaps try --seed="-1"`, `可以写成 --seed="-1"`},
	} {
		for i, locale := range []string{"C", "zh_CN.UTF-8"} {
			t.Setenv("LC_ALL", locale)
			var out, errOut bytes.Buffer
			if code := run(t.Context(), strings.Fields(args), &out, &errOut); code != exitUsage || !strings.Contains(errOut.String(), want[i]) {
				t.Errorf("%s in %s: code %d, got %q, want %q", args, locale, code, &errOut, want[i])
			}
		}
	}
}
