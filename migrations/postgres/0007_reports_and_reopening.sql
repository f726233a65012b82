-- The reports of an incident's message, numbered from 1 without a gap. `incidents.reporter` and `reason` are those of the
-- first, `report_count` counts them. `reason` is NULL once retention took it away. A node of the release before writes the
-- first report into `incidents` alone.
CREATE TABLE incident_reports (
    incident   BIGINT NOT NULL REFERENCES incidents (id),
    number     BIGINT NOT NULL,
    message    BIGINT NOT NULL,
    reporter   UUID   NOT NULL,
    reason     TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (incident, number),
    UNIQUE (message, reporter)
);

-- What a reporter has reported lately.
CREATE INDEX incident_reports_reporter ON incident_reports (reporter, created_at);

INSERT INTO incident_reports (incident, number, message, reporter, reason, created_at)
SELECT id, 1, message, reporter, reason, created_at FROM incidents WHERE reporter IS NOT NULL AND message IS NOT NULL;

ALTER TABLE incidents ADD COLUMN report_count BIGINT NOT NULL DEFAULT 0;
UPDATE incidents SET report_count = 1 WHERE reporter IS NOT NULL;

-- Reported messages, newest first.
CREATE INDEX incidents_with_reports ON incidents (id) WHERE reporter IS NOT NULL;
CREATE INDEX incidents_status_with_reports ON incidents (status, id) WHERE reporter IS NOT NULL;

-- When a decision was last taken back; `reopened_by` is NULL where a report did it.
ALTER TABLE incidents ADD COLUMN reopened_at BIGINT;
ALTER TABLE incidents ADD COLUMN reopened_by UUID;

-- Decisions that were taken back, and that they were: `status` is what the incident became.
CREATE TABLE incident_history (
    incident BIGINT NOT NULL REFERENCES incidents (id),
    number   BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    by       UUID,
    status   TEXT   NOT NULL,
    note     TEXT,
    PRIMARY KEY (incident, number)
);
