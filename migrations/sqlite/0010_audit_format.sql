-- How an entry is hashed. Entries that are there already, and those of a release from before this, are of format 1.
ALTER TABLE audit ADD COLUMN format INTEGER NOT NULL DEFAULT 1;
