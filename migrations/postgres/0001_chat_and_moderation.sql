-- Runs inside one transaction, with `plic_chat` alone on the search path. Uuids are UUID, moments are microseconds (UTC),
-- enumerations are the words of the wire, lists are JSON in TEXT. What users wrote is TEXT in which U+001A stands twice
-- and U+0000 is U+001A and a zero, because TEXT cannot hold U+0000.

-- What is here is nobody's but its owner's: Supabase lets `anon` and `authenticated` ask whatever they have rights to.
REVOKE ALL ON SCHEMA plic_chat FROM PUBLIC;

-- From this one counter rooms and messages draw their ids, so that ids order all activity.
CREATE SEQUENCE ids MAXVALUE 9007199254740991;
-- A node's number stands in the upper half of the numbers of its connections.
CREATE SEQUENCE node_numbers MAXVALUE 2147483647;
CREATE SEQUENCE arrivals;

-- The database's clock, which all nodes share.
CREATE FUNCTION moment() RETURNS BIGINT LANGUAGE sql VOLATILE
RETURN CAST(extract(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT);

-- One row. `epoch` names this database: where it changes, clients and nodes know that ids start over.
CREATE TABLE meta (
    only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
    epoch    UUID   NOT NULL
);

INSERT INTO meta (only_row, epoch) VALUES (1, gen_random_uuid());

-- `activity` is the id of the room's newest message, or the room's own id before the first. `people_version` counts how
-- often who is in it has changed. Every batch of messages updates the row: there is room beside it, and no index of
-- what is updated, so that no index is written.
CREATE TABLE rooms (
    id             BIGINT PRIMARY KEY,
    owner          UUID   NOT NULL,
    apartment      BIGINT,
    created_at     BIGINT NOT NULL,
    deleted_at     BIGINT,
    last_seq       BIGINT NOT NULL DEFAULT 0,
    activity       BIGINT NOT NULL,
    people_version BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE INDEX rooms_deleted ON rooms (deleted_at) WHERE deleted_at IS NOT NULL;

-- A row a stay: who leaves keeps the row with `left_at`, and gets another on coming back, so that moderation can tell
-- who was in the room when something was said. `joined` counts the stays of a room and orders its participants.
CREATE TABLE participants (
    room      BIGINT NOT NULL REFERENCES rooms (id),
    joined    BIGINT NOT NULL,
    "user"    UUID   NOT NULL,
    joined_at BIGINT NOT NULL,
    left_at   BIGINT,
    PRIMARY KEY (room, joined)
);

CREATE UNIQUE INDEX participants_present ON participants ("user", room) WHERE left_at IS NULL;
-- Who was in a room when something was said, present or not.
CREATE INDEX participants_stays ON participants ("user", room, joined_at);

-- No key to `rooms`: its check would cost each message more than all else, and whoever adds a message has locked the
-- room's row. `origin` is the connection that sent it.
CREATE TABLE messages (
    id          BIGINT PRIMARY KEY,
    room        BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    sender      UUID   NOT NULL,
    text        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    redacted_at BIGINT,
    origin      BIGINT,
    UNIQUE (room, seq)
);

-- What was sent lately, to recognise it when it is sent again. A batch has one `at`, which its index holds once.
CREATE TABLE sent (
    room    BIGINT NOT NULL,
    sender  UUID   NOT NULL,
    digest  BYTEA  NOT NULL CHECK (length(digest) = 32),
    message BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (room, sender, digest)
) WITH (autovacuum_vacuum_scale_factor = 0.02);

CREATE INDEX sent_at ON sent (at);

-- One row: the counters and the settings of moderation. `audit_seq` and `audit_hash` are the head of the audit log, so
-- that a log whose end was cut off is told from a shorter one. `policy` is NULL until an admin sets one.
CREATE TABLE moderation (
    only_row       BIGINT PRIMARY KEY CHECK (only_row = 1),
    rules_revision BIGINT NOT NULL,
    last_rule      BIGINT NOT NULL,
    audit_seq      BIGINT NOT NULL,
    audit_hash     BYTEA  NOT NULL CHECK (length(audit_hash) = 32),
    policy         TEXT
);

INSERT INTO moderation (only_row, rules_revision, last_rule, audit_seq, audit_hash)
VALUES (1, 0, 0, 0, decode(repeat('00', 32), 'hex'));

-- The newest version of each rule that there ever was; a deleted one keeps its row, so that its id is not used again.
CREATE TABLE rules (
    id         BIGINT PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740991),
    version    BIGINT NOT NULL,
    deleted_at BIGINT
);

CREATE TABLE rule_versions (
    rule       BIGINT NOT NULL REFERENCES rules (id),
    version    BIGINT NOT NULL CHECK (version >= 1),
    body       TEXT   NOT NULL,
    updated_by UUID,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (rule, version)
);

CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE TRIGGER rule_versions_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON rule_versions
FOR EACH STATEMENT EXECUTE FUNCTION refuse();

-- `near` is the message, or the newest id when there was none: it divides what was said before from what came after.
-- `cleared_at` is when retention took the text and the matches away, and what was said about them. Not tied to rooms and
-- messages by keys: refused messages name rooms that need not exist, and incidents outlive what they are about.
CREATE TABLE incidents (
    id         BIGINT GENERATED BY DEFAULT AS IDENTITY (MAXVALUE 9007199254740991) PRIMARY KEY,
    status     TEXT   NOT NULL DEFAULT 'open'
               CHECK (status IN ('open', 'upheld', 'dismissed', 'released', 'removed')),
    kind       TEXT   NOT NULL CHECK (kind IN ('block', 'reject', 'hold', 'flag', 'report')),
    category   TEXT   NOT NULL,
    "user"     UUID   NOT NULL,
    room       BIGINT NOT NULL,
    message    BIGINT,
    near       BIGINT NOT NULL,
    text       TEXT   NOT NULL,
    matches    TEXT   NOT NULL,
    reporter   UUID,
    reason     TEXT,
    created_at BIGINT NOT NULL,
    decided_by UUID,
    decided_at BIGINT,
    note       TEXT,
    cleared_at BIGINT
);

-- Each serves its filter newest first.
CREATE INDEX incidents_status ON incidents (status, id);
CREATE INDEX incidents_kind ON incidents (kind, id);
CREATE INDEX incidents_category ON incidents (category, id);
CREATE INDEX incidents_user ON incidents ("user", id);
CREATE INDEX incidents_room ON incidents (room, id);
-- The combinations that are asked for most, where each condition alone is true of many; a user, a room or a rule has few.
CREATE INDEX incidents_status_kind ON incidents (status, kind, id);
CREATE INDEX incidents_status_category ON incidents (status, category, id);
-- What a sender and a reporter have had opened lately.
CREATE INDEX incidents_lately ON incidents ("user", kind, created_at, status);
CREATE INDEX incidents_reporter ON incidents (reporter, created_at) WHERE reporter IS NOT NULL;
CREATE INDEX incidents_message ON incidents (message) WHERE message IS NOT NULL;
CREATE INDEX incidents_noted ON incidents ("user", id) WHERE note IS NOT NULL;
-- With the status, so that precision is counted without reading the incidents.
CREATE INDEX incidents_created ON incidents (created_at, status) INCLUDE (id);
CREATE INDEX incidents_uncleared ON incidents (decided_at) WHERE cleared_at IS NULL AND decided_at IS NOT NULL;
CREATE INDEX incidents_forgotten ON incidents (created_at) WHERE cleared_at IS NULL AND decided_at IS NULL;
CREATE UNIQUE INDEX incidents_reported ON incidents (message, reporter) WHERE reporter IS NOT NULL;

CREATE TABLE incident_rules (
    rule     BIGINT  NOT NULL,
    incident BIGINT  NOT NULL REFERENCES incidents (id),
    shadow   BOOLEAN NOT NULL,
    PRIMARY KEY (rule, incident)
);

CREATE INDEX incident_rules_incident ON incident_rules (incident, shadow);

-- What was refused lately, to recognise it when it is sent again.
CREATE TABLE refused (
    sender UUID   NOT NULL,
    room   BIGINT NOT NULL,
    digest BYTEA  NOT NULL CHECK (length(digest) = 32),
    at     BIGINT NOT NULL,
    PRIMARY KEY (sender, room, digest)
);

CREATE INDEX refused_at ON refused (at);

-- Messages kept for review; their text is the incident's, and `delivered` is what a release delivers where that is
-- another one, until it is decided. A released one leaves no row (it is in `sent`); one decided otherwise stays until its
-- window is over, so that it is recognised when it is sent again.
CREATE TABLE held (
    incident  BIGINT  PRIMARY KEY REFERENCES incidents (id),
    sender    UUID    NOT NULL,
    room      BIGINT  NOT NULL,
    digest    BYTEA   NOT NULL CHECK (length(digest) = 32),
    origin    BIGINT,
    temp_id   TEXT    NOT NULL,
    delivered TEXT,
    at        BIGINT  NOT NULL,
    decided   BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE INDEX held_key ON held (sender, room, digest);
CREATE INDEX held_at ON held (decided, at);

-- All bans that ever were; at most one of a user is not lifted. `strikes` is how many the policy that set it asked for.
CREATE TABLE bans (
    id         BIGINT GENERATED BY DEFAULT AS IDENTITY (MAXVALUE 9007199254740991) PRIMARY KEY,
    "user"     UUID   NOT NULL,
    reason     TEXT   NOT NULL,
    created_by UUID,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    strikes    BIGINT,
    lifted_at  BIGINT,
    lifted_by  UUID
);

CREATE UNIQUE INDEX bans_standing ON bans ("user") WHERE lifted_at IS NULL;
CREATE INDEX bans_user ON bans ("user", id);
CREATE INDEX bans_unlifted ON bans (id) WHERE lifted_at IS NULL;
CREATE INDEX bans_created ON bans (created_at);

-- `ban` is the ban that the strike led to: it leads to no other.
CREATE TABLE strikes (
    id            BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    "user"        UUID   NOT NULL,
    incident      BIGINT NOT NULL REFERENCES incidents (id),
    at            BIGINT NOT NULL,
    taken_back_at BIGINT,
    ban           BIGINT REFERENCES bans (id)
);

CREATE INDEX strikes_user ON strikes ("user", at, id);
CREATE INDEX strikes_incident ON strikes (incident);
CREATE INDEX strikes_ban ON strikes (ban) WHERE ban IS NOT NULL;

-- `detail` is JSON, byte for byte as it was hashed.
CREATE TABLE audit (
    seq    BIGINT PRIMARY KEY,
    at     BIGINT NOT NULL,
    actor  UUID,
    action TEXT   NOT NULL,
    detail TEXT   NOT NULL,
    hash   BYTEA  NOT NULL CHECK (length(hash) = 32)
);

CREATE FUNCTION refuse_other_ends() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq IS DISTINCT FROM (SELECT audit_seq + 1 FROM plic_chat.moderation) THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse();

CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_other_ends();

CREATE TABLE rule_hits (
    day    BIGINT  NOT NULL,
    rule   BIGINT  NOT NULL,
    action TEXT    NOT NULL,
    shadow BOOLEAN NOT NULL,
    count  BIGINT  NOT NULL,
    PRIMARY KEY (day, rule, action, shadow)
);

-- What nodes tell each other, numbered without a gap in the order of commit: a change locks `feed_head` first of all.
CREATE TABLE feed_head (
    only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
    number   BIGINT NOT NULL
) WITH (fillfactor = 10);

INSERT INTO feed_head (only_row, number) VALUES (1, 0);

CREATE TABLE feed (
    number BIGINT PRIMARY KEY,
    node   BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    body   TEXT   NOT NULL
);

-- The processes that use this database, and when each has last said that it lives.
CREATE TABLE nodes (
    node    BIGINT PRIMARY KEY,
    seen_at BIGINT NOT NULL
);

-- Who is connected, on whichever node; `ord` tells which of a user's connections came later.
CREATE TABLE connections (
    connection BIGINT PRIMARY KEY,
    "user"     UUID   NOT NULL,
    node       BIGINT NOT NULL,
    ord        BIGINT NOT NULL DEFAULT nextval('arrivals')
);

CREATE INDEX connections_user ON connections ("user", ord);
CREATE INDEX connections_node ON connections (node);
-- What comes back after a loss of the database counts as older than all others.
CREATE INDEX connections_ord ON connections (ord);

-- Begins a change: one at a time in the cluster, from here to the end of its transaction.
CREATE FUNCTION begin_change() RETURNS TABLE (head BIGINT, now BIGINT) LANGUAGE plpgsql
SET search_path = plic_chat, pg_temp AS $$
BEGIN
    SELECT number INTO head FROM feed_head FOR UPDATE;
    now := moment();
    RETURN NEXT;
END $$;
