-- What a registry asks of an image before it is pulled. No row: nothing.
CREATE TABLE pull_policy (
    registry         INTEGER PRIMARY KEY REFERENCES registry (id),
    quarantine       INTEGER NOT NULL,
    hold_severity    TEXT,
    hold_unassessed  INTEGER NOT NULL,
    grace_seconds    INTEGER NOT NULL
) STRICT;

-- Images that may be pulled whatever the policy says, and for how long. Why and by whom stands in history as well.
CREATE TABLE pull_pass (
    registry   INTEGER NOT NULL,
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    actor      TEXT NOT NULL,
    until      INTEGER NOT NULL,
    PRIMARY KEY (registry, repository, digest)
) STRICT, WITHOUT ROWID;
