-- The JSON of a `message_temp_id` with half a surrogate pair, which no text holds: `temp_id` has U+FFFD in its place. NULL where
-- `temp_id` is exact.
ALTER TABLE held ADD COLUMN temp_id_json TEXT;

-- A ban that no admin set binds nobody whose token said within the last 24 hours that they are an admin: an earlier role is
-- not known any more, and is purged. The functions are those of 0010 with this window.
CREATE OR REPLACE FUNCTION append_messages(
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
            WHEN EXISTS (
                SELECT FROM bans k WHERE k."user" = b.sender AND k.lifted_at IS NULL
                AND (k.expires_at IS NULL OR k.expires_at > arrived)
                AND (k.authority = 'admin' OR NOT EXISTS (
                    SELECT FROM staff a WHERE a."user" = b.sender AND a.role = 'admin' AND a.seen_at > arrived - 86400000000
                ))
            ) THEN 5
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

-- `append_new` returns no row where a sender of the batch is banned; `append_messages` then tells the messages apart.
CREATE OR REPLACE FUNCTION append_new(
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
        OR EXISTS (
            SELECT FROM plic_chat.bans b WHERE b."user" = ANY (senders) AND b.lifted_at IS NULL
            AND (b.expires_at IS NULL OR b.expires_at > plic_chat.moment())
            AND (b.authority = 'admin' OR NOT EXISTS (
                SELECT FROM plic_chat.staff a WHERE a."user" = b."user" AND a.role = 'admin'
                AND a.seen_at > plic_chat.moment() - 86400000000
            ))
        )
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
