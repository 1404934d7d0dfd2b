-- Who lives here, and what the registry holds.
-- Moments are microseconds since 1970. Identifiers that Azure writes as GUIDs are text.

CREATE TABLE subscription (
    id     TEXT PRIMARY KEY,
    name   TEXT NOT NULL,
    tenant TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the number of a registry that was deleted is never given to another one.
CREATE TABLE registry (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription   TEXT NOT NULL REFERENCES subscription (id),
    resource_group TEXT NOT NULL,
    name           TEXT NOT NULL COLLATE NOCASE UNIQUE,
    login_server   TEXT NOT NULL,
    location       TEXT NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX registry_subscription ON registry (subscription, name);

-- One row: which of them the first start created.
CREATE TABLE installation (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    registry INTEGER NOT NULL REFERENCES registry (id)
) STRICT;

CREATE TABLE plan (
    subscription TEXT NOT NULL REFERENCES subscription (id),
    name         TEXT NOT NULL COLLATE NOCASE,
    tier         TEXT NOT NULL,
    enabled_at   INTEGER,
    changed_at   INTEGER NOT NULL,
    PRIMARY KEY (subscription, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    name        TEXT PRIMARY KEY,
    principal   TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL,
    kind        TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE role_assignment (
    principal TEXT NOT NULL,
    role      TEXT NOT NULL,
    scope     TEXT NOT NULL,
    PRIMARY KEY (principal, role, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE repository (
    id       INTEGER PRIMARY KEY,
    registry INTEGER NOT NULL REFERENCES registry (id),
    name     TEXT NOT NULL,
    UNIQUE (registry, name)
) STRICT;

-- A repository shows only the blobs that it has a link to.
CREATE TABLE blob_link (
    repository INTEGER NOT NULL REFERENCES repository (id),
    digest     TEXT NOT NULL,
    size       INTEGER NOT NULL,
    linked_at  INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_link_digest ON blob_link (digest);

-- The bytes stand last, so that listings stop reading a row before them.
CREATE TABLE manifest (
    id            INTEGER PRIMARY KEY,
    repository    INTEGER NOT NULL REFERENCES repository (id),
    digest        TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    size          INTEGER NOT NULL,
    artifact_type TEXT,
    subject       TEXT,
    config        TEXT,
    pushed_at     INTEGER NOT NULL,
    annotations   TEXT NOT NULL,
    bytes         BLOB NOT NULL,
    UNIQUE (repository, digest)
) STRICT;
CREATE INDEX manifest_digest ON manifest (digest);
CREATE INDEX manifest_subject ON manifest (repository, subject, digest) WHERE subject IS NOT NULL;

CREATE TABLE manifest_reference (
    manifest INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    kind     TEXT NOT NULL,
    digest   TEXT NOT NULL,
    PRIMARY KEY (manifest, kind, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_reference_digest ON manifest_reference (digest, kind);

CREATE TABLE tag (
    repository INTEGER NOT NULL REFERENCES repository (id),
    name       TEXT NOT NULL,
    digest     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (repository, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_digest ON tag (repository, digest);

-- The repository is named, not referred to: an upload alone does not make a repository.
CREATE TABLE upload (
    id         TEXT PRIMARY KEY,
    registry   INTEGER NOT NULL,
    repository TEXT NOT NULL,
    actor      TEXT NOT NULL,
    position   INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    touched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_touched ON upload (touched_at);

-- History. Rows are never changed. Names are copied, so that an event outlives what it tells of.
CREATE TABLE event (
    sequence   INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    registry   INTEGER,
    repository TEXT,
    digest     TEXT,
    tag        TEXT,
    actor      TEXT NOT NULL,
    at         INTEGER NOT NULL,
    detail     TEXT NOT NULL
) STRICT;
