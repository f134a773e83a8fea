// Package signer gets the signatures that the service wants on some commands. [HTTP] asks
// signers over HTTP; another [Signer] may compute them.
//
// It knows no connection and no session.
package signer

import (
	"context"

	"libration/internal/text"
	"libration/ntqq/message"
	"libration/ntqq/session/identity"
)

// ErrNoSignature is returned by [Signer.Sign] when no signer gave a signature. The command
// was not sent then.
var ErrNoSignature = text.Errorf("signing failed", "签名失败")

// Request is what a signature covers: exactly what is sent.
type Request struct {
	Command  string
	Sequence uint32
	Payload  []byte
	UIN      message.UIN
	GUID     []byte
	App      *identity.AppInfo
}

// Signature is the answer of a signer. Token and Extra may be empty.
type Signature struct{ Sign, Token, Extra []byte }

// Signer signs requests. It must be safe for concurrent use. [HTTP] is one.
type Signer interface {
	Sign(ctx context.Context, r *Request) (*Signature, error)
}
