package network

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Errors of the addresses of Unix sockets.
var (
	// ErrUnixPath is returned for a socket without a path, and for one without a file,
	// which anybody on the machine could open.
	ErrUnixPath = errors.New("a Unix socket needs the path of a file")
	// ErrUnixLong is returned for a path that the system cannot bind.
	ErrUnixLong = errors.New("the path of the Unix socket is too long")
	// ErrNoSocket is returned where another kind of file is in the place of a socket.
	ErrNoSocket = errors.New("the file is there and is no socket")
)

// unixDialTime bounds the look whether somebody listens on a socket.
const unixDialTime = time.Second

// UnixPath returns the path of an address like unix:/path or unix:///path; false for
// others.
func UnixPath(address string) (path string, ok bool) {
	path, ok = strings.CutPrefix(address, "unix:")
	if rest, found := strings.CutPrefix(path, "//"); found {
		path = rest
	}
	return path, ok
}

// MaxUnixPath is how many bytes the path of a socket has at most here.
func MaxUnixPath() int {
	switch runtime.GOOS {
	case "linux", "windows", "android":
		return 107
	}
	return 103
}

// CheckUnix tells whether a path can be that of a socket.
func CheckUnix(path string) error {
	switch {
	case path == "" || path[0] == '@' || strings.Contains(path, "\x00"):
		return ErrUnixPath
	case len(path) > MaxUnixPath():
		return ErrUnixLong
	}
	return nil
}

// UnixURL takes a URL with a scheme like http+unix apart: the socket, and the URL to ask
// it for, http://localhost/path. The socket is the path up to a colon, ws+unix:///run/bot.sock:/path, or
// the host with its slashes encoded, http+unix://%2Frun%2Fbot.sock/path.
func UnixURL(raw string) (socket, plain string, ok bool) {
	scheme, rest, ok := strings.Cut(raw, "+unix:")
	if !ok || scheme == "" || strings.ContainsAny(scheme, ":/?#") {
		return "", "", false
	}
	rest = strings.TrimPrefix(rest, "//")
	path := ""
	if strings.HasPrefix(rest, "/") {
		socket, path, _ = strings.Cut(rest, ":")
	} else {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		var err error
		if socket, err = url.PathUnescape(rest[:end]); err != nil {
			return "", "", false
		}
		path = rest[end:]
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	plain = scheme + "://localhost" + path
	if _, err := url.Parse(plain); err != nil || !filepath.IsAbs(socket) || CheckUnix(socket) != nil {
		return "", "", false
	}
	return socket, plain, true
}

// listenUnix listens on a socket that only its owner may open. One that a program left
// behind is replaced.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if err := CheckUnix(path); err != nil {
		return nil, err
	}
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	lc := net.ListenConfig{Control: ownerOnly}
	ln, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil && runtime.GOOS != "windows" {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

// removeStale removes a socket on which nobody listens.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return ErrNoSocket
	}
	d := net.Dialer{Timeout: unixDialTime}
	c, err := d.DialContext(ctx, "unix", path)
	const windowsRefused = syscall.Errno(10061) // WSAECONNREFUSED; elsewhere no error has this number
	switch {
	case err == nil:
		_ = c.Close()
		return syscall.EADDRINUSE
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, windowsRefused):
		return os.Remove(path)
	case errors.Is(err, syscall.EAGAIN): // its queue is full
		return syscall.EADDRINUSE
	}
	return err
}
