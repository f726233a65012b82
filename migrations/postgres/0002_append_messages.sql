-- Stores a batch of messages. The arrays of the messages have one length; `known_rooms` are their rooms, each once, with
-- the version of its people that the caller knows, or -1.
--
-- A row a message, `number` being its place in the batch, by `kind`:
-- 0 it is stored: `value` is its id, `seq` its place in the room; 1 it was stored before as `value`; 2 it is held for
-- review; 3 its sender is not in the room, or there is no such room. And a row an open room, by its id: 4, `value` is the
-- version of its people, who come with it where the caller does not know them.
--
-- The rooms are locked in the order of their ids, and only then does the statement begin that reads and writes: it sees
-- all that others stored in these rooms. Ids are drawn after that, so that they grow with `seq`.
--
-- The settings hold the plan to the indexes: one plan serves every batch, made perhaps while the tables were empty.
CREATE FUNCTION append_messages(
    message_rooms BIGINT[], senders UUID[], digests BYTEA[], windows BIGINT[], origins BIGINT[], texts TEXT[],
    known_rooms BIGINT[], known_versions BIGINT[]
) RETURNS TABLE (kind BIGINT, number BIGINT, value BIGINT, seq BIGINT, users UUID[]) LANGUAGE plpgsql
SET search_path = plic_chat, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    arrived BIGINT;
BEGIN
    PERFORM FROM rooms WHERE id = ANY (known_rooms) ORDER BY id FOR NO KEY UPDATE;
    arrived := moment();
    RETURN QUERY
    WITH batch AS MATERIALIZED (
        SELECT * FROM unnest(message_rooms, senders, digests, windows, origins, texts)
        WITH ORDINALITY AS b (room, sender, digest, lasts, origin, text, number)
    ), judged AS MATERIALIZED (
        SELECT b.*, s.message, r.last_seq, CASE
            WHEN s.message IS NOT NULL THEN 1
            WHEN arrived - (
                SELECT max(h.at) FROM held h WHERE h.sender = b.sender AND h.room = b.room AND h.digest = b.digest
            ) < b.lasts THEN 2
            WHEN r.id IS NULL OR p.room IS NULL THEN 3
            ELSE 0 END AS kind
        FROM batch b
        LEFT JOIN sent s ON s.room = b.room AND s.sender = b.sender AND s.digest = b.digest
            AND arrived - s.at < b.lasts
        LEFT JOIN rooms r ON r.id = b.room AND r.deleted_at IS NULL
        LEFT JOIN participants p ON p."user" = b.sender AND p.room = b.room AND p.left_at IS NULL
    ), drawn AS MATERIALIZED (
        -- The same message twice in a batch is the first of the two.
        SELECT f.*, CASE WHEN f.number = f.first THEN nextval('ids') END AS id FROM (
            SELECT j.*, min(j.number) OVER (PARTITION BY j.room, j.sender, j.digest) AS first
            FROM judged j WHERE j.kind = 0 ORDER BY j.number
        ) f
    ), placed AS MATERIALIZED (
        SELECT d.*,
            max(d.id) OVER (PARTITION BY d.room, d.sender, d.digest) AS same,
            d.last_seq + count(d.id) OVER (PARTITION BY d.room ORDER BY d.id NULLS LAST) AS seq
        FROM drawn d
    ), stored AS (
        INSERT INTO messages (id, room, seq, sender, text, created_at, origin)
        SELECT n.id, n.room, n.seq, n.sender, n.text, arrived, n.origin
        FROM placed n WHERE n.id IS NOT NULL ORDER BY n.id
    ), remembered AS (
        -- A row under the same key is older than its window, or it would have been found.
        INSERT INTO sent (room, sender, digest, message, at)
        SELECT n.room, n.sender, n.digest, n.id, arrived FROM placed n WHERE n.id IS NOT NULL
        ON CONFLICT (room, sender, digest) DO UPDATE SET message = excluded.message, at = excluded.at
    ), counted AS (
        UPDATE rooms r SET last_seq = n.seq, activity = n.id
        FROM (SELECT n.room, max(n.seq) AS seq, max(n.id) AS id FROM placed n GROUP BY n.room) n
        WHERE r.id = n.room
    )
    SELECT CASE WHEN n.id IS NULL THEN 1::BIGINT ELSE 0 END, n.number, n.same, n.seq, NULL::UUID[] FROM placed n
    UNION ALL
    SELECT j.kind::BIGINT, j.number, j.message, NULL, NULL FROM judged j WHERE j.kind <> 0
    UNION ALL
    SELECT 4, r.id, r.people_version, NULL, CASE WHEN r.people_version <> k.version THEN ARRAY (
        SELECT p."user" FROM participants p WHERE p.room = r.id AND p.left_at IS NULL ORDER BY p.joined
    ) END
    FROM unnest(known_rooms, known_versions) AS k (room, version)
    JOIN rooms r ON r.id = k.room AND r.deleted_at IS NULL;
END $$;

-- The same for batches in which nothing is unusual, which are nearly all: nobody waits for other people of a room than
-- the caller knows, every sender is in their room, every message is new. It answers its ids and what the rooms had counted
-- to; no row where anything is otherwise: then nothing is stored, and `append_messages` is to be called.
--
-- `known_rooms` are in the order of their ids; `counts` says how many messages each is given, and `lasts` which of the batch
-- is its last. Of each message, `places` is the index of its room, and `nths` its how-many-th message it is here.
--
-- Nothing is looked up before it is stored: who sends a message again runs into the primary key of `sent`.
CREATE FUNCTION append_new(
    known_rooms BIGINT[], known_versions BIGINT[], counts BIGINT[], lasts BIGINT[],
    places BIGINT[], nths BIGINT[], senders UUID[], digests BYTEA[], origins BIGINT[], texts TEXT[]
) RETURNS TABLE (ids BIGINT[], counted BIGINT[]) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_variable
DECLARE
    arrived BIGINT;
    versions BIGINT[];
BEGIN
    SELECT array_agg(l.people_version), array_agg(l.last_seq) INTO versions, counted FROM (
        SELECT r.people_version, r.last_seq FROM plic_chat.rooms r
        WHERE r.id = ANY (known_rooms) AND r.deleted_at IS NULL ORDER BY r.id FOR NO KEY UPDATE
    ) l;
    IF versions IS DISTINCT FROM known_versions
        OR EXISTS (SELECT FROM plic_chat.held h WHERE h.sender = ANY (senders))
    THEN
        RETURN;
    END IF;
    arrived := plic_chat.moment();
    ids := ARRAY (SELECT nextval('plic_chat.ids') FROM generate_series(1, cardinality(places)));
    INSERT INTO plic_chat.sent (room, sender, digest, message, at)
    SELECT known_rooms[b.place], b.sender, b.digest, b.id, arrived
    FROM unnest(places, senders, digests, ids) AS b (place, sender, digest, id);
    INSERT INTO plic_chat.messages (id, room, seq, sender, text, created_at, origin)
    SELECT b.id, known_rooms[b.place], counted[b.place] + b.nth, b.sender, b.text, arrived, b.origin
    FROM unnest(ids, places, nths, senders, texts, origins) AS b (id, place, nth, sender, text, origin);
    UPDATE plic_chat.rooms r SET last_seq = r.last_seq + n.count, activity = ids[n.last]
    FROM unnest(known_rooms, counts, lasts) AS n (room, count, last) WHERE r.id = n.room;
    RETURN NEXT;
EXCEPTION WHEN unique_violation THEN
    RETURN;
END $$;
