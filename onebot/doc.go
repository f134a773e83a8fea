// Package onebot is the OneBot v11 service of one account: it turns events of the
// account into OneBot events and runs OneBot actions on it.
//
// It owns the JSON of events, actions and results, CQ codes, and the translation
// between OneBot segments and message segments (docs/protocol/onebot11.md). It
// knows no transport: package gateway/transport carries what this package makes.
// It sees the account through Client and the stored messages through Store, and
// imports only the types of ntqq, ntqq/message and ntqq/event.
package onebot
