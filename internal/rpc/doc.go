// Package rpc describes the protocol's operations once, for both ends: the client
// calls an [Op], the sandbox handles the same Op. Each stands in the file of its
// subject; [All] lists them.
//
// A plain operation carries a bare protobuf message; an OIDB operation wraps it in
// the OIDB envelope (docs/protocol/operations.md 1). Login commands carry other
// encodings (internal/wire): here they have only their names.
//
// It must not import anything of this module but internal/pb.
package rpc
