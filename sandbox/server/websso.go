package server

import (
	"encoding/json"
	"errors"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/sandbox/world"
)

// webSSOResult is what answers in JSON begin with.
type webSSOResult struct{ ErrorCode int64 }

// webSSO answers a request in JSON. Of a refusal it answers the code: no place for a text
// is known.
func webSSO[Asked any](req *oidbpb.WebSsoReq, handle func(Asked) (answer any, err error)) (*oidbpb.WebSsoResp, error) {
	var asked Asked
	var answer any
	err := json.Unmarshal([]byte(req.GetData()), &asked)
	if err != nil {
		err = world.Refuse(world.BadRequest, "the request cannot be read: %v", err)
	} else {
		answer, err = handle(asked)
	}
	if refused, ok := errors.AsType[*world.Refusal](err); ok {
		answer = webSSOResult{int64(refused.Code)}
	} else if err != nil {
		return nil, err
	}
	data, err := json.Marshal(answer)
	return &oidbpb.WebSsoResp{Type: proto.Uint32(req.GetType()), Ret: proto.Uint32(0), Data: proto.String(string(data))}, err
}
