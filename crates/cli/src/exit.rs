//! Exit codes that scripts rely on.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// It failed, and everything there is to say was said.
    Failed,
    /// `scan --fail-on` found something at or above the level.
    Found,
    /// The image could not be assessed; it is never reported as clean.
    NotAssessed,
}

impl Exit {
    /// The number that the shell sees. 1 is a failure and 2 wrong usage; both are answered elsewhere.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Found => 3,
            Self::NotAssessed => 4,
        }
    }
}
