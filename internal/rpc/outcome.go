package rpc

import (
	"fmt"
	"strings"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
)

// Outcome reads what an answer says of its request: the operation, which clients may send
// under another name of its kind, and its result, 0 for success.
func Outcome(command string, answer []byte) (operation string, code int64) {
	if !strings.HasPrefix(command, "OidbSvcTrpcTcp.") {
		return command, inside(command, answer)
	}
	env := &oidbpb.OidbEnvelope{}
	if err := pb.Unmarshal(answer, env); err != nil {
		return command, 1
	}
	operation = fmt.Sprintf("OidbSvcTrpcTcp.0x%x_%d", env.GetCommand(), env.GetSubCommand())
	if code = int64(env.GetResult()); code == 0 {
		code = inside(operation, env.GetBody())
	}
	return operation, code
}

// inside reads the result inside an answer.
func inside(operation string, body []byte) int64 {
	for _, op := range operations {
		if op.Name != operation || op.Verdict == nil {
			continue
		}
		answer := op.NewResponse()
		if err := pb.Unmarshal(body, answer); err != nil {
			return 1
		}
		code, _ := op.Verdict(answer)
		return code
	}
	return 0
}
