-- Findings that are shown before they are counted say for whom they are more: a summary that was made with `before`
-- lacks them. While the summaries are written, another advisory may come, and some were made with one snapshot and some
-- with another.
DROP TABLE more_findings;
CREATE TABLE more_findings (
    before          TEXT NOT NULL,     -- summaries that were made with it do not have them
    package_version INTEGER NOT NULL REFERENCES package_version (id),
    snapshot        TEXT NOT NULL,     -- what a summary with them was made with
    counts          TEXT NOT NULL,     -- by severity, as JSON
    PRIMARY KEY (before, package_version)
) STRICT, WITHOUT ROWID;
