//! The first line of a worker's output: how far it is locked in, or why it refuses.
//!
//! The line is written before the first byte of the input is read, so it comes from a worker that nobody has
//! had a chance to subvert. It is bounded all the same.

use crate::Isolation;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read, Write};

/// Longer than any greeting; what follows is not read.
pub(crate) const GREETING_BYTES: u64 = 4096;

/// What a worker says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Greeting {
    /// It is locked in this far and begins to read.
    Jailed(Isolation),
    /// It will not read, for this reason.
    Refused(String),
}

impl Greeting {
    /// Writes the line.
    pub(crate) fn write(&self, mut output: impl Write) -> io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        output.write_all(&line)?;
        output.flush()
    }

    /// Reads the line; `None` if the output does not begin with one.
    pub(crate) fn read(output: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = Vec::new();
        output.take(GREETING_BYTES).read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        Ok(serde_json::from_slice(&line).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_the_rest_is_left() {
        let greeting = Greeting::Jailed(Isolation { landlock_abi: Some(7), ..Isolation::default() });
        let mut bytes = Vec::new();
        greeting.write(&mut bytes).unwrap();
        bytes.extend_from_slice(b"payload");
        let mut output = bytes.as_slice();
        assert_eq!(Greeting::read(&mut output).unwrap(), Some(greeting));
        assert_eq!(output, b"payload");
    }

    #[test]
    fn the_longest_reason_of_ours_fits() {
        let mut bytes = Vec::new();
        Greeting::Jailed(Isolation { landlock_abi: Some(u32::MAX), ..Isolation::default() })
            .write(&mut bytes)
            .unwrap();
        assert!((bytes.len() as u64) < GREETING_BYTES / 4);
    }

    #[test]
    fn anything_else_is_no_greeting() {
        for bytes in [&b""[..], b"{}\n", b"\n", b"{\"jailed\":{}", b"\xff\xfe\n"] {
            assert_eq!(Greeting::read(&mut &*bytes).unwrap(), None);
        }
        let endless = [b'{'; 12_288];
        assert_eq!(Greeting::read(&mut endless.as_slice()).unwrap(), None);
    }
}
