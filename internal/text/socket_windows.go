package text

import "syscall"

// sockets are the numbers that Windows has for errors of connections.
var sockets = map[error]syscall.Errno{
	syscall.EADDRINUSE: 10048, syscall.EADDRNOTAVAIL: 10049, syscall.ENETUNREACH: 10051, syscall.ECONNRESET: 10054,
	syscall.ETIMEDOUT: 10060, syscall.ECONNREFUSED: 10061, syscall.EHOSTUNREACH: 10065,
}

// isSocket tells whether err is Windows' own number for a cause.
func isSocket(err, cause error) bool {
	own, ok := sockets[cause]
	return ok && err == own
}
