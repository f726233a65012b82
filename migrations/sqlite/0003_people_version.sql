-- How often who is in a room has changed.
ALTER TABLE rooms ADD COLUMN people_version INTEGER NOT NULL DEFAULT 0;
