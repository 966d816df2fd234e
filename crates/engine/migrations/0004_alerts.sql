-- Messages on their way out, in the order of their rows, and what became of them. Times are unix ms; state is 0 waiting,
-- 1 delivered, 2 given up. A message is marked only after it was taken, so that one may come twice and none is lost.
CREATE TABLE alert (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    document TEXT NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    tried_at INTEGER,
    problem TEXT
) STRICT;
CREATE INDEX alert_of_channel ON alert (channel, state);
