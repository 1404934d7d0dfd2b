-- Findings are a join: image -> image_package -> package_version -> package_finding -> vulnerability.

CREATE TABLE layer_inventory (
    digest          TEXT NOT NULL,
    indexer_version INTEGER NOT NULL,
    outcome         TEXT NOT NULL,     -- indexed, unreadable
    isolation       TEXT NOT NULL,
    at              INTEGER NOT NULL,
    content         TEXT NOT NULL,     -- the inventory as JSON, or the sentence that says why there is none
    PRIMARY KEY (digest, indexer_version)
) STRICT;

CREATE TABLE image (
    id              INTEGER PRIMARY KEY,
    digest          TEXT NOT NULL UNIQUE,
    platform        TEXT,
    distribution    TEXT NOT NULL,
    obstacles       TEXT NOT NULL,
    indexer_version INTEGER NOT NULL,
    isolation       TEXT NOT NULL,
    indexed_at      INTEGER NOT NULL
) STRICT;

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
    matched_snapshot TEXT,
    UNIQUE (name, version, kind, ecosystem, source_name, source_version, module, owner_ecosystem, owner_name)
) STRICT;
CREATE INDEX package_version_matched ON package_version (matched_snapshot, id);

-- Where a package stands: a file of a layer. Named once, since an image has hundreds of packages in one file.
CREATE TABLE place (
    id    INTEGER PRIMARY KEY,
    layer TEXT NOT NULL,
    path  TEXT NOT NULL,
    UNIQUE (layer, path)
) STRICT;

CREATE TABLE image_package (
    image           INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    package_version INTEGER NOT NULL REFERENCES package_version (id),
    place           INTEGER NOT NULL REFERENCES place (id),
    PRIMARY KEY (image, package_version, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_package_version ON image_package (package_version, image);

-- What is said of a vulnerability depends on whose package has it: a distribution rates it as it built the package.
CREATE TABLE vulnerability (
    id        TEXT NOT NULL,
    ecosystem TEXT NOT NULL,
    severity  TEXT NOT NULL,
    score     REAL,
    record    TEXT NOT NULL,
    PRIMARY KEY (id, ecosystem)
) STRICT, WITHOUT ROWID;

CREATE TABLE package_finding (
    package_version INTEGER NOT NULL REFERENCES package_version (id),
    vulnerability   TEXT NOT NULL,     -- with the ecosystem of the package version, a key of vulnerability
    verdict         TEXT NOT NULL,
    fixed           TEXT,
    advisories      TEXT NOT NULL,
    evidence        TEXT NOT NULL,
    first_seen      INTEGER NOT NULL,
    PRIMARY KEY (package_version, vulnerability)
) STRICT;
CREATE INDEX package_finding_vulnerability ON package_finding (vulnerability, package_version);

-- Repositories by name, since that is the order in which summaries and findings are read.
CREATE TABLE image_summary (
    registry       INTEGER NOT NULL,
    repository     TEXT NOT NULL,
    digest         TEXT NOT NULL,
    mark           INTEGER NOT NULL,   -- 48 bits of the hash of the key: by it an image is found from derived names
    state          TEXT NOT NULL,
    cause_code     TEXT,
    cause_sentence TEXT,
    counts         TEXT NOT NULL,
    platform       TEXT,
    isolation      TEXT NOT NULL,
    first_seen     INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL,
    assessed_at    INTEGER,
    snapshot       TEXT,
    children       TEXT NOT NULL,
    PRIMARY KEY (registry, repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_summary_digest ON image_summary (digest, registry, repository);
CREATE INDEX image_summary_mark ON image_summary (mark);
CREATE INDEX image_summary_state ON image_summary (registry, state, repository, digest);
