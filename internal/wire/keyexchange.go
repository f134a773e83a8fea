package wire

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strconv"
	"time"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
)

// ErrVerification means a key exchange whose hash does not match what was sent.
var ErrVerification = errors.New("verification failed")

// defaultExchangeLife is how long a session key is used when the server names no time (docs/protocol/login.md 5).
const defaultExchangeLife = 24 * time.Hour

// exchangeType is the constant type number of a key exchange.
const exchangeType = 1

// KeyExchange is the client's side of one SsoKeyExchange (docs/protocol/login.md 5). It is used for one exchange and
// by one goroutine.
type KeyExchange struct{ private *crypto.PrivateKey }

// NewKeyExchange begins an exchange with the server whose P-256 public key is given and returns the payload to send.
// verifyKey is the AES key of the verification hash; uin is decimal text, "0" when unknown.
func NewKeyExchange(serverPublic, verifyKey []byte, uin string, guid [16]byte, now time.Time) (*KeyExchange, []byte, error) {
	private, err := crypto.GenerateKey(crypto.P256)
	if err != nil {
		return nil, nil, fmt.Errorf("key exchange: %w", err)
	}
	return newKeyExchange(private, serverPublic, verifyKey, uin, guid, now)
}

// newKeyExchange is NewKeyExchange with a given key pair.
func newKeyExchange(private *crypto.PrivateKey, serverPublic, verifyKey []byte, uin string, guid [16]byte, now time.Time) (*KeyExchange, []byte, error) {
	shared, err := private.Agree(serverPublic)
	if err != nil {
		return nil, nil, fmt.Errorf("key exchange: server key: %w", err)
	}
	plain, err := pb.Marshal(&loginpb.KeyExchangeSecret{Uin: &uin, Guid: guid[:]})
	if err != nil {
		return nil, nil, fmt.Errorf("key exchange: %w", err)
	}
	secret, err := crypto.GCMSeal(shared, plain)
	if err != nil {
		return nil, nil, fmt.Errorf("key exchange: %w", err)
	}
	public := private.Public(false)
	typ := uint32(exchangeType)
	// One reading of the clock for the hash and the field: two may differ by a second, and the server then refuses.
	timestamp := now.Unix()
	hash := exchangeHash(public, typ, secret, timestamp)
	sealed, err := crypto.GCMSeal(verifyKey, hash[:])
	if err != nil {
		return nil, nil, fmt.Errorf("key exchange: verification key: %w", err)
	}
	payload, err := pb.Marshal(&loginpb.KeyExchangeRequest{
		ClientPublicKey: public, Type: &typ, Secret: secret, Timestamp: &timestamp, VerifyHash: sealed,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("key exchange: %w", err)
	}
	return &KeyExchange{private: private}, payload, nil
}

// exchangeHash is the hash that proves knowledge of the verification key.
func exchangeHash(public []byte, typ uint32, secret []byte, timestamp int64) [sha256.Size]byte {
	return sha256.Sum256(fields(nil).raw(public).u32(typ).raw(secret).u32(0).u32(uint32(timestamp)))
}

// ExchangeSession is the result of a key exchange: what NT login messages are encrypted with, and its name.
type ExchangeSession struct {
	Key     []byte // AES key: 16, 24 or 32 bytes
	Ticket  []byte
	Expires time.Time
}

// Open reads the server's answer. An answer that does not decrypt gives ErrDecrypt, one without a usable key ErrProtocol.
func (x *KeyExchange) Open(payload []byte, now time.Time) (*ExchangeSession, error) {
	var reply loginpb.KeyExchangeResponse
	if err := pb.Unmarshal(payload, &reply); err != nil {
		return nil, fmt.Errorf("key exchange reply: %w: %w", ErrProtocol, err)
	}
	shared, err := x.private.Agree(reply.GetServerPublicKey())
	if err != nil {
		return nil, fmt.Errorf("key exchange reply: %w: %w", ErrProtocol, err)
	}
	plain, err := crypto.GCMOpen(shared, reply.GetSecret())
	if err != nil {
		return nil, fmt.Errorf("key exchange reply: %w: %w", ErrDecrypt, err)
	}
	var session loginpb.KeyExchangeSession
	if err := pb.Unmarshal(plain, &session); err != nil {
		return nil, fmt.Errorf("key exchange session: %w: %w", ErrProtocol, err)
	}
	switch n := len(session.GetSessionKey()); n {
	case 16, 24, 32:
	default:
		return nil, fmt.Errorf("%w: session key of %d bytes", ErrProtocol, n)
	}
	life := time.Duration(session.GetExpiration()) * time.Second
	if life == 0 {
		life = defaultExchangeLife
	}
	return &ExchangeSession{
		Key: session.GetSessionKey(), Ticket: session.GetSessionTicket(), Expires: now.Add(life),
	}, nil
}

// KeyExchangeOffer is what a client sent to begin an exchange.
type KeyExchangeOffer struct {
	ClientPublic []byte
	// UIN is decimal text and GUID 16 bytes; empty when the client left them out or wrote them in a form of its own.
	UIN       string
	GUID      []byte
	Timestamp int64 // Unix seconds by the client's clock
}

// ParseKeyExchange reads a request with the server's P-256 key. A hash that does not match gives ErrVerification, a
// secret that does not open with the key ErrDecrypt.
func ParseKeyExchange(payload []byte, server *crypto.PrivateKey, verifyKey []byte) (*KeyExchangeOffer, error) {
	var req loginpb.KeyExchangeRequest
	if err := pb.Unmarshal(payload, &req); err != nil {
		return nil, fmt.Errorf("key exchange: %w: %w", ErrProtocol, err)
	}
	shared, err := server.Agree(req.GetClientPublicKey())
	if err != nil {
		return nil, fmt.Errorf("key exchange: client key: %w: %w", ErrProtocol, err)
	}
	got, err := crypto.GCMOpen(verifyKey, req.GetVerifyHash())
	if err != nil {
		return nil, fmt.Errorf("key exchange: %w: %w", ErrVerification, err)
	}
	want := exchangeHash(req.GetClientPublicKey(), req.GetType(), req.GetSecret(), req.GetTimestamp())
	if subtle.ConstantTimeCompare(got, want[:]) != 1 {
		return nil, fmt.Errorf("key exchange: %w", ErrVerification)
	}
	plain, err := crypto.GCMOpen(shared, req.GetSecret())
	if err != nil {
		return nil, fmt.Errorf("key exchange secret: %w: %w", ErrDecrypt, err)
	}
	offer := &KeyExchangeOffer{ClientPublic: bytes.Clone(req.GetClientPublicKey()), Timestamp: req.GetTimestamp()}
	// Nothing in the secret is needed, and one client writes it in other types: take what fits.
	var secret loginpb.KeyExchangeSecret
	if pb.Unmarshal(plain, &secret) == nil {
		if _, err := strconv.ParseUint(secret.GetUin(), 10, 64); err == nil {
			offer.UIN = secret.GetUin()
		}
		if guid, ok := parseGUID(secret.GetGuid()); ok {
			offer.GUID = guid[:]
		}
	}
	return offer, nil
}

// AnswerKeyExchange returns the payload that gives the client a session key (16, 24 or 32 bytes, 32 advised) and its
// ticket. expiration is in seconds.
func AnswerKeyExchange(offer *KeyExchangeOffer, key, ticket []byte, expiration uint32) ([]byte, error) {
	private, err := crypto.GenerateKey(crypto.P256)
	if err != nil {
		return nil, fmt.Errorf("key exchange answer: %w", err)
	}
	shared, err := private.Agree(offer.ClientPublic)
	if err != nil {
		return nil, fmt.Errorf("key exchange answer: %w", err)
	}
	plain, err := pb.Marshal(&loginpb.KeyExchangeSession{SessionKey: key, SessionTicket: ticket, Expiration: &expiration})
	if err != nil {
		return nil, fmt.Errorf("key exchange answer: %w", err)
	}
	secret, err := crypto.GCMSeal(shared, plain)
	if err != nil {
		return nil, fmt.Errorf("key exchange answer: %w", err)
	}
	return pb.Marshal(&loginpb.KeyExchangeResponse{Secret: secret, ServerPublicKey: private.Public(false)})
}
