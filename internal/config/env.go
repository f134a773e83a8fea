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

// variable is an environment variable that names a key.
type variable struct {
	name, value string
	parts       []string // of the path, in lower case
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
	// List entries must come in order, 2 before 10.
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
	return vars
}

// override sets the key that the variable names.
func (d *decoder) override(root reflect.Value, v variable) {
	d.env = v.name
	defer func() { d.env = "" }()
	target, path := root, ""
	for _, part := range v.parts {
		switch {
		case isScalar(target.Type()):
			d.report(Problem{Env: v.name, Key: path, Message: text.T("has no keys below it", "其下没有键"), Remedy: text.T("shorten the variable's name", "请缩短变量名")})
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
		d.places[path] = place{env: d.env, value: written}
		d.set(target, written, path)
		return
	}
	texts := target.Kind() == reflect.Slice && target.Type().Elem().Kind() == reflect.String
	if texts && !strings.HasPrefix(strings.TrimSpace(written), "[") {
		d.places[path] = place{env: d.env}
		list := reflect.MakeSlice(target.Type(), 0, 0)
		for part := range strings.SplitSeq(written, ",") {
			if part = strings.TrimSpace(part); part != "" && list.Len() < maxList {
				d.places[path+"["+strconv.Itoa(list.Len())+"]"] = place{env: d.env, value: part}
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
