-- What is kept for a moment: codes of sign-ins, sign-ins that were used up, sessions that ended.
-- A row whose time is over is as good as gone.
CREATE TABLE transient (
    kind       TEXT NOT NULL,
    key        TEXT NOT NULL,
    owner      TEXT NOT NULL,
    body       TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX transient_expiry ON transient (kind, expires_at);
CREATE INDEX transient_owner ON transient (kind, owner);
