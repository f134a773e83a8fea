-- +goose Up

-- One row per message, in the order of arrival. What the encoded message tells
-- for certain is only in raw; the other columns are the key, what is searched
-- for, and what raw lacks: an own message's other side, names and numbers that
-- the client looked up.
CREATE TABLE messages (
    position        INTEGER PRIMARY KEY,
    id              INTEGER NOT NULL, -- message_id, signed 32 bit, never 0
    scene           INTEGER NOT NULL, -- 1 group, 2 friend, 3 temp
    peer            INTEGER NOT NULL, -- group code or uin of the other side
    peer_uid        TEXT    NOT NULL,
    via_group       INTEGER NOT NULL, -- temp: the group the chat comes through
    sequence        INTEGER NOT NULL,
    client_sequence INTEGER NOT NULL,
    random          INTEGER NOT NULL,
    time            INTEGER NOT NULL, -- Unix seconds
    self            INTEGER NOT NULL, -- 1: sent by the account
    sender          INTEGER NOT NULL,
    sender_uid      TEXT    NOT NULL,
    nickname        TEXT    NOT NULL,
    card            TEXT    NOT NULL,
    title           TEXT    NOT NULL,
    role            INTEGER NOT NULL, -- 0 member, 1 owner, 2 admin
    level           INTEGER NOT NULL,
    group_name      TEXT    NOT NULL,
    people          TEXT    NOT NULL, -- "uid uin" lines of the people the content names
    raw             BLOB    NOT NULL  -- the encoded CommonMessage
) STRICT;

CREATE UNIQUE INDEX messages_id ON messages (id);

-- Recalls of private messages name them by the sender's numbers.
CREATE INDEX messages_private ON messages (peer, client_sequence) WHERE scene <> 1;
