-- The JSON of a `message_temp_id` with half a surrogate pair, which no text holds: `temp_id` has U+FFFD in its place. NULL where
-- `temp_id` is exact.
ALTER TABLE held ADD COLUMN temp_id_json TEXT;
