-- What has to be done. One row per kind and key; a job that was done is deleted.

-- AUTOINCREMENT: a lease of a job that is gone never fits a later one.
CREATE TABLE job (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT NOT NULL,
    key          TEXT NOT NULL,
    subscription TEXT NOT NULL,       -- '' for the installation's own work
    priority     INTEGER NOT NULL,
    payload      TEXT NOT NULL,
    state        INTEGER NOT NULL,    -- 0 queued, 1 running, 2 dead
    attempts     INTEGER NOT NULL,
    again        INTEGER NOT NULL,    -- 1: asked for once more while running
    holder       TEXT,
    fence        INTEGER NOT NULL,    -- grows with each claim
    due          INTEGER NOT NULL,    -- running: when the lease ends
    last_error   TEXT,
    enqueued_at  INTEGER NOT NULL,
    UNIQUE (kind, key)
) STRICT;
CREATE INDEX job_claim ON job (state, subscription, kind, priority DESC, due, id);
CREATE INDEX job_due ON job (state, kind, due);
CREATE INDEX job_expiry ON job (due) WHERE state = 1;
CREATE INDEX job_dead ON job (id) WHERE state = 2;

-- Whose turn it is: the lowest number is served first, and goes to the end of the row.
CREATE TABLE queue_turn (
    subscription TEXT PRIMARY KEY,
    turn         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX queue_turn_order ON queue_turn (turn);
