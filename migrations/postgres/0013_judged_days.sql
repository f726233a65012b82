-- How many messages the filter judged on a day, and how many of them it held, rejected or blocked. Days are counted from
-- 1970 (UTC).
CREATE TABLE judged_days (
    day     BIGINT PRIMARY KEY,
    judged  BIGINT NOT NULL,
    stopped BIGINT NOT NULL
);
