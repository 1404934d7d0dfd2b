-- Images that are shown as unhealthy before that is written, since a package version of theirs has more findings
-- (`more_findings`). Writing so many summaries with their events takes seconds; these rows take a moment. Whoever reads
-- by state looks here too. Empty but for the seconds in which the summaries are written.
CREATE TABLE flipped_ahead (
    registry   INTEGER NOT NULL,
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL,
    state      TEXT NOT NULL,       -- what is written
    is_ruled   INTEGER NOT NULL,    -- 1 if rules make something else of it than was found
    at         INTEGER NOT NULL,
    PRIMARY KEY (registry, repository, digest)
) STRICT, WITHOUT ROWID;

-- What is written is not shown ahead any more, whoever wrote it.
CREATE TRIGGER flip_is_written AFTER UPDATE OF state, snapshot ON image_summary BEGIN
    DELETE FROM flipped_ahead
    WHERE registry = new.registry AND repository = new.repository AND digest = new.digest;
END;

CREATE TRIGGER flip_is_gone AFTER DELETE ON image_summary BEGIN
    DELETE FROM flipped_ahead
    WHERE registry = old.registry AND repository = old.repository AND digest = old.digest;
END;
