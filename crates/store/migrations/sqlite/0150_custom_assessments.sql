-- Assessments that people and programs make themselves. The key of a kind is the name of its assessments.

CREATE TABLE assessment_kind (
    subscription TEXT NOT NULL,
    name         TEXT NOT NULL COLLATE NOCASE,
    body         TEXT NOT NULL,             -- JSON that the store does not read
    author       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    PRIMARY KEY (subscription, name)
) STRICT, WITHOUT ROWID;

-- With a kind go its assessments.
CREATE TABLE custom_assessment (
    scope        TEXT NOT NULL COLLATE NOCASE,   -- what is assessed: a resource id
    name         TEXT NOT NULL COLLATE NOCASE,
    subscription TEXT NOT NULL,
    code         TEXT NOT NULL,
    cause        TEXT NOT NULL,
    description  TEXT NOT NULL,
    additional   TEXT NOT NULL,             -- a map from texts to texts
    author       TEXT NOT NULL,
    first_at     INTEGER NOT NULL,
    status_at    INTEGER NOT NULL,          -- when the code last became another one
    changed_at   INTEGER NOT NULL,
    PRIMARY KEY (scope, name),
    FOREIGN KEY (subscription, name) REFERENCES assessment_kind (subscription, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX custom_assessment_kind ON custom_assessment (subscription, name);
