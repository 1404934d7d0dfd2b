//! The words of the OCI specifications: names, digests, references, descriptors, manifests, media types.
