-- Small documents of the engine's own, by name.
CREATE TABLE note (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
