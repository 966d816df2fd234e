-- How much of a gap the watcher in the cluster saw, ms by subject, as JSON; null before it was asked.
ALTER TABLE gap ADD COLUMN watched TEXT;

-- 1 where it saw a change, 0 where a look of Portico's own did.
ALTER TABLE health_change ADD COLUMN by_watcher INTEGER NOT NULL DEFAULT 0;
