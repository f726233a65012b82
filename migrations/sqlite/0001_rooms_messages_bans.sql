-- Uuids are 16-byte BLOBs, moments are integer microseconds (UTC).

-- One row. `epoch` names this database: where it changes, clients and nodes know that ids start over.
-- `last_id` is the one counter from which rooms and messages draw their ids, so that ids order all activity.
CREATE TABLE meta (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    epoch    BLOB    NOT NULL CHECK (length(epoch) = 16),
    last_id  INTEGER NOT NULL CHECK (last_id BETWEEN 0 AND 9007199254740991)
) STRICT;

INSERT INTO meta (only_row, epoch, last_id) VALUES (1, randomblob(16), 0);

-- `activity` is the id of the room's newest message, or the room's own id before the first.
CREATE TABLE rooms (
    id         INTEGER PRIMARY KEY,
    owner      BLOB    NOT NULL CHECK (length(owner) = 16),
    apartment  INTEGER,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    last_seq   INTEGER NOT NULL DEFAULT 0,
    activity   INTEGER NOT NULL
) STRICT;

-- A row a stay: who leaves keeps the row with `left_at`, and gets another on coming back, so that moderation can tell
-- who was in the room when something was said. `joined` counts the stays of a room and orders its participants.
CREATE TABLE participants (
    room      INTEGER NOT NULL REFERENCES rooms (id),
    joined    INTEGER NOT NULL,
    user      BLOB    NOT NULL CHECK (length(user) = 16),
    joined_at INTEGER NOT NULL,
    left_at   INTEGER,
    PRIMARY KEY (room, joined)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX participants_present ON participants (user, room) WHERE left_at IS NULL;

CREATE TABLE messages (
    id         INTEGER PRIMARY KEY,
    room       INTEGER NOT NULL REFERENCES rooms (id),
    seq        INTEGER NOT NULL,
    sender     BLOB    NOT NULL CHECK (length(sender) = 16),
    text       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (room, seq)
) STRICT;

-- What was sent lately, to recognise it when it is sent again. In the order of messages, so that the oldest rows are
-- the first ones and purging needs no index of its own.
CREATE TABLE sent (
    message INTEGER PRIMARY KEY,
    sender  BLOB    NOT NULL CHECK (length(sender) = 16),
    room    INTEGER NOT NULL,
    digest  BLOB    NOT NULL CHECK (length(digest) = 32),
    at      INTEGER NOT NULL,
    UNIQUE (sender, room, digest)
) STRICT;

CREATE TABLE bans (
    user       BLOB    PRIMARY KEY CHECK (length(user) = 16),
    reason     TEXT    NOT NULL,
    expires_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
