-- How many messages an incident stands for besides its own, where its sender had more flagged or refused than the queue
-- lists one by one; NULL where it stands for its own alone and no other is added to it.
ALTER TABLE incidents ADD COLUMN further BIGINT;

-- The delivered ones of these. A row goes with its message.
CREATE TABLE incident_further (
    incident BIGINT NOT NULL REFERENCES incidents (id),
    message  BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    PRIMARY KEY (incident, message)
);

CREATE INDEX incident_further_message ON incident_further (message);
