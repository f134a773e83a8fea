package fault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"libration/internal/text"
	"libration/ntqq/message"
)

// Limits of the parameters of a fault.
const (
	maxFaultCount    = 1 << 30
	maxFaultDuration = 366 * 24 * time.Hour
)

// Fault is one fault to be switched on. Name is required. [Kinds] lists which of the
// other fields a fault has; the rest must be zero.
type Fault struct {
	Name Name
	// On is the stage, the command, or the pattern of commands with "*" that it strikes.
	// Commands match in either case. Default: that of its [Kind].
	On string
	// UIN is the only account whose clients it strikes. Default: all.
	UIN message.UIN
	// Count is how many times it strikes, then it is switched off. Default: without end.
	Count int
	// Skip is how many matches pass before it can strike.
	Skip int
	// Probability, from 0 to 1, is how likely each later match is struck. Default:
	// always.
	Probability float64
	// Seed decides what Probability draws. Default: derived from the seed of the set.
	Seed uint64
	// For is how long it is switched on. Default: until it is taken away.
	For time.Duration
	// Delay is how late an answer or a push is. Default: that of its kind.
	Delay time.Duration
	// Code is the code of the answer. Default: that of its kind.
	Code int64
	// Offset is how far the clock is off, negative for a slow one. Default: an hour.
	Offset time.Duration
}

// Params returns every parameter that faults may have.
func Params() []Param {
	return []Param{
		{"on", text.T("stage, command, or pattern with *", "阶段、命令，或带 * 的模式"), func(f *Fault, s string) error { f.On = s; return nil },
			func(f *Fault) string { return f.On }},
		{"uin", text.T("only clients of this account", "只针对此账号的客户端"), func(f *Fault, s string) error {
			n, err := strconv.ParseUint(s, 10, 32)
			f.UIN = message.UIN(n)
			return err
		}, func(f *Fault) string { return nonZero(f.UIN) }},
		{"count", text.T("how often, then it is taken away; 0: without end", "发生多少次后撤销；0 表示不限"), whole(func(f *Fault) *int { return &f.Count }),
			func(f *Fault) string { return nonZero(f.Count) }},
		{"skip", text.T("how many pass before it can strike", "先放过多少次"), whole(func(f *Fault) *int { return &f.Skip }),
			func(f *Fault) string { return nonZero(f.Skip) }},
		{"probability", text.T("from 0 to 1; 0: always, as 1", "从 0 到 1；0 与 1 相同，总是发生"), func(f *Fault, s string) (err error) {
			f.Probability, err = strconv.ParseFloat(s, 64)
			return err
		}, func(f *Fault) string { return nonZero(f.Probability) }},
		{"seed", text.T("decides what probability draws; 0: from the sandbox's seed", "决定 probability 的抽取；0 表示由沙盒的种子生成"), func(f *Fault, s string) (err error) {
			f.Seed, err = strconv.ParseUint(s, 10, 64)
			return err
		}, func(f *Fault) string { return nonZero(f.Seed) }},
		{"for", text.T("how long it is switched on, as 30s; 0: until taken away", "开启多久，如 30s；0 表示直到撤销"), span(func(f *Fault) *time.Duration { return &f.For }),
			func(f *Fault) string { return nonZero(f.For) }},
		{"delay", text.T("how late, as 5s", "延迟多久，如 5s"), span(func(f *Fault) *time.Duration { return &f.Delay }),
			func(f *Fault) string { return nonZero(f.Delay) }},
		{"code", text.T("the code of the answer", "应答中的代码"), func(f *Fault, s string) (err error) {
			f.Code, err = strconv.ParseInt(s, 10, 64)
			return err
		}, func(f *Fault) string { return nonZero(f.Code) }},
		{"offset", text.T("how far the clock is off, as -2h", "时钟偏差，如 -2h"), span(func(f *Fault) *time.Duration { return &f.Offset }),
			func(f *Fault) string { return nonZero(f.Offset) }},
	}
}

func whole(field func(*Fault) *int) func(*Fault, string) error {
	return func(f *Fault, s string) (err error) {
		*field(f), err = strconv.Atoi(s)
		return err
	}
}

func span(field func(*Fault) *time.Duration) func(*Fault, string) error {
	return func(f *Fault, s string) (err error) {
		*field(f), err = time.ParseDuration(s)
		return err
	}
}

func nonZero[T comparable](v T) string {
	var zero T
	if v == zero {
		return ""
	}
	return fmt.Sprint(v)
}

func join[T ~string](names []T) string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = string(n)
	}
	return strings.Join(texts, ", ")
}

func unknownFault(name Name) error {
	var names []Name
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return text.Errorf("there is no fault %q, but: %s", "没有故障 %q，可用的有：%s", name, join(names))
}

// set gives one parameter its value.
func (f *Fault) set(kind Kind, name, value string) error {
	if !slices.Contains(kind.Params, name) {
		return text.Errorf("fault %s has no parameter %q, but: %s", "故障 %s 没有参数 %q，可用的有：%s", f.Name, name, join(kind.Params))
	}
	for _, p := range Params() {
		if p.Name == name {
			if err := p.set(f, value); err != nil {
				return text.Errorf("fault %s: %s=%q is not valid (%s)", "故障 %s：%s=%q 无效（%s）", f.Name, name, value, p.Doc)
			}
		}
	}
	return nil
}

// validate returns the kind of a fault whose values are all in range.
func (f *Fault) validate() (Kind, error) {
	kind, ok := kindOf(f.Name)
	if !ok {
		return kind, unknownFault(f.Name)
	}
	for _, p := range Params() {
		if p.text(f) != "" && !slices.Contains(kind.Params, p.Name) {
			return kind, text.Errorf("fault %s has no parameter %q, but: %s", "故障 %s 没有参数 %q，可用的有：%s", f.Name, p.Name, join(kind.Params))
		}
	}
	bad := func(name string, want text.Text) (Kind, error) {
		return kind, text.Errorf("fault %s: %s must be %s", "故障 %s：%s 必须%s", f.Name, name, want)
	}
	if _, err := path.Match(f.On, ""); err != nil {
		return bad("on", text.T("a stage, a command or a pattern", "是阶段、命令或模式"))
	}
	switch {
	case f.Count < 0 || f.Count > maxFaultCount:
		return bad("count", text.T("from 0 to %d", "在 0 到 %d 之间").Fill(maxFaultCount))
	case f.Skip < 0 || f.Skip > maxFaultCount:
		return bad("skip", text.T("from 0 to %d", "在 0 到 %d 之间").Fill(maxFaultCount))
	case !(f.Probability >= 0 && f.Probability <= 1): // also not a number
		return bad("probability", text.T("from 0 to 1", "在 0 到 1 之间"))
	case f.For < 0 || f.For > maxFaultDuration:
		return bad("for", text.T("from 0 to a year", "在 0 到一年之间"))
	case f.Delay < 0 || f.Delay > maxFaultDuration:
		return bad("delay", text.T("from 0 to a year", "在 0 到一年之间"))
	case f.Offset.Abs() > maxFaultDuration:
		return bad("offset", text.T("a year at most", "不超过一年"))
	case f.Name == SignerFail && f.Code != 0 && http.StatusText(int(f.Code)) == "":
		return bad("code", text.T("an HTTP status", "是 HTTP 状态码"))
	case f.Name == Code && f.Code != int64(int32(f.Code)):
		return bad("code", text.T("of 32 bits", "是 32 位整数"))
	case f.Code < 0 && f.Name != Code:
		return bad("code", text.T("positive", "是正数"))
	}
	return kind, nil
}

// Parse reads the text form NAME[:param=value,...], as in
// "delay:on=send,delay=3s,count=2". Errors name what is known.
func Parse(form string) (Fault, error) {
	name, rest, some := strings.Cut(form, ":")
	f := Fault{Name: Name(name)}
	kind, ok := kindOf(f.Name)
	if !ok {
		return Fault{}, unknownFault(f.Name)
	}
	if some {
		for pair := range strings.SplitSeq(rest, ",") {
			key, value, ok := strings.Cut(pair, "=")
			if !ok {
				return Fault{}, text.Errorf("fault %s: %q is not param=value; it has: %s", "故障 %s：%q 不是 param=value 的形式，可用的参数：%s", name, pair, join(kind.Params))
			}
			if err := f.set(kind, key, value); err != nil {
				return Fault{}, err
			}
		}
	}
	if _, err := f.validate(); err != nil {
		return Fault{}, err
	}
	return f, nil
}

// String returns the text form that Parse reads.
func (f Fault) String() string {
	var pairs []string
	for _, p := range Params() {
		if text := p.text(&f); text != "" {
			pairs = append(pairs, p.Name+"="+text)
		}
	}
	if len(pairs) == 0 {
		return string(f.Name)
	}
	return string(f.Name) + ":" + strings.Join(pairs, ",")
}

// MarshalJSON writes the name and every parameter that is not the default as a
// text, as in {"name":"delay","on":"send","delay":"3s"}.
func (f Fault) MarshalJSON() ([]byte, error) {
	fields := map[string]string{"name": string(f.Name)}
	for _, p := range Params() {
		if text := p.text(&f); text != "" {
			fields[p.Name] = text
		}
	}
	return json.Marshal(fields)
}

// UnmarshalJSON reads what MarshalJSON writes; numbers need no quotes. Unknown
// names and values out of range are errors.
func (f *Fault) UnmarshalJSON(body []byte) error {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &fields); err != nil {
		return text.Errorf("fault: %v", "故障：%v", err)
	}
	read := func(name string) (string, error) {
		raw := bytes.TrimSpace(fields[name])
		var value string
		if len(raw) > 0 && raw[0] == '"' {
			err := json.Unmarshal(raw, &value)
			return value, err
		}
		return string(raw), nil
	}
	name, err := read("name")
	if err != nil {
		return text.Errorf("fault: %v", "故障：%v", err)
	}
	got := Fault{Name: Name(name)}
	kind, ok := kindOf(got.Name)
	if !ok {
		return unknownFault(got.Name)
	}
	delete(fields, "name")
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		value, err := read(key)
		if err != nil {
			return text.Errorf("fault %s: %s: %v", "故障 %s：%s：%v", name, key, err)
		}
		if err := got.set(kind, key, value); err != nil {
			return err
		}
	}
	if _, err := got.validate(); err != nil {
		return err
	}
	*f = got
	return nil
}
