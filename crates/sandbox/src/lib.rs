//! One jailed worker process: lockdown inside, supervision outside.
