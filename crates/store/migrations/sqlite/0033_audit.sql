-- Who did what, when, from where, and with what result. Rows are added and never changed.

CREATE TABLE audit (
    sequence   INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,        -- '' where nobody signed in
    actor_id   TEXT,
    address    TEXT,
    face       TEXT NOT NULL,
    method     TEXT NOT NULL,
    resource   TEXT NOT NULL,        -- the path, without query
    status     INTEGER NOT NULL,
    request    TEXT NOT NULL,
    agent      TEXT,
    detail     TEXT
) STRICT;
CREATE INDEX audit_actor ON audit (actor, sequence);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
