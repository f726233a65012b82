-- What moderators see and do. Enumerations are the words of the wire; lists are JSON.

-- One row: the counters and the settings of moderation. `audit_seq` and `audit_hash` are the head of the audit log, so
-- that a log whose end was cut off is told from a shorter one. `policy` is NULL until an admin sets one.
CREATE TABLE moderation (
    only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
    rules_revision INTEGER NOT NULL,
    last_rule      INTEGER NOT NULL,
    audit_seq      INTEGER NOT NULL,
    audit_hash     BLOB    NOT NULL CHECK (length(audit_hash) = 32),
    policy         TEXT
) STRICT;

INSERT INTO moderation (only_row, rules_revision, last_rule, audit_seq, audit_hash) VALUES (1, 0, 0, 0, zeroblob(32));

-- The newest version of each rule that there ever was; a deleted one keeps its row, so that its id is not used again.
CREATE TABLE rules (
    id         INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740991),
    version    INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;

CREATE TABLE rule_versions (
    rule       INTEGER NOT NULL REFERENCES rules (id),
    version    INTEGER NOT NULL CHECK (version >= 1),
    body       TEXT    NOT NULL,
    updated_by BLOB    CHECK (length(updated_by) = 16),
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (rule, version)
) STRICT;

CREATE TRIGGER rule_versions_are_not_changed BEFORE UPDATE ON rule_versions
BEGIN SELECT RAISE(ABORT, 'versions of rules are not changed'); END;

CREATE TRIGGER rule_versions_are_not_deleted BEFORE DELETE ON rule_versions
BEGIN SELECT RAISE(ABORT, 'versions of rules are not deleted'); END;

-- `near` is the message, or the newest id when there was none: it divides what was said before from what came after.
-- `cleared_at` is when retention took the text and the matches away, and what was said about them. Not tied to rooms and messages by keys: refused
-- messages name rooms that need not exist, and incidents outlive what they are about.
CREATE TABLE incidents (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    status     TEXT    NOT NULL DEFAULT 'open'
               CHECK (status IN ('open', 'upheld', 'dismissed', 'released', 'removed')),
    kind       TEXT    NOT NULL CHECK (kind IN ('block', 'reject', 'hold', 'flag', 'report')),
    category   TEXT    NOT NULL,
    user       BLOB    NOT NULL CHECK (length(user) = 16),
    room       INTEGER NOT NULL,
    message    INTEGER,
    near       INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    matches    TEXT    NOT NULL,
    reporter   BLOB    CHECK (length(reporter) = 16),
    reason     TEXT,
    created_at INTEGER NOT NULL,
    decided_by BLOB    CHECK (length(decided_by) = 16),
    decided_at INTEGER,
    note       TEXT,
    cleared_at INTEGER
) STRICT;

-- Each serves its filter newest first: an index ends with the id.
CREATE INDEX incidents_status ON incidents (status);
CREATE INDEX incidents_kind ON incidents (kind);
CREATE INDEX incidents_category ON incidents (category);
CREATE INDEX incidents_user ON incidents (user);
CREATE INDEX incidents_room ON incidents (room);
-- What a sender and a reporter have had opened lately.
CREATE INDEX incidents_lately ON incidents (user, kind, created_at, status);
CREATE INDEX incidents_reporter ON incidents (reporter, created_at) WHERE reporter IS NOT NULL;
CREATE INDEX incidents_message ON incidents (message) WHERE message IS NOT NULL;
CREATE INDEX incidents_noted ON incidents (user) WHERE note IS NOT NULL;
-- With the status, so that precision is counted without reading the incidents.
CREATE INDEX incidents_created ON incidents (created_at, status);
CREATE INDEX incidents_uncleared ON incidents (decided_at) WHERE cleared_at IS NULL AND decided_at IS NOT NULL;
CREATE INDEX incidents_forgotten ON incidents (created_at) WHERE cleared_at IS NULL AND decided_at IS NULL;
CREATE UNIQUE INDEX incidents_reported ON incidents (message, reporter) WHERE reporter IS NOT NULL;

CREATE TABLE incident_rules (
    rule     INTEGER NOT NULL,
    incident INTEGER NOT NULL REFERENCES incidents (id),
    shadow   INTEGER NOT NULL CHECK (shadow IN (0, 1)),
    PRIMARY KEY (rule, incident)
) STRICT, WITHOUT ROWID;

CREATE INDEX incident_rules_incident ON incident_rules (incident, shadow);

-- What was refused lately, to recognise it when it is sent again. In the order of refusals, so that the oldest rows are
-- the first ones and purging needs no index of its own.
CREATE TABLE refused (
    number INTEGER PRIMARY KEY,
    sender BLOB    NOT NULL CHECK (length(sender) = 16),
    room   INTEGER NOT NULL,
    digest BLOB    NOT NULL CHECK (length(digest) = 32),
    at     INTEGER NOT NULL,
    UNIQUE (sender, room, digest)
) STRICT;

-- Messages kept for review; their text is the incident's, and `delivered` is what a release delivers where that is
-- another one, until it is decided. A released one leaves no row (it is in `sent`); one decided
-- otherwise stays until its window is over, so that it is recognised when it is sent again. `origin` is NULL once the
-- process of that connection has ended.
CREATE TABLE held (
    incident  INTEGER PRIMARY KEY REFERENCES incidents (id),
    sender    BLOB    NOT NULL CHECK (length(sender) = 16),
    room      INTEGER NOT NULL,
    digest    BLOB    NOT NULL CHECK (length(digest) = 32),
    origin    INTEGER,
    temp_id   TEXT    NOT NULL,
    delivered TEXT,
    at        INTEGER NOT NULL,
    decided   INTEGER NOT NULL DEFAULT 0 CHECK (decided IN (0, 1))
) STRICT;

CREATE INDEX held_key ON held (sender, room, digest);
CREATE INDEX held_at ON held (decided, at);

-- All bans that ever were; at most one of a user is not lifted. `strikes` is how many the policy that set it asked for.
CREATE TABLE ban_history (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user       BLOB    NOT NULL CHECK (length(user) = 16),
    reason     TEXT    NOT NULL,
    created_by BLOB    CHECK (length(created_by) = 16),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    strikes    INTEGER,
    lifted_at  INTEGER,
    lifted_by  BLOB    CHECK (length(lifted_by) = 16)
) STRICT;

INSERT INTO ban_history (user, reason, created_at, expires_at)
SELECT user, reason, created_at, expires_at FROM bans ORDER BY created_at;

DROP TABLE bans;
ALTER TABLE ban_history RENAME TO bans;

CREATE UNIQUE INDEX bans_standing ON bans (user) WHERE lifted_at IS NULL;
CREATE INDEX bans_user ON bans (user);
CREATE INDEX bans_unlifted ON bans (id) WHERE lifted_at IS NULL;
CREATE INDEX bans_created ON bans (created_at);

-- `ban` is the ban that the strike led to: it leads to no other.
CREATE TABLE strikes (
    id            INTEGER PRIMARY KEY,
    user          BLOB    NOT NULL CHECK (length(user) = 16),
    incident      INTEGER NOT NULL REFERENCES incidents (id),
    at            INTEGER NOT NULL,
    taken_back_at INTEGER,
    ban           INTEGER REFERENCES bans (id)
) STRICT;

CREATE INDEX strikes_user ON strikes (user, at);
CREATE INDEX strikes_incident ON strikes (incident);
CREATE INDEX strikes_ban ON strikes (ban) WHERE ban IS NOT NULL;

-- `detail` is JSON, byte for byte as it was hashed.
CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    actor  BLOB    CHECK (length(actor) = 16),
    action TEXT    NOT NULL,
    detail TEXT    NOT NULL,
    hash   BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- Also against INSERT OR REPLACE, which deletes without asking the trigger above.
CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
WHEN new.seq IS NOT (SELECT audit_seq + 1 FROM moderation)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE rule_hits (
    day    INTEGER NOT NULL,
    rule   INTEGER NOT NULL,
    action TEXT    NOT NULL,
    shadow INTEGER NOT NULL CHECK (shadow IN (0, 1)),
    count  INTEGER NOT NULL,
    PRIMARY KEY (day, rule, action, shadow)
) STRICT, WITHOUT ROWID;

ALTER TABLE messages ADD COLUMN redacted_at INTEGER;

-- Who was in a room when something was said, present or not.
CREATE INDEX participants_stays ON participants (user, room, joined_at);

CREATE INDEX rooms_deleted ON rooms (deleted_at) WHERE deleted_at IS NOT NULL;
