package identity

import (
	"crypto/rand"
	"encoding/hex"
	"runtime"
	"strings"

	"libration/internal/crypto"
	"libration/ntqq/message"
)

// Device is what the service knows a machine by. Make one once and keep it: the service
// takes each new GUID for a new machine, and trusts it less.
type Device struct {
	GUID          HexBytes `json:"guid"` // 16 bytes
	Name          string   `json:"name"`
	SystemKernel  string   `json:"system_kernel"`
	KernelVersion string   `json:"kernel_version"`
}

// NewDevice returns a device with a random GUID that is named after Libration.
func NewDevice() Device {
	guid := make([]byte, 16)
	rand.Read(guid) // never fails
	return Device{
		GUID:          guid,
		Name:          "Libration-" + strings.ToUpper(hex.EncodeToString(guid[:2])),
		SystemKernel:  runtime.GOOS + " " + runtime.GOARCH,
		KernelVersion: runtime.GOARCH,
	}
}

// Keystore is everything of a session that outlives the process. It holds secrets: never
// log one. Do not change one that is in use: save a changed copy.
type Keystore struct {
	UIN      message.UIN `json:"uin"`
	UID      message.UID `json:"uid"`
	Nickname string      `json:"nickname"`
	Device   Device      `json:"device"`

	// A1 starts the next easy login; A2, D2 and D2Key are the session itself.
	A1         HexBytes `json:"a1,omitempty"`
	A2         HexBytes `json:"a2,omitempty"`
	D2         HexBytes `json:"d2,omitempty"`
	D2Key      HexBytes `json:"d2_key,omitempty"` // 16 bytes
	NoPicSig   HexBytes `json:"no_pic_sig,omitempty"`
	TicketTime int64    `json:"ticket_time,omitempty"` // Unix seconds, when they were issued
	AppVersion string   `json:"app_version,omitempty"`

	// RefreshTries counts the requests for new tickets that failed since these were
	// issued: each refresh, and each login that was refused as one too many. RefreshTime
	// is the time of the last one in Unix seconds. TooOften is true when the server
	// refused that one as one too many.
	RefreshTries int   `json:"refresh_tries,omitempty"`
	RefreshTime  int64 `json:"refresh_time,omitempty"`
	TooOften     bool  `json:"too_often,omitempty"`
}

// HasSession reports whether the keystore has all that a session needs to go on without
// a login.
func (k *Keystore) HasSession() bool {
	return k.UIN != 0 && len(k.A2) > 0 && len(k.D2) > 0 && len(k.D2Key) == len(crypto.Key{})
}

// HexBytes is written as hexadecimal digits in JSON.
type HexBytes []byte

// MarshalText implements [encoding.TextMarshaler].
func (h HexBytes) MarshalText() ([]byte, error) {
	return hex.AppendEncode(nil, h), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (h *HexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}
