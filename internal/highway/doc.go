// Package highway has what both ends of an upload share: frames, blocks, SHA-1 states and
// the extra information of media (docs/protocol/media.md 3).
//
// It knows bytes only: connections, tickets and retries belong to its users.
package highway
