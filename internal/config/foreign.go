package config

import (
	"bytes"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"libration/internal/paste"
	"libration/internal/safeyaml"
	"libration/internal/text"
)

// foreign is the configuration of another program.
type foreign struct {
	program string
	carried carried // what of it carries over
}

// foreignPrograms are told apart by the keys at the top of their files.
var foreignPrograms = []struct {
	name string
	is   func(top map[string]any) bool
	read func(top map[string]any) carried
}{
	{"go-cqhttp", isGoCQHTTP, readGoCQHTTP},
	{"Lagrange.OneBot", isLagrange, readLagrange},
	{"LLBot", isLLBot, readLLBot},
	{"NapCat", isNapCat, readNapCat},
}

func isGoCQHTTP(top map[string]any) bool {
	theirs := 0
	for _, key := range []string{"default-middlewares", "servers", "message", "output", "heartbeat", "database"} {
		if _, ok := top[key]; ok {
			theirs++
		}
	}
	return theirs >= 2
}

func isLagrange(top map[string]any) bool {
	return hasAny(top, "SignServerUrl", "Implementations", "MusicSignServerUrl")
}

func isLLBot(top map[string]any) bool {
	return hasAny(top, "ob11") || hasAny(top, "satori") && hasAny(top, "milky")
}

func isNapCat(top map[string]any) bool {
	network := keysIn(top, "network")
	return hasAny(network, "httpServers", "httpSseServers", "httpClients", "websocketServers", "websocketClients", "plugins") ||
		hasAny(top, "reverseWs") || hasAny(top, "fileLog") && hasAny(top, "consoleLog") // the last is napcat.json
}

func hasAny(m map[string]any, keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { _, ok := m[key]; return ok })
}

// foreignFile recognises the configuration of another program; nil: it is none that is
// known.
func foreignFile(data []byte) *foreign {
	top := plainKeys(data)
	if top == nil || hasAny(top, "onebot", "server", "config_version") {
		return nil
	}
	for _, p := range foreignPrograms {
		if p.is(top) {
			return &foreign{program: p.name, carried: p.read(top)}
		}
	}
	return nil
}

// problem says what the file at path is.
func (f *foreign) problem(path string) Problem {
	remedy := text.T("make a file of libration with `%s`", "请用 `%s` 生成 libration 的配置文件").Fill(paste.Command("config", "init", "libration.yaml"))
	if f.carried.any() {
		remedy = text.T("%s; `%s` prints what carries over", "%s；`%s` 会输出可沿用的内容").Fill(remedy, paste.Command("config", "check", path))
	}
	return Problem{
		Message: text.T("this is a configuration of %s, not of libration", "这是 %s 的配置文件，不是 libration 的").Fill(f.program),
		Remedy:  remedy,
	}
}

// maxForeign bounds the values that are read of a foreign file.
const maxForeign = 10_000

// plainKeys reads a file as maps, lists and texts; nil where it has no keys. JSON may
// have comments, and tabs, which YAML refuses.
func plainKeys(data []byte) map[string]any {
	if len(data) > maxFile {
		return nil
	}
	if begin := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\uFEFF"))); bytes.HasPrefix(begin, []byte("{")) || bytes.HasPrefix(begin, []byte("//")) {
		var lines []string
		for line := range strings.Lines(strings.ReplaceAll(string(begin), "\t", "  ")) {
			if !strings.HasPrefix(strings.TrimSpace(line), "//") {
				lines = append(lines, line)
			}
		}
		data = []byte(strings.Join(lines, ""))
	}
	file, err := safeyaml.Parse(data, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil
	}
	for _, doc := range file.Docs {
		left := maxForeign
		if top, ok := plainValue(doc.Body, &left).(map[string]any); ok {
			return top
		}
	}
	return nil
}

// plainValue is a node as a map, a list or a text; nil where it is nothing of these, as
// an alias.
func plainValue(n ast.Node, left *int) any {
	if *left--; *left < 0 {
		return nil
	}
	keys := func(pairs ...*ast.MappingValueNode) map[string]any {
		m := make(map[string]any)
		for _, p := range pairs {
			m[keyText(p.Key)] = plainValue(p.Value, left)
		}
		return m
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		return plainValue(n.Value, left)
	case *ast.TagNode:
		return plainValue(n.Value, left)
	case *ast.MappingNode:
		return keys(n.Values...)
	case *ast.MappingValueNode:
		return keys(n)
	case *ast.SequenceNode:
		var list []any
		for _, v := range n.Values {
			list = append(list, plainValue(v, left))
		}
		return list
	}
	if s, ok := scalarText(n); ok {
		return s
	}
	return nil
}
