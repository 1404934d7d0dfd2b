-- Settings that faces keep in a form of their own: owners of assessments, automations.

CREATE TABLE document (
    kind       TEXT NOT NULL,
    scope      TEXT NOT NULL COLLATE NOCASE,   -- a resource id
    name       TEXT NOT NULL COLLATE NOCASE,
    body       TEXT NOT NULL,
    author     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (kind, scope, name)
) STRICT, WITHOUT ROWID;

-- What an automation last told of a resource, so that it tells only of changes.
CREATE TABLE automation_told (
    automation  TEXT NOT NULL COLLATE NOCASE,  -- its resource id
    resource    TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (automation, resource)
) STRICT, WITHOUT ROWID;
