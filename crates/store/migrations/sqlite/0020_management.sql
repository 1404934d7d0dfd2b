-- What the resource manager and the directory keep.

-- Small things that have a name: resource groups, settings of registries, custom roles, applications, credentials.
-- Each kind is a type of the program, and its body one value of it as JSON.
CREATE TABLE object (
    kind       TEXT NOT NULL,
    key        TEXT NOT NULL COLLATE NOCASE,
    owner      TEXT NOT NULL COLLATE NOCASE,
    body       TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX object_owner ON object (kind, owner);

-- A session holds as long as the number of its account is the one that it began with.
ALTER TABLE account ADD COLUMN display_name TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;

-- Assignments have names of their own, and scopes have no case.
CREATE TABLE named_assignment (
    id             TEXT NOT NULL COLLATE NOCASE UNIQUE,
    principal      TEXT NOT NULL,
    role           TEXT NOT NULL,
    scope          TEXT NOT NULL COLLATE NOCASE,
    principal_kind TEXT NOT NULL,
    description    TEXT,
    created_at     INTEGER,
    created_by     TEXT,
    PRIMARY KEY (principal, role, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO named_assignment (id, principal, role, scope, principal_kind)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8'
             || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
       principal, role, scope, 'User'
FROM role_assignment;
DROP TABLE role_assignment;
ALTER TABLE named_assignment RENAME TO role_assignment;
