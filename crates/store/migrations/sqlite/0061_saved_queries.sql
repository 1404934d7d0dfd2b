-- Queries of Resource Graph that somebody has given a name. Scopes and names have no case.
CREATE TABLE saved_query (
    scope       TEXT NOT NULL COLLATE NOCASE,   -- the resource group, by its id
    name        TEXT NOT NULL COLLATE NOCASE,
    query       TEXT NOT NULL,
    description TEXT NOT NULL,
    tags        TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;
