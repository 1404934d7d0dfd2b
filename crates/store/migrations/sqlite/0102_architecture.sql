-- Advisories of some distributions are about some machines alone, so that the machine is part of what a package version
-- is. The table has no rows when this is applied first: nothing was released before it.
DROP TABLE package_version;

-- Absent parts are '', since NULLs would make equal rows distinct.
CREATE TABLE package_version (
    id               INTEGER PRIMARY KEY,
    ecosystem        TEXT NOT NULL,
    kind             TEXT NOT NULL,
    name             TEXT NOT NULL,
    version          TEXT NOT NULL,
    source_name      TEXT NOT NULL,
    source_version   TEXT NOT NULL,
    module           TEXT NOT NULL,
    owner_ecosystem  TEXT NOT NULL,
    owner_name       TEXT NOT NULL,
    architecture     TEXT NOT NULL,
    matched_snapshot TEXT,
    standing         TEXT NOT NULL DEFAULT '',
    UNIQUE (name, version, kind, ecosystem, source_name, source_version, module, owner_ecosystem, owner_name,
            architecture)
) STRICT;
CREATE INDEX package_version_matched ON package_version (matched_snapshot, id);
CREATE INDEX package_version_ecosystem ON package_version (id, ecosystem);

-- Rules and exemptions as they were put and deleted, for the histories of the images that they are about.
CREATE INDEX event_rule ON event (sequence) WHERE kind IN ('rule-put', 'rule-deleted');
