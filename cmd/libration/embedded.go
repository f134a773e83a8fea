package main

import (
	"crypto/x509"
	"os"
	"runtime"
	_ "time/tzdata"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// What a system may lack: a scratch image has neither certificates nor time zones, Windows
// has no time zones. Package tzdata offers itself to time when it is imported, and is used
// only where the system has none. This is the one place with such imports.

// offerCertificates gives crypto/x509 certificates for systems that have none. It is called
// once, before the first connection. To read them takes longer than to start all the rest,
// so it is left out where crypto/x509 would not use them anyway.
func offerCertificates() {
	if hasCertificates() {
		return
	}
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		c, err := x509.ParseCertificate(root.Certificate)
		if err != nil { // the bundle is wrong
			panic(err)
		}
		if root.Constraint == nil {
			pool.AddCert(c)
		} else {
			pool.AddCertWithConstraint(c, root.Constraint)
		}
	}
	x509.SetFallbackRoots(pool)
}

// hasCertificates reports whether crypto/x509 certainly finds certificates of the system. The
// files are the usual ones of those where it looks; where others are, or the environment
// changes where it looks, it may be wrong the other way.
func hasCertificates() bool {
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "GODEBUG"} {
		if os.Getenv(name) != "" {
			return false
		}
	}
	switch runtime.GOOS {
	case "windows", "darwin":
		return true // the system verifies
	case "linux":
	default:
		return false
	}
	for _, path := range []string{
		"/etc/ssl/certs/ca-certificates.crt", // Debian, Alpine, Arch
		"/etc/pki/tls/certs/ca-bundle.crt",   // Fedora, RHEL
		"/etc/ssl/ca-bundle.pem",             // SUSE
	} {
		// An empty or broken file is none to crypto/x509.
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() > 10_000 {
			return true
		}
	}
	return false
}
