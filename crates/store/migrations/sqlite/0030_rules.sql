-- What people decide about findings. Each change is told in history as well, so that nothing is lost by a deletion.

CREATE TABLE rule (
    class        TEXT NOT NULL,                 -- rule, exemption
    scope        TEXT NOT NULL COLLATE NOCASE,  -- a resource id
    name         TEXT NOT NULL COLLATE NOCASE,
    kind         TEXT NOT NULL,
    display_name TEXT NOT NULL,
    conditions   TEXT NOT NULL,
    reason       TEXT NOT NULL,
    author       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    details      TEXT NOT NULL,
    PRIMARY KEY (class, scope, name)
) STRICT, WITHOUT ROWID;

-- One row: the rules by which the summaries were last made.
CREATE TABLE settled_rules (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    rules TEXT NOT NULL
) STRICT;

-- What was found, where rules make something else of it. NULL: what is shown.
ALTER TABLE image_summary ADD COLUMN found_state TEXT;
ALTER TABLE image_summary ADD COLUMN found_cause_code TEXT;
ALTER TABLE image_summary ADD COLUMN found_cause_sentence TEXT;
ALTER TABLE image_summary ADD COLUMN found_counts TEXT;
CREATE INDEX image_summary_found ON image_summary (registry, repository, digest) WHERE found_state IS NOT NULL;
