// Package identity holds what the service knows an account and a machine by: the
// keystore with its tickets, the device, and the client version that is claimed. It
// reads and writes their files, and imports those of other programs.
//
// It knows no connection and no session.
package identity
