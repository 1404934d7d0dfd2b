-- How far uploads are whose bytes are in an object storage. The document is read by the blob storage alone.
CREATE TABLE upload_parts (
    upload TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    size INTEGER NOT NULL,
    document BLOB NOT NULL,
    touched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX upload_parts_by_age ON upload_parts (touched_at);
