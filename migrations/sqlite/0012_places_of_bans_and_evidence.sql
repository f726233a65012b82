-- The id of the first ban in a row of bans of one user that replaced each other while in force: the list of bans keeps the
-- place of a ban that is replaced while the list is paged through. NULL is the ban's own id.
ALTER TABLE bans ADD COLUMN position INTEGER;

CREATE INDEX bans_positions ON bans (coalesce(position, id)) WHERE lifted_at IS NULL;

-- What a message said that an open incident stands for besides its own, once it is redacted: the evidence. NULL where the
-- message still says it.
ALTER TABLE incident_further ADD COLUMN text TEXT;
