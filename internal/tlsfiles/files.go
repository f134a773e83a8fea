// Package tlsfiles reads certificates and their keys from PEM files, and reads them again
// when they change. It says what is wrong with them, and when they end.
//
// It knows no connections; of this module it imports internal/text only.
package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"libration/internal/text"
)

// maxFile bounds a PEM file, in bytes.
const maxFile = 1 << 20

// Files name PEM files; "" is none.
type Files struct {
	// Certificate holds a certificate, and those between it and its authority. Key holds
	// its key; it may be the same file. Both are set, or none is.
	Certificate, Key string
	// CA holds authorities that are trusted beside those of the system.
	CA string
}

// Loaded is what the files hold.
type Loaded struct {
	Pair        *tls.Certificate    // nil: none is named. Its Leaf is set
	Roots       *x509.CertPool      // nil: those of the system
	authorities []*x509.Certificate // of CA
}

// Certificates are those whose end matters: the own one, and an only authority. Of
// several authorities some may be over.
func (l *Loaded) Certificates() (all []*x509.Certificate) {
	if l.Pair != nil {
		all = append(all, l.Pair.Leaf)
	}
	if len(l.authorities) == 1 {
		all = append(all, l.authorities[0])
	}
	return all
}

// Load reads the files. The error names the key of the configuration, its value and what
// to do.
func (f Files) Load() (*Loaded, error) {
	var l Loaded
	switch {
	case f.Certificate != "" && f.Key == "":
		return nil, text.Errorf("tls.key is missing: name the PEM file with the key of tls.certificate %s", "缺少 tls.key：请填写 tls.certificate %s 的密钥所在的 PEM 文件", f.Certificate)
	case f.Certificate == "" && f.Key != "":
		return nil, text.Errorf("tls.certificate is missing: name the PEM file with the certificate of tls.key %s", "缺少 tls.certificate：请填写 tls.key %s 的证书所在的 PEM 文件", f.Key)
	case f.Certificate != "":
		var err error
		if l.Pair, err = loadPair(f.Certificate, f.Key); err != nil {
			return nil, err
		}
	}
	if f.CA != "" {
		if err := l.loadCA(f.CA); err != nil {
			return nil, err
		}
	}
	return &l, nil
}

func loadPair(certificate, key string) (*tls.Certificate, error) {
	chain, err := read("tls.certificate", certificate)
	if err != nil {
		return nil, err
	}
	secret, err := read("tls.key", key)
	if err != nil {
		return nil, err
	}
	leaf := first(chain, func(b *pem.Block) bool { return b.Type == "CERTIFICATE" })
	private := first(secret, func(b *pem.Block) bool { return strings.HasSuffix(b.Type, "PRIVATE KEY") })
	switch {
	case leaf == nil && first(chain, isKey) != nil:
		return nil, text.Errorf("tls.certificate %s holds a key and no certificate: is it the file for tls.key?", "tls.certificate %s 中是密钥，不是证书：它是否应填在 tls.key？", certificate)
	case leaf == nil:
		return nil, text.Errorf("tls.certificate %s holds no certificate: name a PEM file, with lines like -----BEGIN CERTIFICATE-----", "tls.certificate %s 中没有证书：请指定 PEM 文件，其中有 -----BEGIN CERTIFICATE----- 这样的行", certificate)
	case private == nil:
		return nil, text.Errorf("tls.key %s holds no key: name a PEM file, with lines like -----BEGIN PRIVATE KEY-----", "tls.key %s 中没有密钥：请指定 PEM 文件，其中有 -----BEGIN PRIVATE KEY----- 这样的行", key)
	case private.Type == "ENCRYPTED PRIVATE KEY" || private.Headers["DEK-Info"] != "":
		return nil, text.Errorf("tls.key %s is encrypted with a pass phrase: write it without one, with openssl pkey -in OLD -out NEW, and keep it readable by the owner only",
			"tls.key %s 用口令加密：请用 openssl pkey -in 旧文件 -out 新文件 写出不加密的密钥，并只允许所有者读取", key)
	}
	if _, err := x509.ParseCertificate(leaf.Bytes); err != nil {
		return nil, text.Errorf("tls.certificate %s cannot be read: %v: get the file anew", "无法解析 tls.certificate %s：%v：请重新获取该文件", certificate, err)
	}
	pair, err := tls.X509KeyPair(chain, secret)
	switch {
	case err != nil && strings.Contains(err.Error(), "does not match"):
		return nil, text.Errorf("tls.key %s is not the key of tls.certificate %s: name the files of one certificate; its own must stand first in the file", "tls.key %s 不是 tls.certificate %s 的密钥：请使用同一证书的两个文件；文件中第一个证书应是它自己的", key, certificate)
	case err != nil:
		return nil, text.Errorf("tls.key %s cannot be used: %v: an RSA, ECDSA or Ed25519 key is needed", "tls.key %s 不可用：%v：须为 RSA、ECDSA 或 Ed25519 密钥", key, err)
	}
	return &pair, nil
}

func (l *Loaded) loadCA(path string) error {
	content, err := read("tls.ca", path)
	if err != nil {
		return err
	}
	if l.Roots, err = x509.SystemCertPool(); err != nil { // the system has none
		l.Roots = x509.NewCertPool()
	}
	for rest := content; ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			break
		}
		if b.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return text.Errorf("tls.ca %s: a certificate cannot be read: %v: get the file anew", "tls.ca %s：无法解析其中的证书：%v：请重新获取该文件", path, err)
		}
		l.authorities = append(l.authorities, c)
		l.Roots.AddCert(c)
	}
	if len(l.authorities) == 0 {
		return text.Errorf("tls.ca %s holds no certificate: name a PEM file, with lines like -----BEGIN CERTIFICATE-----", "tls.ca %s 中没有证书：请指定 PEM 文件，其中有 -----BEGIN CERTIFICATE----- 这样的行", path)
	}
	return nil
}

// read reads a file that the configuration names by a key.
func read(key, path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // opening a pipe might never end
		return nil, text.Errorf("%s %s is no file: correct the path", "%s %s 不是文件：请修改路径", key, path)
	}
	f, err := os.Open(path)
	if err == nil {
		defer f.Close()
		var content []byte
		if content, err = io.ReadAll(io.LimitReader(f, maxFile+1)); err == nil {
			if len(content) <= maxFile {
				return content, nil
			}
			return nil, text.Errorf("%s %s is larger than %d bytes: is it the right file?", "%s %s 超过 %d 字节：文件是否选错？", key, path, maxFile)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, text.Errorf("%s %s does not exist: make it, or correct the path", "%s %s 不存在：请创建该文件，或修改路径", key, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, text.Errorf("%s %s may not be read: let the user that libration runs as read it", "%s %s 无权读取：请让运行 libration 的用户可以读取它", key, path)
	}
	return nil, text.Errorf("%s cannot be read: %v: correct the path", "无法读取 %s：%v：请修改路径", key, err)
}

func isKey(b *pem.Block) bool { return strings.HasSuffix(b.Type, "PRIVATE KEY") }

// first returns the first block of a file that is one of these; nil: there is none.
func first(content []byte, is func(*pem.Block) bool) *pem.Block {
	for {
		var b *pem.Block
		if b, content = pem.Decode(content); b == nil || is(b) {
			return b
		}
	}
}

// soon is how long before its end a certificate is reported; of one that is valid for a
// short time, a quarter of that.
const soon = 14 * 24 * time.Hour

// Term says what is wrong with the time of a certificate; "" in both languages: nothing.
// over: whoever checks it refuses it now.
func Term(c *x509.Certificate, now time.Time) (said text.Text, over bool) {
	day := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
	switch left := c.NotAfter.Sub(now); {
	case left < 0:
		return text.T("it has been out of date since %s", "已于 %s 过期").Fill(day(c.NotAfter)), true
	case now.Before(c.NotBefore):
		return text.T("it is valid only from %s on: is the clock of this machine right?", "从 %s 起才有效：本机时钟是否正确？").Fill(day(c.NotBefore)), true
	case left < min(soon, c.NotAfter.Sub(c.NotBefore)/4):
		return text.T("it ends soon, at %s", "即将于 %s 过期").Fill(day(c.NotAfter)), false
	}
	return text.Text{}, false
}
