-- Questions about all images at once read these, instead of one row for each package of each image.

-- The packages of an image in one value: see `PackageList`.
CREATE TABLE image_content (
    image    INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
    packages BLOB NOT NULL
) STRICT;

-- The same beside each summary, in the order in which all images are gone through: nothing else is read then.
-- The triggers below keep it; nothing else writes it.
CREATE TABLE image_census (
    registry   INTEGER NOT NULL,
    state      TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL,
    packages   BLOB,              -- NULL if the image was never read
    PRIMARY KEY (registry, state, repository, digest)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER census_of_new_summary AFTER INSERT ON image_summary BEGIN
    INSERT INTO image_census (registry, state, repository, digest, packages)
    VALUES (new.registry, new.state, new.repository, new.digest,
            (SELECT c.packages FROM image i JOIN image_content c ON c.image = i.id WHERE i.digest = new.digest));
END;

CREATE TRIGGER census_of_changed_summary AFTER UPDATE OF state ON image_summary
WHEN old.state <> new.state BEGIN
    UPDATE image_census SET state = new.state
    WHERE registry = old.registry AND state = old.state AND repository = old.repository AND digest = old.digest;
END;

CREATE TRIGGER census_of_deleted_summary AFTER DELETE ON image_summary BEGIN
    DELETE FROM image_census
    WHERE registry = old.registry AND state = old.state AND repository = old.repository AND digest = old.digest;
END;

CREATE TRIGGER census_of_new_content AFTER INSERT ON image_content BEGIN
    UPDATE image_census SET packages = new.packages
    WHERE (registry, state, repository, digest) IN
          (SELECT s.registry, s.state, s.repository, s.digest
           FROM image i JOIN image_summary s ON s.digest = i.digest WHERE i.id = new.image);
END;

CREATE TRIGGER census_of_changed_content AFTER UPDATE ON image_content BEGIN
    UPDATE image_census SET packages = new.packages
    WHERE (registry, state, repository, digest) IN
          (SELECT s.registry, s.state, s.repository, s.digest
           FROM image i JOIN image_summary s ON s.digest = i.digest WHERE i.id = new.image);
END;

-- What matching says, without the evidence.
CREATE INDEX package_finding_verdict ON package_finding (verdict, package_version, vulnerability);

-- How vulnerabilities are rated, without their records.
CREATE INDEX vulnerability_rating ON vulnerability (id, ecosystem, severity, score);

-- Whose package versions are, without all else.
CREATE INDEX package_version_ecosystem ON package_version (id, ecosystem);

-- The history of one registry.
CREATE INDEX event_registry ON event (registry, sequence);
