-- Changes that wait for the next mail: of each resource the last one.
CREATE TABLE digest_entry (
    sink     TEXT NOT NULL COLLATE NOCASE,  -- an automation's resource id, and the number of its action
    resource TEXT NOT NULL,
    at       INTEGER NOT NULL,
    body     TEXT NOT NULL,
    sequence INTEGER NOT NULL,              -- grows with each change
    PRIMARY KEY (sink, resource)
) STRICT, WITHOUT ROWID;
CREATE INDEX digest_entry_at ON digest_entry (sink, at);
