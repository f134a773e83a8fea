package onebot

import (
	"bytes"
	"context"
	"testing"
)

func FuzzParseInput(f *testing.F) {
	f.Add("/send_msg", "group_id=1", "application/json", []byte(`{"message":[{"type":"text"}]}`))
	f.Add("/", "action=x&params={}", "application/x-www-form-urlencoded", []byte(`a=b&params=[1]&c=%7B%7D`))
	f.Add("/", "a=1", "application/json", []byte(`null`))
	f.Add("//a/", "a=%zz;&&=", "application/json; =", []byte("\xef\xbb\xbf{}"))
	s, _, _ := newTestDialect(f)
	f.Fuzz(func(t *testing.T, path, query, contentType string, body []byte) {
		before := bytes.Clone(body)
		r, v := parseInput(input{path, query, contentType, body})
		if !bytes.Equal(before, body) {
			t.Fatalf("the body was changed: %q", before)
		}
		if (v.status == 0) != (v.err == nil) {
			t.Fatalf("got %+v", v)
		}
		if v.status == 0 && r.Action == "" {
			t.Fatalf("no action and no error for %q %q", path, body)
		}
		if v.status == 0 && s.Call(context.Background(), r) == nil {
			t.Fatal("no response")
		}
	})
}
