-- +goose Up

-- Messages that retention took away. Their ids are never given to another key.
CREATE TABLE trimmed (
    id  INTEGER PRIMARY KEY, -- message_id as an unsigned number: negative ones take more room
    key INTEGER NOT NULL     -- fingerprint of the key's text
) STRICT;
