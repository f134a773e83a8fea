// Package webguard decides which HTTP request may act. The OneBot listeners, the
// owner's service and the sandbox use it.
//
// A program proves itself by the access token. Without one there is the browser to
// think of: any web page can make it send requests to this machine, and a name of
// the page's own DNS can point here. The rules are in docs/protocol/onebot11.md a.1
// and docs/security.md.
//
// The package knows HTTP only and imports nothing of this module.
package webguard
