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
		{"on", "stage, command, or pattern with *", func(f *Fault, s string) error { f.On = s; return nil },
			func(f *Fault) string { return f.On }},
		{"uin", "only clients of this account", func(f *Fault, s string) error {
			n, err := strconv.ParseUint(s, 10, 32)
			f.UIN = message.UIN(n)
			return err
		}, func(f *Fault) string { return nonZero(f.UIN) }},
		{"count", "how often, then it is taken away; 0: without end", whole(func(f *Fault) *int { return &f.Count }),
			func(f *Fault) string { return nonZero(f.Count) }},
		{"skip", "how many pass before it can strike", whole(func(f *Fault) *int { return &f.Skip }),
			func(f *Fault) string { return nonZero(f.Skip) }},
		{"probability", "from 0 to 1; 0: always, as 1", func(f *Fault, s string) (err error) {
			f.Probability, err = strconv.ParseFloat(s, 64)
			return err
		}, func(f *Fault) string { return nonZero(f.Probability) }},
		{"seed", "decides what probability draws; 0: from the sandbox's seed", func(f *Fault, s string) (err error) {
			f.Seed, err = strconv.ParseUint(s, 10, 64)
			return err
		}, func(f *Fault) string { return nonZero(f.Seed) }},
		{"for", "how long it is switched on, as 30s; 0: until taken away", span(func(f *Fault) *time.Duration { return &f.For }),
			func(f *Fault) string { return nonZero(f.For) }},
		{"delay", "how late, as 5s", span(func(f *Fault) *time.Duration { return &f.Delay }),
			func(f *Fault) string { return nonZero(f.Delay) }},
		{"code", "the code of the answer", func(f *Fault, s string) (err error) {
			f.Code, err = strconv.ParseInt(s, 10, 64)
			return err
		}, func(f *Fault) string { return nonZero(f.Code) }},
		{"offset", "how far the clock is off, as -2h", span(func(f *Fault) *time.Duration { return &f.Offset }),
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
	return fmt.Errorf("there is no fault %q, but: %s", name, join(names))
}

// set gives one parameter its value.
func (f *Fault) set(kind Kind, name, value string) error {
	if !slices.Contains(kind.Params, name) {
		return fmt.Errorf("fault %s has no parameter %q, but: %s", f.Name, name, join(kind.Params))
	}
	for _, p := range Params() {
		if p.Name == name {
			if err := p.set(f, value); err != nil {
				return fmt.Errorf("fault %s: %s=%q is not valid (%s)", f.Name, name, value, p.Doc)
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
			return kind, fmt.Errorf("fault %s has no parameter %q, but: %s", f.Name, p.Name, join(kind.Params))
		}
	}
	bad := func(name, want string) (Kind, error) {
		return kind, fmt.Errorf("fault %s: %s must be %s", f.Name, name, want)
	}
	if _, err := path.Match(f.On, ""); err != nil {
		return bad("on", "a stage, a command or a pattern")
	}
	switch {
	case f.Count < 0 || f.Count > maxFaultCount:
		return bad("count", fmt.Sprintf("from 0 to %d", maxFaultCount))
	case f.Skip < 0 || f.Skip > maxFaultCount:
		return bad("skip", fmt.Sprintf("from 0 to %d", maxFaultCount))
	case !(f.Probability >= 0 && f.Probability <= 1): // also not a number
		return bad("probability", "from 0 to 1")
	case f.For < 0 || f.For > maxFaultDuration:
		return bad("for", "from 0 to a year")
	case f.Delay < 0 || f.Delay > maxFaultDuration:
		return bad("delay", "from 0 to a year")
	case f.Offset.Abs() > maxFaultDuration:
		return bad("offset", "a year at most")
	case f.Name == SignerFail && f.Code != 0 && http.StatusText(int(f.Code)) == "":
		return bad("code", "an HTTP status")
	case f.Name == Code && f.Code != int64(int32(f.Code)):
		return bad("code", "of 32 bits")
	case f.Code < 0 && f.Name != Code:
		return bad("code", "positive")
	}
	return kind, nil
}

// Parse reads the text form NAME[:param=value,...], as in
// "delay:on=send,delay=3s,count=2". Errors name what is known.
func Parse(text string) (Fault, error) {
	name, rest, some := strings.Cut(text, ":")
	f := Fault{Name: Name(name)}
	kind, ok := kindOf(f.Name)
	if !ok {
		return Fault{}, unknownFault(f.Name)
	}
	if some {
		for pair := range strings.SplitSeq(rest, ",") {
			key, value, ok := strings.Cut(pair, "=")
			if !ok {
				return Fault{}, fmt.Errorf("fault %s: %q is not param=value; it has: %s", name, pair, join(kind.Params))
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
func (f *Fault) UnmarshalJSON(text []byte) error {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return fmt.Errorf("fault: %w", err)
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
		return fmt.Errorf("fault: %w", err)
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
			return fmt.Errorf("fault %s: %s: %w", name, key, err)
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
