package media

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"libration/ntqq/media/transfer"
)

// FilesOptions are what bots and others may read of this machine and of the network.
type FilesOptions struct {
	// Cache keeps what is downloaded. It is required.
	Cache *Cache
	// Folders are the only ones that files are read from; none: all.
	Folders []string
	// Forbidden are files and folders that are never read: data folders, configurations.
	// The cache's own folder is no part of them.
	Forbidden []string
	// AllowPrivate opens loopback, private and carrier-grade NAT addresses. Link-local ones,
	// metadata services and multicast are never reached.
	AllowPrivate bool
	// Allow opens an address in spite of all that. Host is host:port as it was asked for,
	// address what it stands for.
	Allow func(host string, address netip.AddrPort) bool
	// Timeout bounds a download; default 60 s.
	Timeout time.Duration
	// Proxy is what downloads from public addresses go through: socks5://, http:// or
	// https:// with host:port, and user:password@ before them; "environment" for that of the
	// environment. "" or "direct": they are direct.
	Proxy string
	// Dial connects as net.Dialer.DialContext does; nil: the system does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Handed has the files that others handed over, for who names one as upload://ID or by
	// its path; nil: there are none.
	Handed Handed
	// Transfers lists the downloads; nil: nobody watches.
	Transfers *transfer.Registry

	// Replaced by tests.
	lookup func(ctx context.Context, host string) ([]string, error)
}

// Handed are files that others handed over, as libration/gateway/inbox keeps them.
type Handed interface {
	// IDOf returns the id of a file by its path; "": it is none of these.
	IDOf(path string) string
	// Look returns where a file is, and what its sender calls it. Its error says that it
	// is gone.
	Look(id string) (path, name string, err error)
}

// FetchOptions are the wishes of one caller. The zero value has the defaults.
type FetchOptions struct {
	NoCache bool          // what was downloaded before is downloaded again
	NoProxy bool          // it is direct
	Timeout time.Duration // instead of [FilesOptions.Timeout]
	Header  http.Header   // goes over our own
	MaxSize uint64        // in bytes; default [DefaultDownload]
}

// DefaultDownload bounds a download in bytes.
const DefaultDownload = 1 << 30

// Files read what texts from outside name: files of this machine, addresses, and bytes
// within the text. They are safe for concurrent use.
type Files struct {
	o    FilesOptions
	http *guarded

	mu      sync.Mutex // guards what follows
	flights map[string]*flight
	writing map[string]chan struct{} // by key of Once; closed when it is written
}

// NewFiles does no I/O and starts no goroutine.
func NewFiles(o FilesOptions) *Files {
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	return &Files{o: o, http: newGuarded(&o), flights: make(map[string]*flight), writing: make(map[string]chan struct{})}
}
