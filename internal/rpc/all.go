package rpc

import (
	"slices"

	"google.golang.org/protobuf/proto"
)

// Operation is an [Op] without its type parameters.
type Operation struct {
	OpInfo

	// NewRequest and NewResponse return empty messages.
	NewRequest, NewResponse func() proto.Message
	// Verdict returns the result inside an answer, 0 for success; nil: such an answer
	// has none.
	Verdict func(answer proto.Message) (code int64, text string)

	verdicts []verdict
}

// operations is filled while the package's variables are initialized, so that no
// operation can be left out, and does not change afterwards.
var operations []Operation

func add[Req, Resp proto.Message](op *Op[Req, Resp]) *Op[Req, Resp] {
	row := Operation{
		OpInfo:      op.OpInfo,
		NewRequest:  func() proto.Message { return fresh[Req]() },
		NewResponse: func() proto.Message { return fresh[Resp]() },
		verdicts:    op.verdicts,
	}
	if len(op.verdicts) > 0 {
		row.Verdict = func(answer proto.Message) (int64, string) { return judge(op.verdicts, answer) }
	}
	operations = append(operations, row)
	return op
}

// All returns the operations. Some stand more than once under one name: their
// requests have several forms.
func All() []Operation { return slices.Clone(operations) }
