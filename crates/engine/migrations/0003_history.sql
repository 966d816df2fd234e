-- Whom history is about: hops by their id, services as path/NAME. The number stands for it in every row below.
CREATE TABLE subject (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- Every change of health, for ever. Health is 0 up, 1 degraded, 2 unknown, 3 down; times are unix ms.
CREATE TABLE health_change (
    at INTEGER NOT NULL,
    subject INTEGER NOT NULL REFERENCES subject (id),
    was INTEGER NOT NULL,
    became INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (at, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX health_change_of_subject ON health_change (subject, at);

-- When nobody watched.
CREATE TABLE gap (until INTEGER PRIMARY KEY, since INTEGER NOT NULL) STRICT;

-- How long a subject was how healthy and how long answers took, by the minute (level 0), the hour (1) and the day (2): one
-- sheet holds the minutes of an hour, the hours of a day, the days of thirty. `start` is its beginning in unix minutes.
CREATE TABLE sheet (
    level INTEGER NOT NULL,
    subject INTEGER NOT NULL REFERENCES subject (id),
    start INTEGER NOT NULL,
    rows BLOB NOT NULL,
    PRIMARY KEY (level, subject, start)
) STRICT;

-- Runs stand in the timeline where they began.
CREATE INDEX run_by_start ON run (started_at);
