-- Who wants to be told of what. The secret signs what is sent; headers may hold secrets too.
CREATE TABLE webhook (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    registry    INTEGER NOT NULL REFERENCES registry (id),
    name        TEXT NOT NULL COLLATE NOCASE,
    location    TEXT NOT NULL,
    tags        TEXT NOT NULL,
    service_uri TEXT NOT NULL,
    headers     TEXT NOT NULL,
    secret      TEXT NOT NULL,
    actions     TEXT NOT NULL,
    scope       TEXT NOT NULL,
    enabled     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (registry, name)
) STRICT;

-- What was or will be sent: made with its event, kept as a log, a dead letter when it was given up.
CREATE TABLE delivery (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook    INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    event      INTEGER,               -- none: a ping
    action     TEXT NOT NULL,
    tag        TEXT,
    state      INTEGER NOT NULL,      -- 0 waiting, 1 being sent, 2 delivered, 3 dead
    attempts   INTEGER NOT NULL,
    due        INTEGER NOT NULL,      -- waiting: the next attempt; being sent: when the lease ends; ended: when
    created_at INTEGER NOT NULL,
    exchange   TEXT                   -- the last request and what came of it
) STRICT;
CREATE INDEX delivery_due ON delivery (webhook, state, due);
CREATE INDEX delivery_ended ON delivery (state, due);
CREATE INDEX delivery_log ON delivery (webhook, id);
