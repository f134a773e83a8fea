-- +goose Up

-- OneBot events for clients that were away. AUTOINCREMENT has SQLite remember the
-- largest id, also when all rows are gone.
CREATE TABLE events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    time       INTEGER NOT NULL, -- Unix milliseconds
    message_id INTEGER NOT NULL, -- of the message it announces, 0: none
    self       INTEGER NOT NULL, -- 1: about a message of the account itself
    same       INTEGER NOT NULL, -- 1: the text for format string is that of array
    array      BLOB,             -- JSON, NULL: not kept in this form
    string     BLOB
) STRICT;

CREATE INDEX events_message ON events (message_id) WHERE message_id <> 0;

-- How far connections have received.
CREATE TABLE cursors (
    name  TEXT    PRIMARY KEY,
    event INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
