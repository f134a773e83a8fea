-- +goose Up

-- The messages of an earlier version have 20 columns and ids all over the numbers. Their
-- rows go from here to the new table in pieces (move.go), and this one with the last.
-- Indexes of it would only cost time.
DROP INDEX messages_id;
DROP INDEX messages_private;
ALTER TABLE messages RENAME TO old_messages;

-- One row per message, in the order of arrival. The columns are the key, what is searched
-- for and what rows are removed by. The indexes are made when all rows are here.
CREATE TABLE messages (
    position        INTEGER PRIMARY KEY,
    id              INTEGER NOT NULL, -- message_id, signed 32 bit, never 0
    scene           INTEGER NOT NULL, -- 1 group, 2 friend, 3 temp
    peer            INTEGER NOT NULL, -- group code or uin of the other side
    peer_uid        TEXT    NOT NULL,
    sequence        INTEGER NOT NULL,
    client_sequence INTEGER NOT NULL,
    time            INTEGER NOT NULL, -- Unix seconds
    self            INTEGER NOT NULL, -- 1: sent by the account, 2: fetched
    meta            BLOB    NOT NULL, -- what raw lacks (meta.go)
    raw             BLOB    NOT NULL  -- the encoded CommonMessage
) STRICT;

-- Which block of 1,024 sequences of a chat has the 1,024 ids of a slot, for ever.
CREATE TABLE blocks (
    slot   INTEGER PRIMARY KEY, -- the upper 22 bits of the ids
    scene  INTEGER NOT NULL,    -- 0: nobody may have it
    peer   INTEGER NOT NULL,
    uid    TEXT    NOT NULL,    -- '' when there is a peer
    number INTEGER NOT NULL     -- the upper 54 bits of the sequences
) STRICT;

-- Up to which sequence messages of a chat may have an id of the earlier version. A row
-- with scene 0: there are such ids of unknown chats in the table trimmed.
CREATE TABLE former (
    scene INTEGER NOT NULL,
    peer  INTEGER NOT NULL,
    uid   TEXT    NOT NULL,
    last  INTEGER NOT NULL,
    PRIMARY KEY (scene, peer, uid)
) STRICT, WITHOUT ROWID;
