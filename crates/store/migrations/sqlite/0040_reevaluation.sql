-- What judging all images again needs, and what became of findings.

-- What is found in a package version, counted; '' for nothing. Written with the findings, in one transaction, so that
-- an image is judged by adding up and not by reading its findings.
ALTER TABLE package_version ADD COLUMN standing TEXT NOT NULL DEFAULT '';

-- What the verdict on an image rests on beside its packages, as JSON that the store does not read.
CREATE TABLE image_basis (
    image INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
    basis TEXT NOT NULL
) STRICT;

-- One row: the advisories that all verdicts have caught up with.
CREATE TABLE reevaluation (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    snapshot TEXT NOT NULL,
    too_old  INTEGER NOT NULL,
    day      INTEGER NOT NULL,     -- since 1970: support of distributions ends on a day
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
