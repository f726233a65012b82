-- What was decided since a moment, with what the numbers need, so that they are counted without reading the incidents.
CREATE INDEX incidents_decided ON incidents (decided_at, status) WHERE decided_at IS NOT NULL;
