-- +goose Up

-- Events for clients that were away, as the program knows them: no client's format.
-- The event of a message is only named: the message is in its table. Ids are those of
-- the table events, whose rows an earlier version wrote, and go on rising.
CREATE TABLE journal (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    time       INTEGER NOT NULL, -- Unix milliseconds, 0: not known
    message_id INTEGER NOT NULL, -- of the message it announces, 0: none
    self       INTEGER NOT NULL, -- 1: about a message of the account itself
    kind       TEXT    NOT NULL, -- of what happened, '' for a message
    version    INTEGER NOT NULL, -- of the encoding of the body
    body       BLOB              -- NULL for a message
) STRICT;

CREATE INDEX journal_message ON journal (message_id) WHERE message_id <> 0;
