-- Where the assessment of a registry stands, kept with the verdicts on its images in one transaction. What it was
-- before stands in history.
CREATE TABLE registry_status (
    registry   INTEGER PRIMARY KEY REFERENCES registry (id),
    state      TEXT NOT NULL,      -- Healthy, Unhealthy, NotApplicable
    first_at   INTEGER NOT NULL,   -- when there was a verdict for the first time
    changed_at INTEGER NOT NULL
) STRICT;
