-- How many messages the filter judged on a day, and how many of them it held, rejected or blocked. Days are counted from
-- 1970 (UTC).
CREATE TABLE judged_days (
    day     INTEGER PRIMARY KEY,
    judged  INTEGER NOT NULL,
    stopped INTEGER NOT NULL
) STRICT;
