-- How many bytes a repository holds: blobs and manifests, kept by the engine itself with every row that comes or goes.
ALTER TABLE repository ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER blob_link_comes AFTER INSERT ON blob_link BEGIN
    UPDATE repository SET bytes = bytes + NEW.size WHERE id = NEW.repository;
END;
CREATE TRIGGER blob_link_changes AFTER UPDATE OF size ON blob_link WHEN NEW.size <> OLD.size BEGIN
    UPDATE repository SET bytes = bytes + NEW.size - OLD.size WHERE id = NEW.repository;
END;
CREATE TRIGGER blob_link_goes AFTER DELETE ON blob_link BEGIN
    UPDATE repository SET bytes = bytes - OLD.size WHERE id = OLD.repository;
END;
CREATE TRIGGER manifest_comes AFTER INSERT ON manifest BEGIN
    UPDATE repository SET bytes = bytes + NEW.size WHERE id = NEW.repository;
END;
CREATE TRIGGER manifest_goes AFTER DELETE ON manifest BEGIN
    UPDATE repository SET bytes = bytes - OLD.size WHERE id = OLD.repository;
END;

-- Manifests that were deleted and can be restored until then. What they point to is kept for as long.
CREATE TABLE deleted_manifest (
    id            INTEGER PRIMARY KEY,
    repository    INTEGER NOT NULL REFERENCES repository (id),
    digest        TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    size          INTEGER NOT NULL,
    artifact_type TEXT,
    subject       TEXT,
    config        TEXT,
    pushed_at     INTEGER NOT NULL,
    annotations   TEXT NOT NULL,
    tags          TEXT NOT NULL,
    deleted_at    INTEGER NOT NULL,
    until         INTEGER NOT NULL,
    bytes         BLOB NOT NULL,
    UNIQUE (repository, digest)
) STRICT;
CREATE INDEX deleted_manifest_until ON deleted_manifest (until);

CREATE TABLE deleted_reference (
    manifest INTEGER NOT NULL REFERENCES deleted_manifest (id) ON DELETE CASCADE,
    kind     TEXT NOT NULL,
    digest   TEXT NOT NULL,
    PRIMARY KEY (manifest, kind, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX deleted_reference_digest ON deleted_reference (digest, kind);
