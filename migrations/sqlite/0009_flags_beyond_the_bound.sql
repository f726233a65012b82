-- How many messages an incident stands for besides its own, where its sender had more flagged or refused than the queue
-- lists one by one; NULL where it stands for its own alone and no other is added to it.
ALTER TABLE incidents ADD COLUMN further INTEGER;

-- The delivered ones of these. A row goes with its message.
CREATE TABLE incident_further (
    incident INTEGER NOT NULL REFERENCES incidents (id),
    message  INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    PRIMARY KEY (incident, message)
) STRICT, WITHOUT ROWID;

CREATE INDEX incident_further_message ON incident_further (message);
