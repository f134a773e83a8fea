package filter

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"libration/internal/bom"
	"libration/internal/text"
)

// Bounds of a filter.
const (
	// MaxSize is how many bytes a file may have.
	MaxSize = 1 << 20
	// maxDepth is how deep objects and arrays may stand in one another.
	maxDepth = 32
	// maxRules is how many keys and conditions there may be; the values of .in are none.
	maxRules = 10_000
	// maxPattern is how many bytes the patterns may have together.
	maxPattern = 64 << 10
)

// operators are the words of the language.
var operators = []string{".not", ".and", ".or", ".eq", ".neq", ".in", ".contains", ".regex"}

// Parse reads a filter. Its errors say where the mistake is, and what to do.
func Parse(data []byte) (*Filter, error) {
	if len(data) > MaxSize {
		return nil, text.Errorf("larger than %d bytes: split it up over several connections", "超过 %d 字节：请拆分到多个连接", MaxSize)
	}
	data, err := bom.Trim(data)
	if err != nil {
		return nil, err
	}
	p := &parser{data: data}
	if err := p.valid(); err != nil {
		return nil, err
	}
	p.in = json.NewDecoder(bytes.NewReader(data))
	p.in.UseNumber()
	rules, err := p.object("", 1)
	if err != nil {
		return nil, err
	}
	return &Filter{rules}, nil
}

// parser reads JSON that is valid, token by token, so that mistakes have a place.
type parser struct {
	data     []byte
	in       *json.Decoder
	rules    int
	patterns int
}

// valid finds mistakes in the JSON itself.
func (p *parser) valid() error {
	if len(bytes.TrimSpace(p.data)) == 0 {
		return text.Errorf("the file is empty: write a JSON object, {} for a filter that all events pass", "文件为空：请写一个 JSON 对象，{} 表示全部通过")
	}
	var any json.RawMessage
	err := json.Unmarshal(p.data, &any)
	wrong, ok := errors.AsType[*json.SyntaxError](err)
	switch {
	case err == nil && !utf8.Valid(p.data):
		return text.Errorf("the text is not UTF-8: save it as UTF-8", "文本不是 UTF-8 编码，请改用 UTF-8")
	case err == nil:
		return nil
	case !ok:
		return err
	}
	line, column := p.place(max(wrong.Offset-1, 0))
	return text.Errorf("line %d, column %d: not JSON: %v; it has neither comments nor a comma after the last entry",
		"第 %d 行第 %d 列：不是 JSON：%v；JSON 没有注释，最后一项之后也没有逗号", line, column, err)
}

// place is the line and column of a byte.
func (p *parser) place(offset int64) (line, column int) {
	before := p.data[:min(int(offset), len(p.data))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}

// wrong is a mistake at the token that was read last, under a key.
func (p *parser) wrong(key string, what text.Text) error {
	line, column := p.place(max(p.in.InputOffset()-1, 0))
	if key == "" {
		return text.Errorf("line %d, column %d: %v", "第 %d 行第 %d 列：%v", line, column, what)
	}
	return text.Errorf("line %d, column %d: %s: %v", "第 %d 行第 %d 列：%s：%v", line, column, key, what)
}

// deeper counts what a filter may have of.
func (p *parser) deeper(key string, depth int) error {
	if depth > maxDepth {
		return p.wrong(key, text.T("nested too deeply: at most %d objects and arrays in one another", "嵌套过深：最多 %d 层").Fill(maxDepth))
	}
	if p.rules++; p.rules > maxRules {
		return p.wrong(key, text.T("too many conditions: at most %d; the values of .in do not count", "条件过多：最多 %d 个；.in 的值不计入").Fill(maxRules))
	}
	return nil
}

// object reads an object of conditions, all of which must hold.
func (p *parser) object(at string, depth int) (all, error) {
	t, err := p.in.Token()
	if err != nil {
		return nil, err
	}
	if t != json.Delim('{') {
		return nil, p.wrong(at, text.T("must be an object, such as {\"message_type\": \"group\"}", "应为对象，如 {\"message_type\": \"group\"}"))
	}
	return p.conditions(at, depth)
}

// conditions reads an object whose brace was read.
func (p *parser) conditions(at string, depth int) (all, error) {
	rules := all{}
	for p.in.More() {
		t, err := p.in.Token()
		if err != nil {
			return nil, err
		}
		key := t.(string) // of an object it can be nothing else
		path := key
		if at != "" {
			path = at + " > " + key
		}
		if err := p.deeper(path, depth); err != nil {
			return nil, err
		}
		r, err := p.condition(path, key, depth)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	_, err := p.in.Token()
	return rules, err
}

// condition reads what stands under a key.
func (p *parser) condition(at, key string, depth int) (rule, error) {
	switch key {
	case ".not":
		r, err := p.object(at, depth+1)
		return not{r}, err
	case ".and":
		return p.object(at, depth+1)
	case ".or":
		return p.or(at, depth+1)
	case ".eq", ".neq":
		var o oneOf
		err := p.value(&o)
		if key == ".neq" {
			return not{&o}, err
		}
		return &o, err
	case ".in":
		return p.oneOf(at)
	case ".contains":
		s, err := p.text(at)
		return contains(s), err
	case ".regex":
		return p.pattern(at)
	}
	if strings.HasPrefix(key, ".") {
		what := text.T("no such operator; there are %s", "没有该运算符；可用的有 %s").Fill(strings.Join(operators, " "))
		if near := text.Nearest(key, operators); near != "" {
			what = text.T("no such operator, did you mean %s?", "没有该运算符，是否想用 %s？").Fill(near)
		}
		return nil, p.wrong(at, what)
	}
	if key == "" {
		return nil, p.wrong(at, text.T("a key is empty: name a field of events", "键为空：请写事件的字段名"))
	}
	t, err := p.in.Token()
	if err != nil {
		return nil, err
	}
	if t == json.Delim('{') {
		rules, err := p.conditions(at, depth+1)
		return field{key, rules}, err
	}
	var o oneOf
	err = p.rest(&o, t)
	return field{key, &o}, err
}

// or reads an array of objects, one of which must hold.
func (p *parser) or(at string, depth int) (rule, error) {
	t, err := p.in.Token()
	if err != nil {
		return nil, err
	}
	if t != json.Delim('[') {
		return nil, p.wrong(at, text.T("must be an array of objects, such as [{\"group_id\": 1}, {\"user_id\": 2}]", "应为对象的数组，如 [{\"group_id\": 1}, {\"user_id\": 2}]"))
	}
	rules := some{}
	for p.in.More() {
		if err := p.deeper(at, depth); err != nil {
			return nil, err
		}
		r, err := p.object(at, depth+1)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	_, err = p.in.Token()
	return rules, err
}

// oneOf reads the values of .in, or the text.
func (p *parser) oneOf(at string) (rule, error) {
	t, err := p.in.Token()
	if err != nil {
		return nil, err
	}
	if s, ok := t.(string); ok {
		return within(s), nil
	}
	if t != json.Delim('[') {
		return nil, p.wrong(at, text.T("must be an array of values, or a text, such as [12345, 67890]", "应为值的数组或文本，如 [12345, 67890]"))
	}
	o := &oneOf{}
	for p.in.More() {
		if err := p.value(o); err != nil {
			return nil, err
		}
	}
	_, err = p.in.Token()
	return o, err
}

// value reads a value to compare with.
func (p *parser) value(o *oneOf) error {
	var raw json.RawMessage
	err := p.in.Decode(&raw)
	if err == nil {
		o.add(string(raw))
	}
	return err
}

// rest reads a value to compare with whose first token was read, which is no brace.
func (p *parser) rest(o *oneOf, t json.Token) error {
	if begin := p.in.InputOffset() - 1; t == json.Delim('[') { // nothing else but an array is left of composed ones
		for depth := 1; depth > 0; {
			next, err := p.in.Token()
			if err != nil {
				return err
			}
			switch next {
			case json.Delim('['), json.Delim('{'):
				depth++
			case json.Delim(']'), json.Delim('}'):
				depth--
			}
		}
		o.add(string(p.data[begin:p.in.InputOffset()]))
		return nil
	}
	raw, err := json.Marshal(t)
	o.add(string(raw))
	return err
}

// add adds a value in JSON.
func (o *oneOf) add(raw string) {
	switch v := gjson.Parse(raw); v.Type {
	case gjson.Null:
		o.null = true
	case gjson.JSON:
		o.other = append(o.other, normal(raw))
	default:
		if o.plain == nil {
			o.plain = map[string]bool{}
		}
		o.plain[strings.Clone(plain(v))] = true
	}
}

func (p *parser) text(at string) (string, error) {
	t, err := p.in.Token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", p.wrong(at, text.T("must be a text in quotes", "应为带引号的文本"))
	}
	return s, nil
}

// beyond are the mistakes in a pattern that other engines take for none.
var beyond = []syntax.ErrorCode{syntax.ErrInvalidPerlOp, syntax.ErrInvalidNamedCapture, syntax.ErrInvalidEscape, syntax.ErrInvalidRepeatOp}

// pattern reads the pattern of .regex. A text without anything else is looked for as it is.
func (p *parser) pattern(at string) (rule, error) {
	s, err := p.text(at)
	if err != nil {
		return nil, err
	}
	if p.patterns += len(s); p.patterns > maxPattern {
		return nil, p.wrong(at, text.T("the patterns are larger than %d bytes together: use .in or .contains", "正则表达式合计超过 %d 字节：请改用 .in 或 .contains").Fill(maxPattern))
	}
	compiled, err := regexp.Compile(s)
	if fault, ok := errors.AsType[*syntax.Error](err); ok && slices.Contains(beyond, fault.Code) {
		return nil, p.wrong(at, text.T(
			"the pattern cannot be used: %v; patterns are those of RE2, without lookaround, backreferences and possessive repeats: combine .not and several .regex",
			"正则表达式无法使用：%v；语法为 RE2，不支持环视、反向引用和占有量词：请组合使用 .not 和多个 .regex").Fill(err))
	}
	if err != nil {
		return nil, p.wrong(at, text.T("the pattern cannot be used: %v", "正则表达式无法使用：%v").Fill(err))
	}
	return matcher{compiled.MatchString}, nil
}
