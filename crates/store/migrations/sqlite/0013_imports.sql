-- Images that are or were copied from elsewhere. Credentials are never here.
CREATE TABLE import (
    id         TEXT PRIMARY KEY,
    registry   INTEGER NOT NULL,
    wish       TEXT NOT NULL,
    state      TEXT NOT NULL,
    done       INTEGER NOT NULL,     -- bytes
    total      INTEGER NOT NULL,     -- bytes; 0 until it is known
    digest     TEXT,
    error      TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX import_updated ON import (state, updated_at);
