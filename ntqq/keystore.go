package ntqq

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"libration/internal/bom"
	"libration/internal/crypto"
	"libration/internal/wire"
)

// Device is what the service knows a machine by. It is made once and kept: a new
// GUID is a new device, which the service meets with suspicion.
type Device struct {
	GUID          HexBytes `json:"guid"` // 16 bytes
	Name          string   `json:"name"`
	SystemKernel  string   `json:"system_kernel"`
	KernelVersion string   `json:"kernel_version"`
}

// NewDevice makes up a device.
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

func (d Device) guid() [16]byte { return [16]byte(d.GUID) }

// Keystore is everything of a session that outlives the process. It holds
// secrets: never log it. A Keystore in use is not changed but replaced.
type Keystore struct {
	UIN      UIN    `json:"uin"`
	UID      UID    `json:"uid"`
	Nickname string `json:"nickname"`
	Device   Device `json:"device"`

	// A1 starts the next easy login; A2, D2 and D2Key are the session itself.
	A1         HexBytes `json:"a1,omitempty"`
	A2         HexBytes `json:"a2,omitempty"`
	D2         HexBytes `json:"d2,omitempty"`
	D2Key      HexBytes `json:"d2_key,omitempty"` // 16 bytes
	NoPicSig   HexBytes `json:"no_pic_sig,omitempty"`
	TicketTime int64    `json:"ticket_time,omitempty"` // Unix seconds, when they were issued
	AppVersion string   `json:"app_version,omitempty"`

	// RefreshTries counts how often new tickets were asked for in vain since these were
	// issued: each refresh, and each login that was refused as one too many. RefreshTime
	// is when last, Unix seconds. TooOften is true when that one was refused as one too
	// many.
	RefreshTries int   `json:"refresh_tries,omitempty"`
	RefreshTime  int64 `json:"refresh_time,omitempty"`
	TooOften     bool  `json:"too_often,omitempty"`
}

// hasSession tells whether registering without a login can be tried.
func (k *Keystore) hasSession() bool {
	return k.UIN != 0 && len(k.A2) > 0 && len(k.D2) > 0 && len(k.D2Key) == len(crypto.Key{})
}

func (k *Keystore) d2Key() crypto.Key {
	if len(k.D2Key) != len(crypto.Key{}) {
		return crypto.Key{}
	}
	return crypto.Key(k.D2Key)
}

// withoutSession is k after the server refused its session.
func (k Keystore) withoutSession() Keystore {
	k.A2, k.D2, k.D2Key = nil, nil, nil
	return k
}

// withTickets is k after a login. Without a new A1 the saved one stays: it is good as
// far as anybody knows.
func (k Keystore) withTickets(t *wire.Tickets, app string, now time.Time) Keystore {
	k.A2, k.D2, k.D2Key = t.A2, t.D2, t.D2Key[:]
	if len(t.A1) > 0 {
		k.A1 = t.A1
	}
	if len(t.NoPicSig) > 0 {
		k.NoPicSig = t.NoPicSig
	}
	if t.UID != "" {
		k.UID = UID(t.UID)
	}
	if t.Nickname != "" {
		k.Nickname = t.Nickname
	}
	k.TicketTime, k.AppVersion = now.Unix(), app
	k.RefreshTries, k.RefreshTime, k.TooOften = 0, 0, false
	return k
}

// HexBytes is JSON text of hex digits.
type HexBytes []byte

// MarshalText implements encoding.TextMarshaler.
func (h HexBytes) MarshalText() ([]byte, error) {
	return hex.AppendEncode(nil, h), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *HexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

// KeystoreFile keeps one Keystore. Save must be atomic: after a crash the old or
// the new one is there, whole.
type KeystoreFile interface {
	// Load returns nil and no error when nothing was saved yet.
	Load() (*Keystore, error)
	Save(*Keystore) error
}

// FileKeystore keeps the keystore as a JSON file, mode 0600, replaced atomically.
type FileKeystore string

// Load implements KeystoreFile.
func (f FileKeystore) Load() (*Keystore, error) {
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read keystore: %w", err)
	}
	k := &Keystore{}
	if text, err = bom.Trim(text); err == nil {
		err = k.parse(text)
	}
	if err != nil {
		return nil, fmt.Errorf("keystore %s cannot be used (%w): move it away to log in anew", string(f), err)
	}
	return k, nil
}

// parse reads what Save wrote.
func (k *Keystore) parse(text []byte) error {
	m, err := parseMembers(text)
	if err != nil {
		return err
	}
	if l := m.layout(); l != layoutOwnKeystore && l != layoutUnknown {
		return l.unexpected()
	}
	if err := json.Unmarshal(text, k); err != nil {
		return err
	}
	if n := len(k.Device.GUID); n != 16 {
		return fmt.Errorf("device.guid has %d bytes, not 16", n)
	}
	if n := len(k.D2Key); n != len(crypto.Key{}) && (n > 0 || len(k.D2) > 0) {
		return fmt.Errorf("d2_key has %d bytes, not %d", n, len(crypto.Key{}))
	}
	return nil
}

// Save implements KeystoreFile.
func (f FileKeystore) Save(k *Keystore) error {
	b, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	if err := writeAtomic(string(f), append(b, '\n')); err != nil {
		return fmt.Errorf("save keystore: %w", err)
	}
	return nil
}

// writeAtomic replaces path with a file of mode 0600, on disk before the rename.
func writeAtomic(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(data); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	// The new name must outlive a power cut too. Not every system can sync a folder;
	// then the rename is as safe as the system makes it.
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
	return nil
}

// MemoryKeystore keeps the keystore for the life of the process; for tests and
// demos. The zero value is empty. It is safe for concurrent use, but not meant for
// two clients.
type MemoryKeystore struct{ k atomic.Pointer[Keystore] }

// Load implements KeystoreFile.
func (m *MemoryKeystore) Load() (*Keystore, error) { return m.k.Load(), nil }

// Save implements KeystoreFile.
func (m *MemoryKeystore) Save(k *Keystore) error {
	m.k.Store(k)
	return nil
}
