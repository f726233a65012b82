-- Each serves its filter newest first, or finds the entries of a span of time: an index ends with the entry's number.
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_actor ON audit (actor) WHERE actor IS NOT NULL;
CREATE INDEX audit_action ON audit (action);
-- What stands before the dot of an action.
CREATE INDEX audit_subject ON audit (substr(action, 1, instr(action, '.') - 1));
