// Package sdnotify tells the service manager of the system, systemd, how the program is:
// that it serves, what it does, that its parts still turn, that it reads its configuration
// again, that it stops. It owns the socket and the times; it knows nothing of the program.
//
// The protocol is that of sd_notify(3): lines NAME=value in one datagram to the socket
// that NOTIFY_SOCKET names. Units need Type=notify.
package sdnotify
