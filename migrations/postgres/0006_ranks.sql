-- On whose authority a ban was set: it says whom the ban binds and who may lift it. NULL in bans from before, and of nodes
-- of the release before: the policy's where nobody set it, otherwise a moderator's.
ALTER TABLE bans ADD COLUMN authority TEXT CHECK (authority IN ('policy', 'moderator', 'admin'));

-- The roles of moderators and admins, as their tokens last said.
CREATE TABLE staff (
    "user"  UUID   PRIMARY KEY,
    role    TEXT   NOT NULL CHECK (role IN ('user', 'moderator', 'admin')),
    seen_at BIGINT NOT NULL
);
