-- What is wanted: one immutable document per revision; the newest counts.
CREATE TABLE desired (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    document TEXT NOT NULL
);

-- How a machine is logged in to. Secrets are not here; they are in the keyring or nowhere.
CREATE TABLE login (
    address TEXT NOT NULL,
    port INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (address, port)
);

-- Machines as the last scans saw them.
CREATE TABLE inventory (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    document TEXT NOT NULL
);

-- The journal. It explains what happened; it is never asked what is true.
CREATE TABLE run (
    id TEXT PRIMARY KEY,
    change TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER
);

CREATE TABLE run_step (
    run TEXT NOT NULL REFERENCES run (id),
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (run, id)
);

-- How long each stage took, for the time left.
CREATE TABLE duration (
    stage TEXT NOT NULL,
    millis INTEGER NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX duration_by_stage ON duration (stage, at);
