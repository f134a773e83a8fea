package rpc

import (
	"errors"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
)

// ErrUnknownCommand is what Mux.Serve returns for a plain command without a
// handler.
var ErrUnknownCommand = errors.New("unknown command")

// Mux finds the handler of a request. S is whatever a handler needs to know
// about its caller. Fill it before use; then it is safe for concurrent use.
type Mux[S any] struct {
	// UnknownOperation, when set, is called for each OIDB operation without a handler.
	UnknownOperation func(s S, cmd, sub uint32)

	plain map[string]handler[S]
	oidb  map[[2]uint32]handler[S]
}

type handler[S any] func(s S, payload []byte) ([]byte, error)

// Handle registers h for op. A h that returns an error with a [Refusal] in it
// refuses, as [Op.EncodeAnswer] says.
func Handle[S any, Req, Resp proto.Message](m *Mux[S], op *Op[Req, Resp], h func(S, Req) (Resp, error)) {
	serve := func(s S, payload []byte) ([]byte, error) {
		var resp Resp
		req, err := op.DecodeRequest(payload)
		if err == nil {
			resp, err = h(s, req)
		}
		return op.EncodeAnswer(resp, err)
	}
	if op.oidb {
		if m.oidb == nil {
			m.oidb = map[[2]uint32]handler[S]{}
		}
		m.oidb[[2]uint32{op.Cmd, op.Sub}] = serve
		return
	}
	if m.plain == nil {
		m.plain = map[string]handler[S]{}
	}
	m.plain[op.Name] = serve
}

// Serve answers one request. OIDB requests are routed by the numbers in their
// envelope, as clients send several operations under one name; any failure of
// theirs is an answer with a non-zero result, never an error.
func (m *Mux[S]) Serve(s S, command string, payload []byte) ([]byte, error) {
	if !strings.HasPrefix(command, "OidbSvcTrpcTcp.") {
		h, ok := m.plain[command]
		if !ok {
			return nil, ErrUnknownCommand
		}
		return h(s, payload)
	}
	env := &oidbpb.OidbEnvelope{}
	if err := pb.Unmarshal(payload, env); err != nil {
		cmd, sub := parseOIDBName(command)
		return encodeEnvelope(cmd, sub, 1, "bad request: "+err.Error(), nil), nil
	}
	cmd, sub := env.GetCommand(), env.GetSubCommand()
	h, ok := m.oidb[[2]uint32{cmd, sub}]
	if !ok {
		if m.UnknownOperation != nil {
			m.UnknownOperation(s, cmd, sub)
		}
		return encodeEnvelope(cmd, sub, 1, "unknown operation "+command, nil), nil
	}
	return h(s, payload)
}

func parseOIDBName(name string) (cmd, sub uint32) {
	digits, subText, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(name), "oidbsvctrpctcp.0x"), "_")
	c, _ := strconv.ParseUint(digits, 16, 32)
	s, _ := strconv.ParseUint(subText, 10, 32)
	return uint32(c), uint32(s)
}
