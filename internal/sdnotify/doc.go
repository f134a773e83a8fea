// Package sdnotify reports the state of the program to the service manager of the system,
// systemd: that it is ready, what it does, that its parts still answer, that it reads its
// configuration again, that it stops. It owns the socket and the times. It knows nothing of
// the program.
//
// The protocol is that of sd_notify(3): lines NAME=value in one datagram to the socket
// that NOTIFY_SOCKET names. Units need Type=notify.
package sdnotify
