-- Each serves its filter newest first, or finds the entries of a span of time.
CREATE INDEX audit_at ON audit (at, seq);
CREATE INDEX audit_actor ON audit (actor, seq) WHERE actor IS NOT NULL;
CREATE INDEX audit_action ON audit (action, seq);
-- What stands before the dot of an action.
CREATE INDEX audit_subject ON audit (split_part(action, '.', 1), seq);
