-- What is told ahead of an image says in which state it is shown, and why it cannot be assessed if it was healthy. Where
-- that is the state that is written, the image is shown as it is written until it is written again.
ALTER TABLE flipped_ahead ADD COLUMN shown TEXT NOT NULL DEFAULT 'Unhealthy';
ALTER TABLE flipped_ahead ADD COLUMN cause_code TEXT;
ALTER TABLE flipped_ahead ADD COLUMN cause_sentence TEXT;

-- What rules leave of more findings, where they hide some: by the number of the rules, and by severity, as JSON.
ALTER TABLE more_findings ADD COLUMN left_by_rules TEXT NOT NULL DEFAULT '{}';

-- Where which rules hide some of them. Empty but for the seconds in which the summaries are written.
CREATE TABLE ruling_ahead (
    registry   INTEGER NOT NULL,
    repository TEXT NOT NULL,
    ruling     INTEGER NOT NULL,
    PRIMARY KEY (registry, repository)
) STRICT, WITHOUT ROWID;
