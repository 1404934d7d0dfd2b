-- What is set of a plan beside its tier, and plans of single registries.

CREATE TABLE plan_setting (
    subscription TEXT NOT NULL REFERENCES subscription (id),
    registry     INTEGER NOT NULL,   -- 0 for the subscription itself
    name         TEXT NOT NULL COLLATE NOCASE,
    tier         TEXT NOT NULL,
    enforce      INTEGER NOT NULL,
    sub_plan     TEXT,
    extensions   TEXT NOT NULL,
    enabled_at   INTEGER,
    changed_at   INTEGER NOT NULL,
    PRIMARY KEY (subscription, name, registry)
) STRICT, WITHOUT ROWID;

-- When a plan was switched on for the first time ever. A row is never changed.
CREATE TABLE plan_trial (
    subscription TEXT NOT NULL,
    name         TEXT NOT NULL COLLATE NOCASE,
    began_at     INTEGER NOT NULL,
    PRIMARY KEY (subscription, name)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER plan_trial_stays BEFORE UPDATE ON plan_trial
BEGIN SELECT RAISE(ABORT, 'a trial begins once'); END;
CREATE TRIGGER plan_trial_is_kept BEFORE DELETE ON plan_trial
BEGIN SELECT RAISE(ABORT, 'a trial begins once'); END;
