-- +goose Up

-- Payloads of forwards, in the order in which they were kept. An id is bytes so that a
-- repair can tell a row of the index from one of the cursors.
CREATE TABLE forwards (
    position INTEGER PRIMARY KEY,
    id       BLOB    NOT NULL, -- resource id at the service
    time     INTEGER NOT NULL, -- Unix seconds when it was kept, 0: not known
    payload  BLOB    NOT NULL  -- gzip, as the service has it
) STRICT;

CREATE UNIQUE INDEX forwards_id ON forwards (id);
