//! OpenSSL: the program and its two libraries, which say the version with its date.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "openssl",
    files: &[
        "openssl",
        "libssl.so*",
        "libcrypto.so*",
        // As Python's builders name what they put beside an extension module, and the module that has it linked in.
        "libssl-*.so*",
        "libcrypto-*.so*",
        "cryptography/hazmat/bindings/_rust.abi3.so",
        "cryptography/hazmat/bindings/_openssl.abi3.so",
    ],
    signs: &[
        r"OpenSSL ([0-9]+\.[0-9]+\.[0-9]+[a-z]{0,2})(?:-fips)?(?:\+[a-z0-9]+)? {1,2}[0-9]{1,2} [A-Z][a-z]{2} 20[0-9]{2}",
    ],
    sample: (b"\x00OpenSSL 1.1.1w  11 Sep 2023\x00", "1.1.1w"),
};
