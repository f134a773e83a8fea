package store

import (
	"context"
	"errors"

	"libration/ntqq/message"
)

// Newest is the newest message of a chat.
type Newest struct {
	Chat     message.Chat
	Sequence uint64
	Time     int64 // of the newest one, Unix seconds
}

// Only messages that have arrived count, and that the server numbered in their chat:
// private ones may have the number of their sender.
const newestSQL = `SELECT scene, peer, max(peer_uid), max(sequence), max(time) FROM messages
	WHERE peer <> 0 AND self < 2 AND (scene = 1 OR sequence <> client_sequence)
	GROUP BY scene = 1, peer ORDER BY max(time) DESC LIMIT ?`

// Newest returns the newest written message of each chat, at most most, those first
// that had one last. It reads the whole file.
func (s *Store) Newest(ctx context.Context, most int) (all []Newest, err error) {
	db, err := s.database()
	if err != nil {
		return nil, err
	}
	rows, err := db.r.QueryContext(ctx, newestSQL, most)
	if err != nil {
		return nil, s.readError(err)
	}
	for rows.Next() && err == nil {
		var n Newest
		var sc scene
		var peer, sequence int64
		err = rows.Scan(&sc, &peer, &n.Chat.PeerUID, &sequence, &n.Time)
		n.Chat.Kind, n.Sequence = sc.kind(), uint64(sequence)
		if sc == sceneGroup {
			n.Chat.Group, n.Chat.PeerUID = message.GroupCode(peer), ""
		} else {
			n.Chat.Peer = message.UIN(peer)
		}
		all = append(all, n)
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, s.readError(err)
	}
	return all, nil
}

// recentAmong is among how many of the newest messages Recent looks.
const recentAmong = 10000

const recentSQL = `SELECT id FROM (SELECT id, max(position) AS newest FROM messages
	WHERE position > (SELECT max(position) FROM messages) - ? AND peer <> 0 AND self < 2
	GROUP BY scene = 1, peer) ORDER BY newest DESC LIMIT ?`

// Recent returns the id of the newest written message of each chat, at most most, those
// first that had one last. It knows the chats of the newest 10,000 messages.
func (s *Store) Recent(ctx context.Context, most int) (ids []int32, err error) {
	db, err := s.database()
	if err != nil {
		return nil, err
	}
	rows, err := db.r.QueryContext(ctx, recentSQL, recentAmong, most)
	if err != nil {
		return nil, s.readError(err)
	}
	for rows.Next() && err == nil {
		var id int32
		err = rows.Scan(&id)
		ids = append(ids, id)
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, s.readError(err)
	}
	return ids, nil
}
