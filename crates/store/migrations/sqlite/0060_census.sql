-- Questions about all images at once read these, instead of one row for each package of each image.

-- The packages of an image in one value: see `PackageList`.
CREATE TABLE image_content (
    image    INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
    packages BLOB NOT NULL
) STRICT;

-- What matching says, without the evidence.
CREATE INDEX package_finding_verdict ON package_finding (verdict, package_version, vulnerability);

-- How vulnerabilities are rated, without their records.
CREATE INDEX vulnerability_rating ON vulnerability (id, ecosystem, severity, score);

-- The history of one registry.
CREATE INDEX event_registry ON event (registry, sequence);
