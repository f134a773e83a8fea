-- +goose Up

-- What is known of pictures, voices and videos that messages had, in the order in which
-- it was kept. An id is bytes for the reason given with the forwards.
CREATE TABLE media (
    position INTEGER PRIMARY KEY,
    id       BLOB    NOT NULL, -- by which clients name it
    time     INTEGER NOT NULL, -- Unix seconds when it was kept, 0: not known
    kind     TEXT    NOT NULL, -- of what it is
    payload  BLOB    NOT NULL  -- JSON
) STRICT;

CREATE UNIQUE INDEX media_id ON media (id);
