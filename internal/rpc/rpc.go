// Package rpc describes the protocol's request/response commands once, for both
// ends: the client calls a Command, the sandbox handles the same Command.
//
// A plain command carries a bare protobuf message; an OIDB command wraps it in
// the OIDB envelope (docs/protocol/operations.md 1). Login commands carry other
// encodings (internal/wire): here they have only their names.
package rpc

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
)

// Command describes one request/response command. Req and Resp are pointers to
// generated messages.
type Command[Req, Resp proto.Message] struct {
	// Name is the SSO command.
	Name string

	oidb     bool
	cmd, sub uint32
	reserved uint32
}

// OIDBError is a refusal in the OIDB envelope, or in the operation's own result
// field. Code is opaque: no list of codes is known.
type OIDBError struct {
	Command string
	Code    uint32
	Message string
}

func (e *OIDBError) Error() string {
	return fmt.Sprintf("%s refused: %s (code %d)", e.Command, e.Message, e.Code)
}

func plain[Req, Resp proto.Message](name string) *Command[Req, Resp] {
	return &Command[Req, Resp]{Name: name}
}

// oidb describes an OIDB command. reserved is what our client writes into field
// 12 of the envelope: 1 = identities are uins, 0 = uids.
func oidb[Req, Resp proto.Message](cmd, sub, reserved uint32) *Command[Req, Resp] {
	return &Command[Req, Resp]{
		Name: fmt.Sprintf("OidbSvcTrpcTcp.0x%x_%d", cmd, sub),
		oidb: true, cmd: cmd, sub: sub, reserved: reserved,
	}
}

func fresh[M proto.Message]() M {
	var zero M
	return zero.ProtoReflect().New().Interface().(M)
}

// EncodeRequest returns the SSO payload of a request.
func (c *Command[Req, Resp]) EncodeRequest(req Req) ([]byte, error) {
	body, err := pb.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", c.Name, err)
	}
	if !c.oidb {
		return body, nil
	}
	env := &oidbpb.OidbEnvelope{Command: c.cmd, Body: nonNil(body), Reserved: c.reserved}
	if c.sub != 0 {
		env.SubCommand = proto.Uint32(c.sub)
	}
	return pb.Marshal(env)
}

// DecodeRequest reads a request payload; the sandbox's side.
func (c *Command[Req, Resp]) DecodeRequest(payload []byte) (Req, error) {
	req := fresh[Req]()
	if c.oidb {
		env := &oidbpb.OidbEnvelope{}
		if err := pb.Unmarshal(payload, env); err != nil {
			return req, fmt.Errorf("decode %s envelope: %w", c.Name, err)
		}
		payload = env.GetBody()
	}
	if err := pb.Unmarshal(payload, req); err != nil {
		return req, fmt.Errorf("decode %s: %w", c.Name, err)
	}
	return req, nil
}

// EncodeResponse returns the SSO payload of a successful answer.
func (c *Command[Req, Resp]) EncodeResponse(resp Resp) ([]byte, error) {
	body, err := pb.Marshal(resp)
	if err != nil {
		return nil, fmt.Errorf("encode answer of %s: %w", c.Name, err)
	}
	if !c.oidb {
		return body, nil
	}
	return encodeEnvelope(c.cmd, c.sub, 0, "", body), nil
}

// DecodeResponse reads an answer. A refusal in the envelope is an *OIDBError.
func (c *Command[Req, Resp]) DecodeResponse(payload []byte) (Resp, error) {
	resp := fresh[Resp]()
	if c.oidb {
		env := &oidbpb.OidbEnvelope{}
		if err := pb.Unmarshal(payload, env); err != nil {
			return resp, fmt.Errorf("decode answer envelope of %s: %w", c.Name, err)
		}
		if env.GetResult() != 0 {
			return resp, &OIDBError{Command: c.Name, Code: env.GetResult(), Message: env.GetMessage()}
		}
		payload = env.GetBody()
	}
	if err := pb.Unmarshal(payload, resp); err != nil {
		return resp, fmt.Errorf("decode answer of %s: %w", c.Name, err)
	}
	return resp, nil
}

// encodeEnvelope writes all five fields, zero or not: some clients fail on a
// missing one.
func encodeEnvelope(cmd, sub, result uint32, message string, body []byte) []byte {
	b, err := pb.Marshal(&oidbpb.OidbEnvelope{
		Command: cmd, SubCommand: proto.Uint32(sub), Result: proto.Uint32(result),
		Body: nonNil(body), Message: proto.String(message),
	})
	if err != nil { // over 2 GiB
		panic(err)
	}
	return b
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Caller sends one request and waits for its answer's payload.
type Caller interface {
	Call(ctx context.Context, command string, payload []byte) ([]byte, error)
}

// Call runs one command through c.
func Call[Req, Resp proto.Message](ctx context.Context, c Caller, cmd *Command[Req, Resp], req Req) (Resp, error) {
	payload, err := cmd.EncodeRequest(req)
	if err != nil {
		var zero Resp
		return zero, err
	}
	answer, err := c.Call(ctx, cmd.Name, payload)
	if err != nil {
		var zero Resp
		return zero, err
	}
	return cmd.DecodeResponse(answer)
}
