package table_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/gateway/table"
	"libration/internal/text"
)

func TestPages(t *testing.T) {
	t.Parallel()
	actions := newTable(t)
	for _, tt := range []struct{ name, page, want string }{
		{"overview", actions.Overview(text.English, "a.md"), `| action | what it does | parameters | data |
|---|---|---|---|
| [` + "`forward`](a.md#forward), [`fwd`](a.md#forward) | Forwards. | `group_id`, `message_seq`?, `times`=3, `order`=asc, `nodes`? | `id`, `next`, `parts`" + ` |
| [` + "`nothing`](a.md#nothing)" + ` | Does nothing. |  |  |
| [` + "`.raw`](a.md#raw) | Encodes itself. |  | `id`, `next`, `parts`" + ` |
`},
		{"codes", actions.Codes(text.Chinese), "| `msg` | 含义 |\n|---|---|\n| `NO_GROUP` | 群不存在 |\n| `FAILED` | 失败 |\n"},
		{"list", actions.List(text.Chinese), "发送\n  forward, fwd               转发。\n\n其他\n  nothing                    什么也不做。\n  .raw                       自行编码。\n"},
		{"help", actions.Find("fwd").Help(text.Chinese, func(e *table.Example) string { return "run " + e.Action }), `forward, fwd
  转发。

参数：
  group_id / group（整数，必需）
      号码。
  message_seq（整数，可选）
      起点。
  times（整数，默认：3）
      次数。
  order（字符串，默认：asc）
      顺序。可选值：asc, desc。
  nodes（数组：对象，可选）
      各部分。
  – user_id（整数，必需）
      号码。
  – words（字符串，默认：none）
      内容。

示例：
  run forward
  {
    "status": "ok",
    "data": {
      "id": 1,
      "next": null,
      "parts": [
        {"user_id": 1, "words": "` + strings.Repeat("好", 60) + `…"},
        {"user_id": 1, "words": "` + strings.Repeat("好", 60) + `…"},
        …
      ]
    }
  }

结果：对象
  id（整数）编号。
  next（整数）后续。
  parts（数组：对象）各部分。
  – user_id（整数）号码。
  – words（字符串）内容。

特有的失败代码：
  NO_GROUP：群不存在
  FAILED：失败
`},
	} {
		if diff := cmp.Diff(tt.want, tt.page); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}
	reference := actions.Reference(text.English)
	for _, want := range []string{
		"## `forward`\n\nForwards.\n\nAlso: `fwd`\n\nFrom: standard. It changes something.\n",
		"| `order` | text | default: asc | Which way. One of: asc, desc. |\n", "| – `words` | text | default: none | What it says. |\n",
		"- `NO_GROUP`: no such group\n", "\n| Nobody needs it. | `backward`, `sideward` |\n",
		"```json\n{\n  \"action\": \"forward\",\n  \"params\": {\"group_id\": 5, \"nodes\": [{\"user_id\": 1, \"words\": \"a & b\"}, {\"user_id\": 2}, {\"user_id\": 3}]}\n}\n{\n  \"status\": \"ok\",\n",
	} {
		if !strings.Contains(reference, want) {
			t.Errorf("the reference lacks %q:\n%s", want, reference)
		}
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	var schema struct {
		OneOf []json.RawMessage
		Defs  map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(newTable(t).Schema(text.English), &schema); err != nil {
		t.Fatal(err)
	}
	if len(schema.OneOf) != 3 || len(schema.Defs) != 6 {
		t.Fatalf("got %d requests and %d definitions, want 3 and 6", len(schema.OneOf), len(schema.Defs))
	}
	for got, want := range map[string]string{
		string(schema.OneOf[0]): `{"title":"forward","description":"Forwards.","properties":{"action":{"enum":["forward","fwd"]},
			"params":{"$ref":"#/$defs/forward.params"}},"required":["action"]}`,
		string(schema.Defs["forward.params"]): `{"type":"object","properties":{
			"group_id":{"description":"A number.","type":"integer"},"group":{"description":"A number.","type":"integer"},
			"message_seq":{"description":"Where it begins.","type":"integer"},"times":{"description":"How often.","type":"integer","default":3},
			"order":{"description":"Which way.","type":"string","enum":["asc","desc"],"default":"asc"},
			"nodes":{"description":"The parts.","type":"array","items":{"type":"object","properties":{"user_id":{"description":"A number.","type":"integer"},
				"words":{"description":"What it says.","type":"string","default":"none"}},"required":["user_id"]}}},
			"examples":[` + string(forwardExample.Params) + `]}`,
		string(schema.Defs["forward.data"]): `{"type":"object","properties":{"id":{"description":"The id.","type":"integer"},
			"next":{"anyOf":[{"description":"Where it goes on.","type":"integer"},{"type":"null"}]},
			"parts":{"description":"The parts.","type":"array","items":{"type":"object","properties":{"user_id":{"description":"A number.","type":"integer"},
				"words":{"description":"What it says.","type":"string"}},"required":["user_id","words"]}}},"required":["id","next","parts"],
			"examples":[` + strings.TrimSuffix(strings.TrimPrefix(string(forwardExample.Answers[0]), `{"status":"ok","data":`), "}") + `]}`,
		string(schema.Defs["nothing.data"]):   `{"type":"null"}`,
		string(schema.Defs["nothing.params"]): `{"type":"object"}`,
	} {
		var g, w any
		if json.Unmarshal([]byte(got), &g) != nil || json.Unmarshal([]byte(want), &w) != nil {
			t.Fatalf("not JSON: %s, %s", got, want)
		}
		if diff := cmp.Diff(w, g); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}
