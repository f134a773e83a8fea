// Package packets keeps the bytes of input that was not understood in a small ring
// of files, one for each packet, and prints protobuf without its schema
// (docs/protocol/events.md 3.3).
package packets
