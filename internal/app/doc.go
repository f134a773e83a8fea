// Package app is an installation: its configuration, its accounts (package account) with
// what they share, and the owner's service. It starts an account again that failed, so
// that no other notices.
//
// Its other sub-packages are what the program does besides: bot (the other side of
// OneBot), simulator (a sandbox with its ports), doctor, demo and bench.
package app
