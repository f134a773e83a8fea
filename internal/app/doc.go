// Package app puts an installation together: the account's session, its data
// folder, the OneBot service with its connections, and the login code on the
// terminal. It owns the order in which they start and stop, and nothing of what
// they do.
//
// Its sub-packages are what the program does besides: bot (the other side of
// OneBot), simulator (a sandbox with its ports), demo and bench.
package app
