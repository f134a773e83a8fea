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

// otherVariables are those of ours that are no keys.
var otherVariables = []string{"LIBRATION_TOKEN", "LIBRATION_ADMIN_TOKEN", "LIBRATION_KEYSTORE_KEY", "LIBRATION_VECTORS"}

// strange warns of variables that look like ours and are not read. variables has those
// with "__".
func (d *decoder) strange(environ []string) {
	top := keysOf(reflect.TypeFor[Config]())
	names := variablesOf(reflect.TypeFor[Config](), "")
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		rest, ok := strings.CutPrefix(name, envPrefix)
		if !ok || strings.Contains(rest, "__") || slices.Contains(top, strings.ToLower(rest)) || slices.Contains(otherVariables, name) || ofCluster(rest, value) {
			continue
		}
		remedy := text.T("its parts are separated by two underscores, as in LIBRATION_LOG__LEVEL", "各级之间用两个下划线分隔，如 LIBRATION_LOG__LEVEL")
		if meant := variableFor(rest, names); strings.HasPrefix(rest, "CONFIG") {
			remedy = text.T("name the file with -c", "请用 -c 指定配置文件")
		} else if meant != "" {
			remedy = text.T("did you mean %s?", "是否想写 %s？").Fill(meant)
		}
		d.report(Problem{Env: shorten(name), Warning: true, Message: text.T("no key of the configuration, so it is not read", "不是配置中的键，不会读取"), Remedy: remedy})
	}
}

// ofCluster tells whether a variable is one that Kubernetes and Docker set for a service
// that is called libration.
func ofCluster(rest, value string) bool {
	return strings.Contains(value, "://") && strings.Contains(rest, "PORT") || strings.HasSuffix(rest, "SERVICE_HOST") ||
		strings.Contains(rest, "SERVICE_PORT") || strings.HasPrefix(rest, "PORT_")
}

// variablesOf are the names of the variables for all single values and lists of texts.
func variablesOf(t reflect.Type, before string) (names []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("yaml")
		if tag == "-" {
			continue
		}
		switch name := before + strings.ToUpper(tag); {
		case f.Type.Kind() == reflect.Struct && !isScalar(f.Type):
			names = append(names, variablesOf(f.Type, name+"__")...)
		default:
			names = append(names, envPrefix+name)
		}
	}
	return names
}

// variableFor is the variable that was probably meant by one without the prefix, "" for
// none: by its words, by its last word alone, or a misspelt one.
func variableFor(rest string, names []string) string {
	var last []string
	for _, name := range names {
		if text.Plain(strings.TrimPrefix(name, envPrefix)) == text.Plain(rest) {
			return name
		}
		if text.Plain(name[strings.LastIndex("__"+name, "__"):]) == text.Plain(rest) {
			last = append(last, name)
		}
	}
	if len(last) == 1 {
		return last[0]
	}
	for _, name := range append(names, otherVariables...) {
		name = strings.TrimPrefix(name, envPrefix)
		if text.Nearest(rest, []string{name}) != "" {
			return envPrefix + name
		}
	}
	return ""
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
