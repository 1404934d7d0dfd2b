-- What tokens of a registry's own may open, by name.
CREATE TABLE scope_map (
    registry    INTEGER NOT NULL REFERENCES registry (id),
    name        TEXT NOT NULL COLLATE NOCASE,
    description TEXT NOT NULL,
    actions     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (registry, name)
) STRICT, WITHOUT ROWID;

-- Accounts of one registry. The principal is never given to anything else.
CREATE TABLE scoped_token (
    registry   INTEGER NOT NULL REFERENCES registry (id),
    name       TEXT NOT NULL COLLATE NOCASE,
    principal  TEXT NOT NULL UNIQUE,
    scope_map  TEXT NOT NULL COLLATE NOCASE,
    enabled    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    passwords  TEXT NOT NULL,         -- hashes with their times, as JSON
    PRIMARY KEY (registry, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX scoped_token_map ON scoped_token (registry, scope_map);

-- What else a registry asks and allows. No row: the defaults.
CREATE TABLE registry_rules (
    registry INTEGER PRIMARY KEY REFERENCES registry (id),
    rules    TEXT NOT NULL
) STRICT;
