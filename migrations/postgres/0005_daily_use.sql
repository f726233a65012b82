-- What a user did in an hour that counts towards the limits of a day: rooms started, people brought into rooms. Hours are
-- counted from 1970 (UTC).
CREATE TABLE daily_use (
    "user" UUID   NOT NULL,
    hour   BIGINT NOT NULL,
    rooms  BIGINT NOT NULL,
    people BIGINT NOT NULL,
    PRIMARY KEY ("user", hour)
);

-- What is older than a day is deleted by it.
CREATE INDEX daily_use_hour ON daily_use (hour);
