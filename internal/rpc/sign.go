package rpc

import (
	_ "embed"
	"strings"
)

// Signing says which clients sign a request (docs/protocol/login.md 12). The service
// wants a signature of what all of them sign.
type Signing uint8

// The values of Signing.
const (
	Unsigned      Signing = iota
	SignedByMost          // in the list that most clients use, and in the longer one
	SignedByNewer         // in the longer list of newer clients only
)

// SignedCommands returns the SSO commands that a client with the shorter or the
// longer list signs. The map is the caller's.
func SignedCommands(long bool) map[string]bool {
	signed := map[string]bool{}
	add := func(name string, s Signing) {
		if s == SignedByMost || long && s == SignedByNewer {
			signed[name] = true
		}
	}
	for _, op := range operations {
		add(op.Name, op.Signed)
	}
	for s, names := range signedOthers() {
		for _, name := range names {
			add(name, s)
		}
	}
	return signed
}

// The commands in the lists that are not operations of this package, one in a line:
// those of the login, and those that nothing here sends yet. An operation says of
// itself how it is signed, so its name does not stand here.
var (
	//go:embed signed_by_most.txt
	othersOfMost string
	//go:embed signed_by_newer.txt
	othersOfNewer string
)

// signedOthers returns these commands by who signs them.
func signedOthers() map[Signing][]string {
	return map[Signing][]string{
		SignedByMost:  strings.Fields(othersOfMost),
		SignedByNewer: strings.Fields(othersOfNewer),
	}
}
