-- What documents that are attached to images say of their vulnerabilities, and which of these documents are trusted.

-- A document that was read, or refused. Rows of an image are replaced together.
CREATE TABLE vex_reading (
    repository INTEGER NOT NULL,
    subject    TEXT NOT NULL,     -- the image
    document   TEXT NOT NULL,     -- the manifest that carries the document
    form       TEXT NOT NULL,
    signer     TEXT,              -- the name of the key that signed it; NULL if it was refused
    remark     TEXT NOT NULL,     -- why it was refused, or what of it was left out
    statements TEXT NOT NULL,     -- as JSON; none if it was refused
    read_at    INTEGER NOT NULL,
    PRIMARY KEY (repository, subject, document)
) STRICT, WITHOUT ROWID;

-- Images whose attached documents have to be read again. A ticket is never given twice, so that what changes while
-- somebody reads is not taken for read.
CREATE TABLE vex_pending (
    ticket     INTEGER PRIMARY KEY AUTOINCREMENT,
    repository INTEGER NOT NULL,
    subject    TEXT NOT NULL,
    UNIQUE (repository, subject)
) STRICT;

-- One row: the keys that the documents were last read with.
CREATE TABLE vex_trust (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    trust TEXT NOT NULL
) STRICT;

-- Who attaches something to an image, or to what is attached to it, names it as the subject.
CREATE TRIGGER vex_attached AFTER INSERT ON manifest WHEN new.subject IS NOT NULL BEGIN
    DELETE FROM vex_pending WHERE repository = new.repository AND subject = new.subject;
    INSERT INTO vex_pending (repository, subject) VALUES (new.repository, new.subject);
    DELETE FROM vex_pending WHERE repository = new.repository AND subject IN
        (SELECT m.subject FROM manifest m WHERE m.repository = new.repository AND m.digest = new.subject);
    INSERT INTO vex_pending (repository, subject)
        SELECT m.repository, m.subject FROM manifest m
        WHERE m.repository = new.repository AND m.digest = new.subject AND m.subject IS NOT NULL;
END;
CREATE TRIGGER vex_detached AFTER DELETE ON manifest WHEN old.subject IS NOT NULL BEGIN
    DELETE FROM vex_pending WHERE repository = old.repository AND subject = old.subject;
    INSERT INTO vex_pending (repository, subject) VALUES (old.repository, old.subject);
    DELETE FROM vex_pending WHERE repository = old.repository AND subject IN
        (SELECT m.subject FROM manifest m WHERE m.repository = old.repository AND m.digest = old.subject);
    INSERT INTO vex_pending (repository, subject)
        SELECT m.repository, m.subject FROM manifest m
        WHERE m.repository = old.repository AND m.digest = old.subject AND m.subject IS NOT NULL;
END;

-- Older signers name the subject in a tag: sha256-HEX.att and sha256-HEX.sig.
CREATE TRIGGER vex_tagged AFTER INSERT ON tag
WHEN length(new.name) = 75 AND (new.name GLOB 'sha256-*.att' OR new.name GLOB 'sha256-*.sig')
     AND substr(new.name, 8, 64) NOT GLOB '*[^0-9a-f]*' BEGIN
    DELETE FROM vex_pending WHERE repository = new.repository AND subject = 'sha256:' || substr(new.name, 8, 64);
    INSERT INTO vex_pending (repository, subject) VALUES (new.repository, 'sha256:' || substr(new.name, 8, 64));
    DELETE FROM vex_pending WHERE repository = new.repository AND subject IN
        (SELECT m.subject FROM manifest m
         WHERE m.repository = new.repository AND m.digest = 'sha256:' || substr(new.name, 8, 64));
    INSERT INTO vex_pending (repository, subject)
        SELECT m.repository, m.subject FROM manifest m
        WHERE m.repository = new.repository AND m.digest = 'sha256:' || substr(new.name, 8, 64)
          AND m.subject IS NOT NULL;
END;
CREATE TRIGGER vex_tag_moved AFTER UPDATE OF digest ON tag
WHEN new.digest <> old.digest AND length(new.name) = 75
     AND (new.name GLOB 'sha256-*.att' OR new.name GLOB 'sha256-*.sig')
     AND substr(new.name, 8, 64) NOT GLOB '*[^0-9a-f]*' BEGIN
    DELETE FROM vex_pending WHERE repository = new.repository AND subject = 'sha256:' || substr(new.name, 8, 64);
    INSERT INTO vex_pending (repository, subject) VALUES (new.repository, 'sha256:' || substr(new.name, 8, 64));
    DELETE FROM vex_pending WHERE repository = new.repository AND subject IN
        (SELECT m.subject FROM manifest m
         WHERE m.repository = new.repository AND m.digest = 'sha256:' || substr(new.name, 8, 64));
    INSERT INTO vex_pending (repository, subject)
        SELECT m.repository, m.subject FROM manifest m
        WHERE m.repository = new.repository AND m.digest = 'sha256:' || substr(new.name, 8, 64)
          AND m.subject IS NOT NULL;
END;
CREATE TRIGGER vex_untagged AFTER DELETE ON tag
WHEN length(old.name) = 75 AND (old.name GLOB 'sha256-*.att' OR old.name GLOB 'sha256-*.sig')
     AND substr(old.name, 8, 64) NOT GLOB '*[^0-9a-f]*' BEGIN
    DELETE FROM vex_pending WHERE repository = old.repository AND subject = 'sha256:' || substr(old.name, 8, 64);
    INSERT INTO vex_pending (repository, subject) VALUES (old.repository, 'sha256:' || substr(old.name, 8, 64));
    DELETE FROM vex_pending WHERE repository = old.repository AND subject IN
        (SELECT m.subject FROM manifest m
         WHERE m.repository = old.repository AND m.digest = 'sha256:' || substr(old.name, 8, 64));
    INSERT INTO vex_pending (repository, subject)
        SELECT m.repository, m.subject FROM manifest m
        WHERE m.repository = old.repository AND m.digest = 'sha256:' || substr(old.name, 8, 64)
          AND m.subject IS NOT NULL;
END;

-- The number of a repository may be given to another one.
CREATE TRIGGER vex_of_deleted_repository AFTER DELETE ON repository BEGIN
    DELETE FROM vex_reading WHERE repository = old.id;
    DELETE FROM vex_pending WHERE repository = old.id;
END;
