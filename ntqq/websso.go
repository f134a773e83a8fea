package ntqq

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/text"
)

// maxValues bounds how many values an answer in JSON has: read, one of two bytes may take
// hundreds.
const maxValues = 1 << 16

var errManyValues = text.Errorf("the answer has more than %d values", "应答中的值超过 %d 个", maxValues)

// manyValues reports whether a text in JSON has more.
func manyValues(b []byte) bool {
	n, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == '[' || c == '{'):
			n++
		}
	}
	return n > maxValues
}

// webSSO calls an operation whose request and answer are JSON (docs/protocol/operations.md
// 3.1 and 3.2), and reads the answer into one of its fields.
func webSSO(ctx context.Context, c *Client, op *rpc.Op[*oidbpb.WebSsoReq, *oidbpb.WebSsoResp], ask, answer any) error {
	req, err := webSSORequest(ask)
	if err != nil {
		return err
	}
	resp, err := call(ctx, c, op, req)
	if err != nil {
		return err
	}
	return serverError(readWebSSO(op.Name, resp.GetData(), answer), nil)
}

func webSSORequest(ask any) (*oidbpb.WebSsoReq, error) {
	data, err := json.Marshal(ask)
	if err != nil {
		return nil, fmt.Errorf("write a request as JSON: %w", err)
	}
	return &oidbpb.WebSsoReq{Type: proto.Uint32(0), Data: proto.String(string(data))}, nil
}

// readWebSSO reads the JSON of an answer. A code in it that is not 0 is a [*rpc.Refused].
func readWebSSO(command, data string, answer any) error {
	if manyValues([]byte(data)) {
		return fmt.Errorf("read the answer of %s: %w", command, errManyValues)
	}
	var result struct{ ErrorCode int64 }
	for _, part := range []any{&result, answer} {
		if err := json.Unmarshal([]byte(data), part); err != nil {
			return fmt.Errorf("read the answer of %s: %w", command, err)
		}
		if result.ErrorCode != 0 {
			return &rpc.Refused{Command: command, Code: result.ErrorCode}
		}
	}
	return nil
}
