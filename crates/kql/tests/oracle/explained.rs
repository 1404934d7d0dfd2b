//! Where this implementation means to differ from the official language service, and why.

/// A reason, and the lines of the corpus that it is about.
pub(crate) const EXPLAINED: &[(&str, &[&str])] = &[];
