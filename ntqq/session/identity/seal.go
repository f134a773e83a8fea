package identity

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"

	"libration/internal/atomicfile"
	"libration/internal/text"
)

// SealKey seals keystores. It is 32 random bytes, not a password: nothing slows down
// guessing.
type SealKey [32]byte

// NewSealKey returns a random key.
func NewSealKey() SealKey {
	var k SealKey
	rand.Read(k[:]) // never fails
	return k
}

// ParseSealKey reads what [SealKey.Text] returned: 64 hexadecimal digits.
func ParseSealKey(written string) (SealKey, error) {
	var k SealKey
	b, err := hex.DecodeString(strings.TrimSpace(written))
	if err != nil || len(b) != len(k) {
		return k, text.Errorf("not a key of 64 hexadecimal digits", "不是 64 位十六进制数字的密钥")
	}
	return SealKey(b), nil
}

// Text returns the key in hexadecimal digits. It is a secret.
func (k SealKey) Text() string { return hex.EncodeToString(k[:]) }

// Errors of [FileKeystore.Load] and [SealedKeystore.Load]. The file is left as it is.
var (
	// ErrSealed: the keystore is sealed, and no key was given.
	ErrSealed = text.Errorf("the keystore is sealed, and no key was given", "keystore 已加密，而没有给出密钥")
	// ErrSealKey: the key is another one than that of the keystore, or the file was
	// changed.
	ErrSealKey = text.Errorf("the key does not open the keystore: it is another key, or the file was changed", "密钥打不开 keystore：密钥不符，或文件已被改动")
)

// SealedKeystore keeps the keystore in a file that is encrypted with AES-256-GCM. It
// reads one that is not sealed, too; the next Save seals it.
type SealedKeystore struct {
	Path string
	Key  SealKey
}

// sealVersion is the format of a sealed file. It is authenticated with the content.
const sealVersion = "libration-keystore-1"

// sealed is a sealed file. Every Save has a salt of its own, and so a cipher key of its
// own.
type sealed struct {
	Version    string   `json:"sealed"`
	Salt       HexBytes `json:"salt"`  // 32 bytes
	Nonce      HexBytes `json:"nonce"` // 12 bytes
	Ciphertext HexBytes `json:"ciphertext"`
}

const (
	saltSize  = 32
	nonceSize = 12
)

// Load implements [KeystoreFile].
func (s SealedKeystore) Load() (*Keystore, error) {
	return loadKeystore(s.Path, &s.Key)
}

// Save implements [KeystoreFile].
func (s SealedKeystore) Save(k *Keystore) error {
	plain, err := json.Marshal(k)
	if err != nil {
		return err
	}
	out := sealed{Version: sealVersion, Salt: make([]byte, saltSize), Nonce: make([]byte, nonceSize)}
	rand.Read(out.Salt)
	rand.Read(out.Nonce)
	aead, err := s.Key.cipher(out.Salt)
	if err != nil {
		return err
	}
	out.Ciphertext = aead.Seal(nil, out.Nonce, plain, []byte(sealVersion))
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	if err := atomicfile.Write(s.Path, append(b, '\n')); err != nil {
		return text.Errorf("save keystore: %v", "保存 keystore：%v", err)
	}
	return nil
}

// cipher returns that of one file.
func (k SealKey) cipher(salt []byte) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, k[:], salt, sealVersion, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// open returns what was sealed.
func (k SealKey) open(b []byte) ([]byte, error) {
	var s sealed
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, err
	}
	switch {
	case s.Version != sealVersion:
		return nil, text.Errorf("sealed in a way that this version does not know (%.40q)", "加密方式 %.40q 不为此版本所知", s.Version)
	case len(s.Salt) != saltSize || len(s.Nonce) != nonceSize || len(s.Ciphertext) == 0:
		return nil, text.Errorf("a part of the sealed keystore is missing", "加密的 keystore 缺少一部分")
	}
	aead, err := k.cipher(s.Salt)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, s.Nonce, s.Ciphertext, []byte(s.Version))
	if err != nil {
		return nil, ErrSealKey
	}
	return plain, nil
}

// IsSealed reports whether the file at path is a sealed keystore; false when there is
// none.
func IsSealed(path string) (bool, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	m, err := parseMembers(b)
	return err == nil && m.kind() == SealedKeystoreFile, nil
}
