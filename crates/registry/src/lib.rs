//! The OCI distribution API and the token service.
