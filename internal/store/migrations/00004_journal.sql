-- +goose Up

-- Events for clients that were away, as the program knows them: no client's format.
-- The event of a message is only named: the message is in its table. Ids are those of
-- the table events, whose rows an earlier version wrote, and go on rising.
-- There is no index and no AUTOINCREMENT: a row is written for each message. When rows
-- are removed the largest id is kept in sqlite_sequence, under this table's name.
CREATE TABLE journal (
    id         INTEGER PRIMARY KEY,
    time       INTEGER NOT NULL, -- Unix milliseconds, 0: not known
    message_id INTEGER NOT NULL, -- of the message it announces, 0: none
    self       INTEGER NOT NULL, -- 1: about a message of the account itself
    kind       TEXT    NOT NULL, -- of what happened, '' for a message
    version    INTEGER NOT NULL, -- of the encoding of the body
    body       BLOB              -- NULL for a message
) STRICT;
