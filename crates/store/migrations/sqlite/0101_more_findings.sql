-- What a new advisory needs to stand in every verdict at once.

-- The names under which the advisories about a package version are looked up.
CREATE TABLE package_name (
    name            TEXT NOT NULL,
    package_version INTEGER NOT NULL REFERENCES package_version (id),
    PRIMARY KEY (name, package_version)
) STRICT, WITHOUT ROWID;

-- Findings that were recorded and are not yet counted in the summaries of all images that have the package version:
-- a reader adds them. Empty but for the seconds in which the summaries are written.
CREATE TABLE more_findings (
    package_version INTEGER PRIMARY KEY REFERENCES package_version (id),
    snapshot        TEXT NOT NULL,     -- summaries that were made with it have them
    counts          TEXT NOT NULL      -- by severity, as JSON
) STRICT;
