// Package control is the control API of a sandbox over HTTP, and its chat page: it shows
// the world and does by hand what people do in it. Pictures, voices and videos are uploaded
// to it and shown by it.
//
// It works on the world itself; of package server it knows what the service shows of its
// clients and logins. Package server does not know it.
package control
