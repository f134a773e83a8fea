// Package store keeps the messages of one account in an SQLite file, under the
// message ids that OneBot clients see, and the forwards and media among them.
//
// Ids. A message is known by its key: (group, group code, sequence) or (friend
// or temp, uin of the other side, conversation sequence). A block is 1,024
// sequences of a chat, and has a slot of 1,024 ids: the first of a fixed series that
// no other block has (blocks.go). So recalls, quotes and reactions give the same id
// without the message's row, and the ids of a chat lie side by side in their index. The
// table blocks says whose a slot is, for ever. It is written with the block's first
// message. What is in the slots used last is known in memory: storing a new message asks
// the file nothing. When all 64 slots of a series belong to others, Put gives an error and
// the id 0 (docs/protocol/onebot11.md (e)).
//
// An earlier version's ids are CRC-32 of the key's text. Rows with such ids keep them; the
// table former says up to which sequence a chat can have any, and only up to there the
// file is asked. Rows of that version are moved to the present table when the file is
// opened (move.go), in pieces, so that it goes on where it was interrupted. Of messages that
// version has removed nothing but the ids is left: a file with such ids is asked for all
// 1,024 keys of a block when it is first used.
//
// Writing. Put only places the message in memory, where it can be read at once;
// one goroutine writes what has gathered in one transaction, a few hundredths of
// a second later. A crash of the program loses at most what came in that time,
// a power cut at most what came after the last Sync (WAL, synchronous=NORMAL);
// neither damages the file. When the disk refuses, the newest messages stay in
// memory, writing is tried again, and Err and one log line say so. PutSent has room of its
// own, and the next batch begins with what it left: who sends a message waits for it
// (FlushMessage), not for thousands of received ones.
//
// Fetched messages. What somebody asked for and the account never received as news is
// kept as the others are, with a second bit in the column self: Newest leaves it out,
// until the message arrives.
//
// Events. Append keeps events for clients that were away, under ids that rise. What
// happened is bytes of the caller, with a kind and a version; of a message only its id is
// kept, as the message is stored anyway. Rows of the table events, which an earlier
// version wrote, are read as they are. Events go the same way as messages, behind those
// that came before them, but at once, or a few milliseconds later where many come. An
// event may be read when it is written, so that after a crash of the program all that a
// client has seen is in the file, under the same id; while the disk refuses, it may be
// read from memory. Cursors say how far each connection has received; the newest
// positions may be lost in a crash, so that a client gets some events twice, never none.
//
// Forwards. PutForward keeps payloads by resource id, so that a forward can be opened when
// the service has forgotten it. They are bytes of the caller, gzip.
//
// Media. PutMedium keeps what is known of pictures, voices and videos by the name that
// clients have for them, as JSON of the caller; the bytes of the media are not here.
//
// Retention. Options.Keep says how old and how large. One goroutine cuts off the
// oldest rows in pieces of milliseconds, but for events that a client still has to get,
// and their messages (Keep.Readers). Only a trusted clock makes rows old; size needs no
// clock. Get does not find what was removed, while ID and Put give its id to that key
// alone, as before: the block keeps its slot. Of a message with an id of an earlier version
// the id and a fingerprint of its key stay (table trimmed).
//
// Repair. Damage is found by SQLite's quick_check when the file is opened, or by any
// query later. Files up to 64 MB are checked before they are used, which takes a
// fraction of a second. Larger ones would hold up the start: they are checked in the
// background, and only when they were not closed properly, as a power cut is what
// damages files most. The rows that can still be read are copied into a new file
// (salvage.go, below SQLite); each must make sense: the id of a message fits its key,
// its body and the JSON of an old event can be parsed, the checksum of a forward is
// right, what is known of a medium is JSON. The damaged file is set aside. At run time the writer does this between two
// batches; until then reading from the file fails, and what is new stays in memory.
//
// Backups. Copy writes what the file holds at one moment to another one, also while it is
// used. MoveAhead prepares such a copy for use: no id is given to another message or event
// than had it after the copy was made. The blocks that each chat can have reached since own
// their slots.
//
// The package imports the message types and the clock, and nothing else of this module.
package store
