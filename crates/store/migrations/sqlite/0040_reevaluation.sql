-- What judging all images again needs, and what became of findings.

-- What is found in a package version, counted; '' for nothing. Written with the findings, in one transaction, so that
-- an image is judged by adding up and not by reading its findings.
ALTER TABLE package_version ADD COLUMN standing TEXT NOT NULL DEFAULT '';

-- What the verdict on an image rests on, as judging reads it: its package versions in one value instead of a row each, and what speaks against it
-- whatever the advisories say.
CREATE TABLE image_basis (
    image    INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
    causes   TEXT NOT NULL,
    packages BLOB NOT NULL
) STRICT;

-- One row: the advisories that all verdicts have caught up with.
CREATE TABLE reevaluation (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    snapshot TEXT NOT NULL,
    too_old  INTEGER NOT NULL,
    at       INTEGER NOT NULL
) STRICT;

-- What other advisories changed in the findings of a package version. Rows are never changed.
CREATE TABLE finding_change (
    sequence        INTEGER PRIMARY KEY AUTOINCREMENT,
    package_version INTEGER NOT NULL REFERENCES package_version (id),
    vulnerability   TEXT NOT NULL,
    change          TEXT NOT NULL,     -- Appeared, Gone, Changed
    code            TEXT NOT NULL,     -- why, in a word
    reason          TEXT NOT NULL,     -- why, in a sentence
    before          TEXT NOT NULL,     -- verdict and fixed version as JSON; null where there was none
    after           TEXT NOT NULL,
    snapshot        TEXT NOT NULL,
    at              INTEGER NOT NULL
) STRICT;
CREATE INDEX finding_change_package ON finding_change (package_version, sequence);

-- What happened to one image.
CREATE INDEX event_digest ON event (digest, sequence) WHERE digest IS NOT NULL;
