package rpc

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
)

// OpInfo is what both ends know of an operation besides its messages.
type OpInfo struct {
	// Name is the SSO command. That of an OIDB operation is made of Cmd and Sub.
	Name string
	// Cmd and Sub are the numbers of an OIDB operation; both are 0 for a plain one.
	Cmd, Sub uint32
	// ByUIN is what the client writes into field 12 of the OIDB envelope: people are
	// named by their numbers, not by their text ids.
	ByUIN bool
	// Signed says which clients sign the request.
	Signed Signing
	// Repeat says that a request that comes twice does no more than one that comes
	// once: after a lost answer it may be sent again.
	Repeat bool
	// Ref is the place in docs/protocol.
	Ref string
	// Uncalled is the reason why no method of the client calls the operation; "": one
	// does.
	Uncalled string
	// NoVectors is the reason why no test vector names the operation; "": one does.
	NoVectors string
}

// Op describes one operation. Req and Resp are pointers to generated messages.
type Op[Req, Resp proto.Message] struct {
	OpInfo

	oidb     bool
	verdicts []verdict
}

// Refused is a refusal by the server, in the OIDB envelope or inside the answer.
// Code is opaque: no list of codes is known. It is never 0.
type Refused struct {
	Command string
	Code    int64
	Message string
}

func (e *Refused) Error() string {
	return fmt.Sprintf("%s refused: %s (code %d)", e.Command, e.Message, e.Code)
}

// Refusal implements the interface of the same name.
func (e *Refused) Refusal() (code int64, text string) { return e.Code, e.Message }

// Refusal is an error of a handler that becomes a refusal with this code and text,
// where the operation has its result. The code must not be 0.
type Refusal interface {
	error
	Refusal() (code int64, text string)
}

// Worded is a [Refusal] with words for people beside its text, for answers that have a
// place for both.
type Worded interface {
	Refusal
	Wording() string
}

// plain describes an operation without the OIDB envelope. What the verdicts say is
// found inside its answer.
func plain[Req, Resp proto.Message](info OpInfo, verdicts ...verdict) *Op[Req, Resp] {
	return add(&Op[Req, Resp]{OpInfo: info, verdicts: verdicts})
}

// oidb describes an OIDB operation.
func oidb[Req, Resp proto.Message](info OpInfo, verdicts ...verdict) *Op[Req, Resp] {
	info.Name = fmt.Sprintf("OidbSvcTrpcTcp.0x%x_%d", info.Cmd, info.Sub)
	return add(&Op[Req, Resp]{OpInfo: info, oidb: true, verdicts: verdicts})
}

func fresh[M proto.Message]() M {
	var zero M
	return zero.ProtoReflect().New().Interface().(M)
}

// EncodeRequest returns the SSO payload of a request.
func (o *Op[Req, Resp]) EncodeRequest(req Req) ([]byte, error) {
	body, err := pb.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", o.Name, err)
	}
	if !o.oidb {
		return body, nil
	}
	env := &oidbpb.OidbEnvelope{Command: o.Cmd, Body: nonNil(body)}
	if o.ByUIN {
		env.Reserved = 1
	}
	if o.Sub != 0 {
		env.SubCommand = proto.Uint32(o.Sub)
	}
	return pb.Marshal(env)
}

// DecodeRequest reads a request payload; the sandbox's side.
func (o *Op[Req, Resp]) DecodeRequest(payload []byte) (Req, error) {
	req := fresh[Req]()
	if o.oidb {
		env := &oidbpb.OidbEnvelope{}
		if err := pb.Unmarshal(payload, env); err != nil {
			return req, fmt.Errorf("decode %s envelope: %w", o.Name, err)
		}
		payload = env.GetBody()
	}
	if err := pb.Unmarshal(payload, req); err != nil {
		return req, fmt.Errorf("decode %s: %w", o.Name, err)
	}
	return req, nil
}

// EncodeResponse returns the SSO payload of an answer without an error.
func (o *Op[Req, Resp]) EncodeResponse(resp Resp) ([]byte, error) {
	body, err := pb.Marshal(resp)
	if err != nil {
		return nil, fmt.Errorf("encode answer of %s: %w", o.Name, err)
	}
	if !o.oidb {
		return body, nil
	}
	return encodeEnvelope(o.Cmd, o.Sub, 0, "", body), nil
}

// EncodeAnswer returns the SSO payload of what a handler returned. A [Refusal] of an OIDB
// operation goes into the envelope, where all clients look. That of a plain one, and of one
// on a group's files, goes into the answer where that has its result, into resp when it is
// not nil. Other errors have the code 1 in the envelope; those of plain operations are
// returned.
func (o *Op[Req, Resp]) EncodeAnswer(resp Resp, err error) ([]byte, error) {
	if err == nil {
		return o.EncodeResponse(resp)
	}
	var refused Refusal
	code, text := int64(1), err.Error()
	if errors.As(err, &refused) {
		code, text = refused.Refusal()
	}
	switch {
	case refused != nil && len(o.verdicts) > 0 && (!o.oidb || o.verdicts[0].inside):
		if !resp.ProtoReflect().IsValid() { // a nil pointer
			resp = fresh[Resp]()
		}
		words := text
		if worded, ok := errors.AsType[Worded](err); ok {
			words = worded.Wording()
		}
		o.verdicts[0].write(resp, code, words, text)
		return o.EncodeResponse(resp)
	case o.oidb:
		return encodeEnvelope(o.Cmd, o.Sub, uint32(code), text, nil), nil
	}
	return nil, err
}

// DecodeResponse reads an answer. A refusal, in the envelope or inside, is a
// [*Refused]; an answer with one inside is returned beside it.
func (o *Op[Req, Resp]) DecodeResponse(payload []byte) (Resp, error) {
	resp := fresh[Resp]()
	if o.oidb {
		env := &oidbpb.OidbEnvelope{}
		if err := pb.Unmarshal(payload, env); err != nil {
			return resp, fmt.Errorf("decode answer envelope of %s: %w", o.Name, err)
		}
		if env.GetResult() != 0 {
			return resp, &Refused{Command: o.Name, Code: int64(env.GetResult()), Message: env.GetMessage()}
		}
		payload = env.GetBody()
	}
	if err := pb.Unmarshal(payload, resp); err != nil {
		return resp, fmt.Errorf("decode answer of %s: %w", o.Name, err)
	}
	if code, text := o.Verdict(resp); code != 0 {
		return resp, &Refused{Command: o.Name, Code: code, Message: text}
	}
	return resp, nil
}

// Verdict returns the result inside an answer: 0 for one that says nothing against
// it.
func (o *Op[Req, Resp]) Verdict(resp Resp) (code int64, text string) {
	return judge(o.verdicts, resp)
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

// Call runs one operation through c. The server's refusal is a [*Refused].
func Call[Req, Resp proto.Message](ctx context.Context, c Caller, op *Op[Req, Resp], req Req) (Resp, error) {
	payload, err := op.EncodeRequest(req)
	if err != nil {
		var zero Resp
		return zero, err
	}
	answer, err := c.Call(ctx, op.Name, payload)
	if err != nil {
		var zero Resp
		return zero, err
	}
	return op.DecodeResponse(answer)
}
