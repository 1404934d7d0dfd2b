-- The meter: each image once per subscription and calendar month. Rows are added and never changed.

CREATE TABLE charge (
    subscription TEXT NOT NULL,
    month        TEXT NOT NULL,      -- 2026-01, UTC
    digest       TEXT NOT NULL,
    registry     INTEGER NOT NULL,
    repository   TEXT NOT NULL,
    day          TEXT NOT NULL,      -- 2026-01-31, UTC
    in_trial     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (subscription, month, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX charge_day ON charge (subscription, day, registry);
CREATE TRIGGER charge_stays BEFORE UPDATE ON charge
BEGIN SELECT RAISE(ABORT, 'a charge is never changed'); END;
CREATE TRIGGER charge_is_kept BEFORE DELETE ON charge
BEGIN SELECT RAISE(ABORT, 'a charge is never deleted'); END;
