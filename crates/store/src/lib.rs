//! Blobs, records, the job queue and history.
