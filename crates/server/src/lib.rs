//! Configuration, listeners, jobs, wiring.
