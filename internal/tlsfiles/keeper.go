package tlsfiles

import (
	"context"
	"crypto/tls"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"libration/internal/text"
)

// termPeriod is the least time between two log lines about the end of a certificate.
const termPeriod = 24 * time.Hour

// Keeper has what files hold, and reads them again when they change. What cannot be used
// does not replace what could. Safe for concurrent use.
type Keeper struct {
	files Files
	log   *slog.Logger
	now   atomic.Pointer[Loaded]
	// server is what Server returns: one for all connections, which can go on with the
	// secrets of an earlier one then.
	server *tls.Config

	mu      sync.Mutex // guards what follows
	seen    [3]stamp   // of the files as they were read last, well or not
	failing string     // why they could not be used then; "" when they could
	told    bool       // the log has it
	term    time.Time  // of the last line about the end of the certificate
}

// stamp tells whether a file has changed.
type stamp struct {
	info fs.FileInfo // nil: it cannot be looked at
}

func stampOf(path string) stamp {
	if path == "" {
		return stamp{}
	}
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info}
}

func (s stamp) same(other stamp) bool {
	if s.info == nil || other.info == nil {
		return s.info == nil && other.info == nil
	}
	return s.info.ModTime().Equal(other.info.ModTime()) && s.info.Size() == other.info.Size() && os.SameFile(s.info, other.info)
}

// Keep reads the files. The error is that of Load.
func Keep(files Files, log *slog.Logger) (*Keeper, error) {
	k := &Keeper{files: files, log: log}
	k.server = &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return k.Now().Pair, nil },
	}
	k.seen = k.stamps() // before: a change while they are read is seen later
	l, err := files.Load()
	if err != nil {
		return nil, err
	}
	k.now.Store(l)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tellTerm(l, time.Now())
	return k, nil
}

func (k *Keeper) stamps() [3]stamp {
	return [3]stamp{stampOf(k.files.Certificate), stampOf(k.files.Key), stampOf(k.files.CA)}
}

// Files are those that it was made of.
func (k *Keeper) Files() Files { return k.files }

// Now is what the files hold, or held when they could be used last.
func (k *Keeper) Now() *Loaded { return k.now.Load() }

// Look reads the files if they have changed. Two files change one after the other:
// what cannot be used is reported when it is still so at the next look.
func (k *Keeper) Look() {
	k.mu.Lock()
	defer k.mu.Unlock()
	stamps, changed := k.stamps(), false
	for i := range stamps {
		changed = changed || !stamps[i].same(k.seen[i])
	}
	if !changed && k.failing == "" {
		k.tellTerm(k.now.Load(), time.Now())
		return
	}
	k.seen = stamps
	l, err := k.files.Load()
	if err != nil {
		if why := text.Of(err).EN; why != k.failing {
			k.failing, k.told = why, false
		} else if !k.told {
			k.told = true
			k.log.Error("the TLS files have changed and cannot be used: what they held before stays in use", "err", err)
		}
		return
	}
	k.failing = ""
	if !k.same(l) {
		k.log.Info("TLS files read again", "certificate", k.files.Certificate, "ca", k.files.CA)
		k.term = time.Time{}
	}
	k.now.Store(l)
	k.tellTerm(l, time.Now())
}

// same tells whether what was read is what is in use.
func (k *Keeper) same(l *Loaded) bool {
	now := k.now.Load()
	return (l.Pair == nil) == (now.Pair == nil) && (l.Pair == nil || l.Pair.Leaf.Equal(now.Pair.Leaf)) && l.Roots.Equal(now.Roots)
}

// tellTerm logs that a certificate ends. The caller holds mu.
func (k *Keeper) tellTerm(l *Loaded, now time.Time) {
	if !k.term.IsZero() && now.Sub(k.term) < termPeriod {
		return
	}
	for _, c := range l.Certificates() {
		said, over := Term(c, now)
		if said == (text.Text{}) {
			continue
		}
		k.term = now
		level := slog.LevelWarn
		if over {
			level = slog.LevelError
		}
		k.log.Log(context.Background(), level, "a TLS certificate has to be replaced", "certificate", k.files.Certificate, "ca", k.files.CA, "of", c.Subject.String(), "reason", said.EN)
		return
	}
}

// Server is the configuration of a server that shows the certificate of the moment. It
// speaks HTTP/1.1 only: WebSockets need it, and so do the limits on slow callers, which
// stand on one request at a time.
func (k *Keeper) Server() *tls.Config { return k.server }

// Client is the configuration of one connection to a server: the authorities and the
// certificate of the moment.
func (k *Keeper) Client() *tls.Config {
	l := k.Now()
	c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: l.Roots}
	if l.Pair != nil {
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return l.Pair, nil }
	}
	return c
}

// errOther is returned by a connection to a server that is not the own one.
var errOther = text.Errorf("the certificate there is not that of tls.certificate: another program listens there, or the new certificate cannot be used and the log says why",
	"对方的证书不是 tls.certificate 中的：该地址由其他程序监听，或新证书不可用，原因见日志")

// Own is the configuration of a connection to the server of this pair: it is trusted
// whatever its authority, its names and its time, and nobody else is.
func (l *Loaded) Own() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		InsecureSkipVerify: true, // VerifyConnection compares the certificate itself
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 || !s.PeerCertificates[0].Equal(l.Pair.Leaf) {
				return errOther
			}
			return nil
		},
	}
}
