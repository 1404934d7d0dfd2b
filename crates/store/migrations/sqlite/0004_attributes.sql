-- What may be done with a repository, a manifest or a tag, where somebody has said so. No row: everything.
-- Not columns of their tables: a column behind the bytes of a manifest would make every listing read them.

CREATE TABLE attribute (
    repository         INTEGER NOT NULL REFERENCES repository (id),
    kind               TEXT NOT NULL,
    name               TEXT NOT NULL,
    can_delete         INTEGER NOT NULL DEFAULT 1,
    can_write          INTEGER NOT NULL DEFAULT 1,
    can_list           INTEGER NOT NULL DEFAULT 1,
    can_read           INTEGER NOT NULL DEFAULT 1,
    quarantine_state   TEXT,
    quarantine_details TEXT,
    changed_at         INTEGER NOT NULL,
    PRIMARY KEY (repository, kind, name)
) STRICT, WITHOUT ROWID;

-- Listings in the order of time.
CREATE INDEX manifest_pushed ON manifest (repository, pushed_at, digest);
CREATE INDEX tag_updated ON tag (repository, updated_at, name);

-- When a manifest was last pushed again, or last lost a tag. Retention counts from then. No row: from its first push.
CREATE TABLE manifest_release (
    manifest INTEGER PRIMARY KEY REFERENCES manifest (id) ON DELETE CASCADE,
    at       INTEGER NOT NULL
) STRICT;
