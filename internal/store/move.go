package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"libration/ntqq/message"
)

const (
	// movePiece rows are moved in one transaction, or movePieceBytes.
	movePiece      = 1000
	movePieceBytes = 4 << 20
	moveProgress   = 3 * time.Second // between two log lines

	oldRowsSQL = `SELECT position, id, ` + oldMessageColumns + ` FROM old_messages ORDER BY position LIMIT ?`

	oldMessageColumns = `scene, peer, peer_uid, via_group, sequence, client_sequence, random, time, self,
		sender, sender_uid, nickname, card, title, role, level, group_name, people, raw`
	moveSQL = `INSERT INTO messages (position, id, ` + columns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// indexSQL are the indexes of messages. They are made when all rows are there.
var indexSQL = []string{
	`CREATE UNIQUE INDEX messages_id ON messages (id)`,
	// Recalls of private messages name them by the sender's numbers.
	`CREATE INDEX messages_private ON messages (peer, client_sequence) WHERE scene <> 1`,
}

// moveRows moves the messages that an earlier version wrote to the new table, unless
// that is done, and tells whether it had to. It goes on where an interrupted one was: each piece is a transaction. The file does not grow: rows take the
// room of those that are gone.
func moveRows(ctx context.Context, db *sql.DB, o *Options) (earlier bool, err error) {
	var todo bool
	err = db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'old_messages')").Scan(&todo)
	if err != nil || !todo {
		return false, err
	}
	var first, last sql.NullInt64
	var moved, stubs bool
	err = db.QueryRowContext(ctx, `SELECT (SELECT min(position) FROM old_messages), (SELECT max(position) FROM old_messages),
		EXISTS (SELECT 1 FROM messages), EXISTS (SELECT 1 FROM trimmed)`).Scan(&first, &last, &moved, &stubs)
	if err != nil {
		return false, err
	}
	total := int64(0)
	if last.Valid {
		total = last.Int64 - first.Int64 + 1
		o.Log.Info("messages are brought into a smaller form, once; this takes about half a minute for each million",
			"path", o.Path, "messages", total, "continued", moved)
	}
	began, told := time.Now(), time.Now()
	if stubs { // of whose chats nothing may be left
		if _, err := db.ExecContext(ctx, addFormerSQL, 0, 0, "", 0); err != nil {
			return false, err
		}
	}
	for last.Valid {
		if o.moved != nil {
			if err := o.moved(); err != nil {
				return false, err
			}
		}
		at, any, err := movePart(ctx, db, o)
		if err != nil {
			return false, err
		}
		if !any {
			break
		}
		if time.Since(told) >= moveProgress {
			told = time.Now()
			o.Log.Info("messages are brought into a smaller form", "path", o.Path, "done", at-first.Int64+1, "of", total)
		}
	}
	if err := finishMove(ctx, db); err != nil {
		return false, err
	}
	if last.Valid {
		o.Log.Info("messages are in a smaller form now", "path", o.Path, "took", time.Since(began).Round(time.Millisecond))
	}
	return moved || stubs || last.Valid, nil
}

// finishMove makes the indexes and removes the empty table. A new file has no free pages
// then; an old one gives them back in time (trim.go).
func finishMove(ctx context.Context, db *sql.DB) error {
	// Millions of ids are sorted outside of memory.
	if _, err := db.ExecContext(ctx, "PRAGMA temp_store = file"); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	for _, query := range append(indexSQL, "DROP TABLE old_messages") {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if _, err = db.ExecContext(ctx, "PRAGMA temp_store = memory"); err != nil {
		return err
	}
	// The pragma works row by row.
	rows, err := db.QueryContext(ctx, "PRAGMA incremental_vacuum(16)")
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

// movePart moves a piece of the rows, the first ones, and returns the position of the
// last, and whether there were any.
func movePart(ctx context.Context, db *sql.DB, o *Options) (last int64, any bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	rows, err := tx.QueryContext(ctx, oldRowsSQL, o.piece)
	if err != nil {
		return 0, false, err
	}
	var piece []oldRow
	for bytes := 0; bytes < movePieceBytes && err == nil && rows.Next(); {
		var r oldRow
		if err = r.scan(rows, o); err == nil {
			piece = append(piece, r)
			bytes += len(r.message.Raw)
		}
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil || len(piece) == 0 {
		return 0, false, err
	}
	insert, err := tx.PrepareContext(ctx, moveSQL)
	if err != nil {
		return 0, false, err
	}
	former := make(map[key]uint64)
	for i := range piece {
		r := &piece[i]
		if _, err := insert.ExecContext(ctx, r.args()...); err != nil {
			return 0, false, err
		}
		chat := r.key.chat()
		former[chat] = max(former[chat], r.key.former())
		last = r.position
	}
	for chat, upTo := range former {
		if _, err := tx.ExecContext(ctx, addFormerSQL, int64(chat.scene), int64(chat.peer), string(chat.uid), int64(upTo)); err != nil {
			return 0, false, err
		}
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM old_messages WHERE position <= ?", last); err != nil {
		return 0, false, err
	}
	return last, true, tx.Commit()
}

// oldRow is a row that an earlier version wrote.
type oldRow struct {
	position int64
	id       int32
	key      key
	bits     int64
	record
}

func (r *oldRow) scan(rows *sql.Rows, o *Options) error {
	var id, peer, via, sequence, clientSequence, random, sender, role, level int64
	var sc scene
	var peerUID string
	m := &r.message
	if err := rows.Scan(&r.position, &id, &sc, &peer, &peerUID, &via, &sequence, &clientSequence, &random, &m.Time, &r.bits,
		&sender, &m.Sender.UID, &m.Sender.Nickname, &m.Sender.Card, &m.Sender.Title, &role, &level,
		&m.GroupName, &r.people, &m.Raw); err != nil {
		return err
	}
	r.id, r.key = int32(id), storedKey(sc, peer, peerUID, sequence)
	m.Chat = message.Chat{Kind: sc.kind(), Group: message.GroupCode(via), Peer: message.UIN(peer), PeerUID: message.UID(peerUID)}
	m.Sequence, m.ClientSequence, m.Random = uint64(sequence), uint64(clientSequence), uint32(random)
	m.Sender.UIN, m.Sender.Role, m.Sender.Level = message.UIN(sender), message.Role(role), uint32(level)
	if !r.key.has(r.id, o.hash) {
		return ErrDamaged // its id is another message's
	}
	return nil
}

// args are the columns of the new row.
func (r *oldRow) args() []any {
	m := &r.message
	meta := r.appendMeta([]byte{})
	raw := m.Raw
	if raw == nil {
		raw = []byte{}
	}
	return []any{r.position, int64(r.id), int64(r.key.scene), int64(r.key.peer), string(m.Chat.PeerUID),
		int64(m.Sequence), int64(m.ClientSequence), m.Time, r.bits, meta, raw}
}
