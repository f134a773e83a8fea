// Package upload sends the blocks of a file by the highway (docs/protocol/media.md 3.5).
//
// It knows no reservations and no tickets but those that it is given: what to do when they
// are refused is decided by its user.
package upload
