//! Advisories: feeds, the snapshot, matching, classification.
