package filter

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// plain is a text, a number or a boolean as a text: a number is the same as its digits in
// a text.
func plain(v gjson.Result) string {
	switch v.Type {
	case gjson.String:
		return v.Str
	case gjson.Number:
		return number(v.Raw)
	case gjson.True:
		return "true"
	}
	return "false"
}

// number is a number as its digits. Whole numbers keep all of theirs; others, and those
// with an exponent, are as near as a float64 is.
func number(raw string) string {
	if !strings.ContainsAny(raw, ".eE") {
		return raw
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return raw
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// normal is an object or an array as compact JSON with sorted keys.
func normal(raw string) string {
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return raw
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	if e.Encode(v) != nil {
		return raw
	}
	return b.String()
}
