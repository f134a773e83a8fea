package config

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"libration/internal/text"
)

const envPrefix = "LIBRATION_"

// variable is an environment variable, or a credential, that names a key.
type variable struct {
	name, value string
	parts       []string // of the path, in lower case
	credential  bool     // the value is never shown; name is the file's path
}

// variables picks those of the environment ("NAME=value") that are meant for the
// configuration. A name without "__" that is no key belongs to something else; one
// with it is a mistake that must be told.
func variables(environ []string) []variable {
	var vars []variable
	top := keysOf(reflect.TypeFor[Config]())
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		rest, ok := strings.CutPrefix(name, envPrefix)
		if !ok {
			continue
		}
		parts := strings.Split(strings.ToLower(rest), "__")
		if len(parts) > 1 || slices.Contains(top, parts[0]) {
			vars = append(vars, variable{name: name, value: value, parts: parts})
		}
	}
	sortVariables(vars)
	return vars
}

// sortVariables brings list entries in order, 2 before 10.
func sortVariables(vars []variable) {
	slices.SortFunc(vars, func(a, b variable) int {
		return slices.CompareFunc(a.parts, b.parts, func(x, y string) int {
			i, errX := strconv.Atoi(x)
			j, errY := strconv.Atoi(y)
			if errX == nil && errY == nil {
				return cmp.Compare(i, j)
			}
			return strings.Compare(x, y)
		})
	})
}

// override sets the key that the variable names.
func (d *decoder) override(root reflect.Value, v variable) {
	d.env, d.hidden = v.name, v.credential
	defer func() { d.env, d.hidden = "", false }()
	target, path := root, ""
	for _, part := range v.parts {
		switch {
		case isScalar(target.Type()):
			d.report(Problem{Env: v.name, Key: path, Message: text.T("has no keys below it", "其下没有键"), Remedy: text.T("shorten the name", "请缩短名称")})
			return
		case target.Kind() == reflect.Slice:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i > target.Len() || i >= maxList {
				d.report(Problem{Env: v.name, Key: path + "[" + shorten(part) + "]", Message: text.T("not an index of this list", "不是该列表的下标"),
					Remedy: text.T("use a number from 0 to %d; the last one adds an entry", "使用 0 到 %d 的数字；最后一个表示新增一项").Fill(min(target.Len(), maxList-1))})
				return
			}
			if i == target.Len() {
				target.Set(reflect.Append(target, reflect.Zero(target.Type().Elem())))
			}
			target, path = target.Index(i), path+"["+part+"]"
			if _, ok := d.places[path]; !ok {
				d.places[path] = place{env: v.name}
			}
		default:
			field, ok := fieldOf(target, part)
			if !ok {
				d.places[join(path, part)] = place{env: v.name}
				d.unknown(join(path, part), part, keysOf(target.Type()))
				return
			}
			target, path = field, join(path, part)
		}
	}
	d.assign(target, path, v.value)
}

// assign sets a value from the text of a variable: as it is for a single value,
// separated by commas for a list of texts, otherwise YAML.
func (d *decoder) assign(target reflect.Value, path, written string) {
	if isScalar(target.Type()) {
		d.places[path] = place{env: d.env, value: d.shown(written)}
		d.set(target, written, path)
		return
	}
	texts := target.Kind() == reflect.Slice && target.Type().Elem().Kind() == reflect.String
	if d.hidden && !texts {
		d.report(Problem{Env: d.env, Key: path, Message: text.T("a credential sets a single value or a list of texts, not this", "凭据只能设置单个值或文本列表，不能设置此项"), Remedy: text.T("name the file like a key below it", "请用其下的某个键命名文件")})
		return
	}
	if texts && (d.hidden || !strings.HasPrefix(strings.TrimSpace(written), "[")) {
		d.places[path] = place{env: d.env}
		list := reflect.MakeSlice(target.Type(), 0, 0)
		for part := range strings.SplitSeq(written, ",") {
			if part = strings.TrimSpace(part); part != "" && list.Len() < maxList {
				d.places[path+"["+strconv.Itoa(list.Len())+"]"] = place{env: d.env, value: d.shown(part)}
				list = reflect.Append(list, reflect.ValueOf(part))
			}
		}
		target.Set(list)
		return
	}
	if body := d.parseYAML([]byte(written), path); body != nil {
		d.decode(body, target, path)
	}
}

// shown is what problems may quote of a value.
func (d *decoder) shown(written string) string {
	if d.hidden {
		return ""
	}
	return written
}
