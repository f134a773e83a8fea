// Package link is the connection to the service: frames in and out, requests with their
// answers, heartbeats, and what a packet must show to count (docs/session.md, "What
// counts"). It knows the commands that concern the connection, and no login.
package link
