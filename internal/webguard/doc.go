// Package webguard decides which HTTP request may act. The OneBot listeners, the
// owner's service and the sandbox use it.
//
// A program proves itself by the access token. Where none is configured, requests of
// browsers need care: any web page can make a browser send requests to this machine,
// and the page's own host name can resolve to an address of it. The rules are in
// docs/protocol/onebot11.md a.1 and docs/security.md.
//
// The package knows HTTP only and imports nothing of this module.
package webguard
