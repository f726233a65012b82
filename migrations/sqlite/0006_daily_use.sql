-- What a user did in an hour that counts towards the limits of a day: rooms started, people brought into rooms. Hours are
-- counted from 1970 (UTC).
CREATE TABLE daily_use (
    user   BLOB    NOT NULL CHECK (length(user) = 16),
    hour   INTEGER NOT NULL,
    rooms  INTEGER NOT NULL,
    people INTEGER NOT NULL,
    PRIMARY KEY (user, hour)
) STRICT, WITHOUT ROWID;

-- What is older than a day is deleted by it.
CREATE INDEX daily_use_hour ON daily_use (hour);
