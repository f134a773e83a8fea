// Package sandbox is a simulated NTQQ service on the real wire protocol, for
// development, tests and demonstrations without an account.
//
// A World holds users, groups and messages; a Sandbox serves it to clients over
// TCP or in memory, with its own key pairs, sign provider and control API. Rules
// that are ours, not observed, are called so in docs/protocol.
//
// It must not import ntqq (but ntqq/message), onebot or internal/app.
package sandbox
