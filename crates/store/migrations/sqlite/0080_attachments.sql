-- Registries elsewhere whose images are looked at here and not kept. Each is a registry with rows of its own, so that its
-- images, findings and rights are where those of other registries are; no host leads to it.
ALTER TABLE registry ADD COLUMN attached_to INTEGER REFERENCES registry (id);
CREATE INDEX registry_attached ON registry (attached_to) WHERE attached_to IS NOT NULL;

CREATE TABLE attachment (
    registry     INTEGER PRIMARY KEY REFERENCES registry (id),
    address      TEXT NOT NULL,
    patterns     TEXT NOT NULL,        -- which repositories, as JSON
    poll_seconds INTEGER NOT NULL,
    user         TEXT,                 -- who asks there, and the secret; both or none
    password     TEXT,
    secret       TEXT NOT NULL,        -- by which notifications are known
    next_poll    INTEGER NOT NULL,
    polled_at    INTEGER,              -- when all of it was last seen
    failed_at    INTEGER,              -- when it could not be, since then
    error        TEXT
) STRICT;
CREATE INDEX attachment_due ON attachment (next_poll);

-- When a repository there was last seen as it stands here, and why not since then.
CREATE TABLE attached_repository (
    registry  INTEGER NOT NULL REFERENCES registry (id),
    name      TEXT NOT NULL,
    seen_at   INTEGER,
    failed_at INTEGER,
    error     TEXT,
    PRIMARY KEY (registry, name)
) STRICT, WITHOUT ROWID;
