// Package world holds the state of a simulated NTQQ service and its rules: users,
// friends, groups and their members, messages, permissions, quotas and time.
//
// It knows no protocol. Messages are segments; what a client wrote in a form of its
// own is kept beside them and never read. An operation changes the world, and what
// happened is then reported as a typed [Happening], in order. Rules that are ours,
// not observed, are called so in docs/protocol.
//
// It must not import anything of libration but ntqq/message.
package world
