// Package onebot is the dialect OneBot v11 of one account: it writes the events of the
// account's gateway as OneBot events and runs OneBot actions on the account.
//
// It owns the JSON of events, actions and results, CQ codes, and the translation
// between OneBot segments and message segments (docs/protocol/onebot11.md). It
// knows no transport: package gateway/transport carries what this package makes, and
// asks it what that means by the interfaces of package gateway (dialect.go).
package onebot
